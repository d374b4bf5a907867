import { DoublingWait } from '../../clocks/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'

/** Delays between connection attempts, which grow with each consecutive failure. */
export interface BackoffOptions {
  /**
   * After a connection was lost, the first reconnect happens at a random moment within this many seconds, so that the
   * companions of a television that restarts do not all return at once (RFC 6455, 7.2.3). Default 5.
   */
  initialSeconds?: number
  /** Maximum seconds between two attempts. Default 30. */
  maxSeconds?: number
  /** A connection that was open for this many seconds resets the series of waits. Default 10. */
  resetAfterSeconds?: number
  /** From 0 to 1; for tests. Default Math.random. */
  random?: () => number
}

/** What a server has asked for: a `Retry-After` header, or a close code that means "not now". */
export interface RequestedPause {
  /** No attempt before this many seconds have passed; at most an hour of it is honoured. */
  readonly atLeastSeconds: number
  /** The attempts are spread over this many seconds after that. Default: a quarter of the pause, or `initialSeconds` if that is longer. */
  readonly spreadSeconds?: number
}

/** RFC 6455, 7.2.3 suggests this range for the first reconnect. */
const DEFAULT_INITIAL_SECONDS = 5

/** The second and later waits double from here: the attempts are spread by then, and a single companion should be back soon. */
const FIRST_STEP_SECONDS = 1

/** A day: timers count milliseconds in 31 bits. */
const MAX_SECONDS = 86_400

/** Longer requests are cut to an hour: the server may be well again by then, and timers do not reach beyond 24 days. */
const MAX_PAUSE_SECONDS = 3600

/** Jitter takes away half of a wait at most, so that successive waits still grow. */
const LEAST_SHARE = 0.5

const SECONDS_TYPE = option.seconds({ above: 0, max: MAX_SECONDS })
export const BACKOFF_OPTIONS: OptionTable<BackoffOptions, keyof BackoffOptions> = {
  initialSeconds: option.withDefault(SECONDS_TYPE, DEFAULT_INITIAL_SECONDS),
  maxSeconds: option.withDefault(SECONDS_TYPE, 30),
  resetAfterSeconds: option.withDefault(SECONDS_TYPE, 10),
  random: option.withDefault(option.func<() => number>(), Math.random),
}

/**
 * The waits between attempts to connect: a random one after a loss, then exponential back-off with jitter.
 */
export class Backoff {
  readonly #initialSeconds: number
  readonly #maxSeconds: number
  readonly #resetAfterSeconds: number
  readonly #random: () => number
  readonly #wait: DoublingWait
  #lost = false

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: BackoffOptions = {}) {
    const { initialSeconds, maxSeconds, resetAfterSeconds, random } = checkOptions(BACKOFF_OPTIONS, options, {
      within: 'backoff',
    })
    this.#initialSeconds = initialSeconds
    this.#maxSeconds = maxSeconds
    this.#resetAfterSeconds = resetAfterSeconds
    this.#random = random
    this.#wait = new DoublingWait(Math.min(initialSeconds, FIRST_STEP_SECONDS), maxSeconds)
  }

  /** An open connection has ended. @param openSeconds how long it had been open. */
  ended(openSeconds: number): void {
    if (openSeconds >= this.#resetAfterSeconds) this.#wait.reset()
    this.#lost = this.#wait.failures === 0
  }

  /**
   * @param pause what the server has asked for.
   * @returns seconds to wait before the next attempt.
   */
  next(pause?: RequestedPause): number {
    const wait = this.#next()
    if (pause === undefined || !(pause.atLeastSeconds > 0)) return wait
    const asked = Math.min(pause.atLeastSeconds, MAX_PAUSE_SECONDS)
    // Many companions receive the same request at the same moment.
    const spread = pause.spreadSeconds ?? Math.max(asked / 4, Math.min(this.#initialSeconds, this.#maxSeconds))
    return Math.max(wait, asked + spread * this.#random())
  }

  #next(): number {
    const ceiling = this.#wait.next()
    const lost = this.#lost
    this.#lost = false
    if (lost) return Math.min(this.#maxSeconds, this.#initialSeconds) * this.#random()
    return ceiling * (LEAST_SHARE + (1 - LEAST_SHARE) * this.#random())
  }
}
