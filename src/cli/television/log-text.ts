import { prettyFactory } from 'pino-pretty'
import { visible } from '../../validation/index.js'

/** Characters of one line of the log. */
const MAX_LINE = 1000
const MAX_KEY = 80
const MAX_MEMBERS = 20
const MAX_DEPTH = 5
const MAX_STACK_LINES = 30

/**
 * Formats a pino log line, a JSON object, for people. Requests and errors contain text from clients, so every string
 * and key is escaped and bounded first.
 */
export function logText(coloured: boolean): (line: string) => string {
  const pretty = prettyFactory({
    colorize: coloured,
    translateTime: 'HH:MM:ss.l',
    ignore: 'pid,hostname,endpoint,connection,path',
    messageFormat: '{if connection}{connection}: {end}{msg}',
    singleLine: true,
  })
  return (line) => {
    const text = pretty(escaped(JSON.parse(line), 0)) ?? ''
    const lines = text.trimEnd().split('\n')
    return `${lines.map((part) => (part.length <= MAX_LINE ? part : cut(part, coloured))).join('\n')}\n`
  }
}

function cut(line: string, coloured: boolean): string {
  return `${line.slice(0, MAX_LINE - 1)}…${coloured ? '\x1b[0m' : ''}`
}

function escaped(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return visible(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '…'
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => escaped(item, depth + 1))
  const members = Object.entries(value).slice(0, MAX_MEMBERS)
  return Object.fromEntries(
    members.map(([key, member]) => [
      visible(key, MAX_KEY),
      key === 'stack' && typeof member === 'string' ? stackText(member) : escaped(member, depth + 1),
    ]),
  )
}

/** Keeps the line breaks of a stack trace. Those of the error's message, which may come from a client, cannot be told apart. */
function stackText(stack: string): string {
  return stack
    .split('\n', MAX_STACK_LINES)
    .map((line) => visible(line))
    .join('\n')
}
