import { pino } from 'pino'

type LogMethod = {
  (fields: object, message?: string): void
  (message: string): void
}

/** The part of a pino logger that the servers use. Fastify's `app.log` is one, and so is any pino logger. */
export interface Logger {
  level: string
  trace: LogMethod
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  child(bindings: Record<string, unknown>): Logger
  isLevelEnabled?(level: string): boolean
}

/** The logger of a server that was given none: pino's own, one JSON object a line on standard output. */
export function defaultLogger(): Logger {
  return pino()
}
