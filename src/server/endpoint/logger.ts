import { pino } from 'pino'

type LogMethod = {
  (fields: object, message?: string): void
  (message: string): void
}

/** The part of a pino logger that the servers use. Fastify's `app.log` is one, and so is any pino logger. */
export interface Logger {
  /** The lowest level that is written, for example `info`; `silent` disables all output. */
  level: string
  /** Logs at level `trace`, the most detailed. */
  trace: LogMethod
  /** Logs at level `debug`: details for diagnosing a fault. */
  debug: LogMethod
  /** Logs at level `info`: normal events, such as an endpoint being disabled. */
  info: LogMethod
  /** Logs at level `warn`: faults that the server can handle. */
  warn: LogMethod
  /** Logs at level `error`: faults that need attention, such as a hook that throws. */
  error: LogMethod
  /** Returns a logger that adds `bindings` to every line, such as the id of a connection. */
  child(bindings: Record<string, unknown>): Logger
  /** Whether lines of `level` are written. Fastify loggers created with `logger: false` do not have this method. */
  isLevelEnabled?(level: string): boolean
}

/** The default logger: pino, which writes one JSON object per line to standard output. */
export function defaultLogger(): Logger {
  return pino()
}
