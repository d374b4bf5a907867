import { prettyFactory } from 'pino-pretty'
import { visible } from '../../validation/index.js'

/** What one line of the log may show. */
const MAX_LINE = 1000
const MAX_KEY = 80
const MAX_MEMBERS = 20
const MAX_DEPTH = 5
const MAX_STACK_LINES = 30

/**
 * Makes the lines of a pino logger readable: text for people from one JSON object. What requests and errors hold comes
 * from strangers, so that every string and key is escaped and bounded first, whoever logs it.
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
    const text = pretty(shown(JSON.parse(line), 0)) ?? ''
    const lines = text.trimEnd().split('\n')
    return `${lines.map((part) => (part.length <= MAX_LINE ? part : cut(part, coloured))).join('\n')}\n`
  }
}

function cut(line: string, coloured: boolean): string {
  return `${line.slice(0, MAX_LINE - 1)}…${coloured ? '\x1b[0m' : ''}`
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return visible(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '…'
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => shown(item, depth + 1))
  const members = Object.entries(value).slice(0, MAX_MEMBERS)
  return Object.fromEntries(
    members.map(([key, member]) => [
      visible(key, MAX_KEY),
      key === 'stack' && typeof member === 'string' ? stackText(member) : shown(member, depth + 1),
    ]),
  )
}

/** The line breaks of a stack are wanted; those of the message in it, which may be a stranger's, look like them. */
function stackText(stack: string): string {
  return stack
    .split('\n', MAX_STACK_LINES)
    .map((line) => visible(line))
    .join('\n')
}
