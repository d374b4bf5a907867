import { visible } from '../../validation/index.js'
import type { LogEntry } from '../protocol/index.js'

const MAX_CHARACTERS = 1000
/** pino writes levels as numbers; those of an app's own lie between them. */
const LEVELS: readonly (readonly [from: number, level: LogEntry['level']])[] = [
  [60, 'fatal'],
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
  [20, 'debug'],
]
/** What says nothing about the line itself. */
const LEFT_OUT = ['level', 'time', 'pid', 'hostname', 'msg', 'v']

/** Reads a line of a pino log. @returns undefined for any other line */
export function logEntry(line: string): LogEntry | undefined {
  const source = parse(line)
  if (source === undefined) return undefined
  const { level, time, msg } = source
  const fields = Object.entries(source)
    .filter(([name]) => !LEFT_OUT.includes(name))
    .map(([name, value]) => `${name}=${fieldText(value)}`)
  const text = [typeof msg === 'string' ? msg : '', ...fields].filter((part) => part !== '').join('  ')
  const number = Number(level)
  return {
    at: typeof time === 'number' ? time : Date.now(),
    level: LEVELS.find(([from]) => number >= from)?.[1] ?? 'trace',
    text: visible(text, MAX_CHARACTERS),
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Of an error, the message: its stack is in the log itself. */
function fieldText(value: unknown): string {
  if (typeof value === 'string') return value
  const message = typeof value === 'object' && value !== null && 'message' in value ? value.message : undefined
  return typeof message === 'string' ? JSON.stringify(message) : JSON.stringify(value)
}
