import { DEFAULTS } from './defaults.js'
import type { Logger } from './logger.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** One kind of line: how many may be written now, and how many were left out since the last summary. */
interface Kind {
  readonly level: LogLevel
  tokens: number
  refilledAt: number
  leftOut: number
}

const SUMMARY_INTERVAL_MILLIS = 1000

/**
 * Keeps clients from filling a log: of each kind of line a burst is written, then a few a second, and once a second how
 * many were left out. A kind is a level and a name, of which the code has a fixed number.
 */
export class LogLimiter {
  readonly #summaryLog: () => Logger
  readonly #now: () => number
  readonly #kinds = new Map<string, Kind>()
  #summaryTimer: NodeJS.Timeout | undefined

  /** @param summaryLog where the summaries go. @param now in seconds. */
  constructor(summaryLog: () => Logger, now: () => number = () => performance.now() / 1000) {
    this.#summaryLog = summaryLog
    this.#now = now
  }

  /**
   * Logs a line, unless there were too many of its kind.
   * @param fields a function where they are costly to make.
   */
  write<Level extends LogLevel>(
    log: Pick<Logger, Level>,
    level: Level,
    fields: object | (() => object),
    message: string,
    kind: string = message,
  ): void {
    if (this.#take(level, kind)) log[level](typeof fields === 'function' ? fields() : fields, message)
  }

  #take(level: LogLevel, kindName: string): boolean {
    const key = `${level} ${kindName}`
    const now = this.#now()
    let kind = this.#kinds.get(key)
    if (kind === undefined) {
      kind = { level, tokens: DEFAULTS.logLinesBurst, refilledAt: now, leftOut: 0 }
      this.#kinds.set(key, kind)
    }
    const refill = Math.max(0, now - kind.refilledAt) * DEFAULTS.logLinesPerSecond
    kind.tokens = Math.min(DEFAULTS.logLinesBurst, kind.tokens + refill)
    kind.refilledAt = now
    if (kind.tokens < 1) {
      kind.leftOut += 1
      this.#summaryTimer ??= setTimeout(() => this.#summarise(), SUMMARY_INTERVAL_MILLIS).unref()
      return false
    }
    kind.tokens -= 1
    return true
  }

  /** At the level of the lines that were left out, so that a summary appears exactly where they would have. */
  #summarise(): void {
    this.#summaryTimer = undefined
    for (const [key, kind] of this.#kinds) {
      if (kind.leftOut === 0) continue
      const fields = { leftOut: kind.leftOut, kind: key.slice(kind.level.length + 1) }
      kind.leftOut = 0
      try {
        this.#summaryLog()[kind.level](fields, 'log lines left out: too many of this kind')
      } catch {
        // A logger that fails must not end the process from a timer.
      }
    }
  }
}
