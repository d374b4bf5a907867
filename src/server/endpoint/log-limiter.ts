import { DEFAULTS } from './defaults.js'
import type { Logger } from './logger.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** One kind of line: how many may be written now, and how many were suppressed since the last summary. */
interface Kind {
  readonly level: LogLevel
  readonly name: string
  tokens: number
  refilledAt: number
  leftOut: number
}

const SUMMARY_INTERVAL_MILLIS = 1000

/**
 * Keeps clients from filling a log: of each kind of line, a burst is written, then a few per second, and once a second the number
 * of suppressed lines. A kind is a level and a name; their number is fixed.
 */
export class LogLimiter {
  readonly #summaryLog: () => Logger
  readonly #now: () => number
  readonly #kinds: Record<LogLevel, Map<string, Kind>> = {
    trace: new Map(),
    debug: new Map(),
    info: new Map(),
    warn: new Map(),
    error: new Map(),
  }
  #summaryTimer: NodeJS.Timeout | undefined

  /** @param summaryLog receives the summaries. @param now the time in seconds. */
  constructor(summaryLog: () => Logger, now: () => number = () => performance.now() / 1000) {
    this.#summaryLog = summaryLog
    this.#now = now
  }

  /**
   * Logs a line, unless there were too many of its kind.
   * @param fields a function if they are costly to create.
   */
  write<Level extends LogLevel>(
    log: Pick<Logger, Level>,
    level: Level,
    fields: object | (() => object),
    message: string,
    kind: string = message,
  ): void {
    if (this.permits(log, level, kind)) log[level](typeof fields === 'function' ? fields() : fields, message)
  }

  /** @returns whether the logger's level is enabled and a line of this kind may be written now; it then counts as written. */
  permits(log: Partial<Logger>, level: LogLevel, kind: string): boolean {
    return writesLevel(log, level) && this.#take(level, kind)
  }

  #take(level: LogLevel, name: string): boolean {
    const now = this.#now()
    let kind = this.#kinds[level].get(name)
    if (kind === undefined) {
      kind = { level, name, tokens: DEFAULTS.logLinesBurst, refilledAt: now, leftOut: 0 }
      this.#kinds[level].set(name, kind)
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

  /** Uses the level of the suppressed lines, so that the summary appears where they would have. */
  #summarise(): void {
    this.#summaryTimer = undefined
    for (const kinds of Object.values(this.#kinds)) {
      for (const kind of kinds.values()) {
        if (kind.leftOut === 0) continue
        const fields = { leftOut: kind.leftOut, kind: kind.name }
        kind.leftOut = 0
        try {
          this.#summaryLog()[kind.level](fields, 'log lines left out: too many of this kind')
        } catch {
          // A logger that throws must not end the process from a timer.
        }
      }
    }
  }
}

const isEmptyFunction = new WeakMap<object, boolean>()

/**
 * Whether a logger writes lines of a level, so that lines it ignores cost nothing. The logger of a Fastify app with
 * `logger: false` has no `isLevelEnabled`, and functions with an empty body.
 */
export function writesLevel(log: Partial<Logger>, level: LogLevel): boolean {
  if (typeof log.isLevelEnabled === 'function') return log.isLevelEnabled(level)
  const write = log[level]
  if (typeof write !== 'function') return true
  let isEmpty = isEmptyFunction.get(write)
  if (isEmpty === undefined) {
    isEmpty = /^function\s*\w*\s*\(\s*\)\s*\{\s*\}$/.test(String(write))
    isEmptyFunction.set(write, isEmpty)
  }
  return !isEmpty
}
