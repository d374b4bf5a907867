export interface BackoffOptions {
  /** Seconds before the first try again, at most. Default 0.25. */
  initialSeconds?: number
  /** Seconds between tries, at most. Default 30. */
  maxSeconds?: number
  /** Seconds that a connection must have stood for the series to begin anew. Default 10. */
  resetAfterSeconds?: number
  /** From 0 to 1; for tests. Default Math.random. */
  random?: () => number
}

/** A day: timers count milliseconds in 31 bits. */
const MAX_SECONDS = 86_400

/** However long a server asks for: in an hour it may have been mended, and timers do not reach beyond 24 days. */
const MAX_RETRY_AFTER_SECONDS = 3600

/** Below this, several tries a second would be possible when chance wills it. */
const LEAST_SHARE = 0.5

/**
 * How long to wait before trying again: twice as long each time, and each time less by a random share, so that the companions of a
 * television that restarts do not all come back in the same moment.
 */
export class Backoff {
  readonly #initialSeconds: number
  readonly #maxSeconds: number
  readonly #resetAfterSeconds: number
  readonly #random: () => number
  #failures = 0

  /** @throws RangeError when a time is not a number above 0. */
  constructor(options: BackoffOptions = {}) {
    this.#initialSeconds = checkSeconds('initialSeconds', options.initialSeconds ?? 0.25)
    this.#maxSeconds = checkSeconds('maxSeconds', options.maxSeconds ?? 30)
    this.#resetAfterSeconds = checkSeconds('resetAfterSeconds', options.resetAfterSeconds ?? 10)
    this.#random = options.random ?? Math.random
  }

  /** @param stoodSeconds how long the connection that has just ended had been open. */
  ended(stoodSeconds: number): void {
    if (stoodSeconds >= this.#resetAfterSeconds) this.#failures = 0
  }

  /**
   * @param retryAfterSeconds what the server has asked for, up to an hour of it: never asked again before that.
   * @returns seconds to wait.
   */
  next(retryAfterSeconds = 0): number {
    const asked = Math.min(retryAfterSeconds, MAX_RETRY_AFTER_SECONDS)
    const ceiling = Math.min(this.#maxSeconds, this.#initialSeconds * 2 ** this.#failures)
    this.#failures += 1
    const jittered = ceiling * (LEAST_SHARE + (1 - LEAST_SHARE) * this.#random())
    // A server that asks for patience is met by many at once: spread these as well, but only to later.
    return asked > 0 ? Math.max(jittered, asked * (1 + this.#random() / 4)) : jittered
  }
}

function checkSeconds(option: string, seconds: number): number {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= MAX_SECONDS) return seconds
  throw new RangeError(`${option}: expected a number of seconds above 0, up to ${MAX_SECONDS}, got ${String(seconds)}`)
}
