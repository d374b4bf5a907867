import { DoublingWait } from '../../clocks/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'

/** Delays between connection attempts, which grow with each consecutive failure. */
export interface BackoffOptions {
  /**
   * The first reconnection after a loss happens at a random moment within this many seconds, so that the companions of a restarted
   * television do not all reconnect at once (RFC 6455, 7.2.3). Default 5.
   */
  initialSeconds?: number
  /** Maximum seconds between two attempts. Default 30. */
  maxSeconds?: number
  /** A connection that was open for at least this many seconds resets the waits. Default 10. */
  resetAfterSeconds?: number
  /** Returns numbers from 0 to 1, for tests. Default Math.random. */
  random?: () => number
}

/** A delay requested by the server, by a `Retry-After` header or by a close code such as 1013. */
export interface RequestedPause {
  /** Minimum seconds until the next attempt; limited to one hour. */
  readonly atLeastSeconds: number
  /** Attempts are distributed over this many seconds after that. Default: a quarter of the pause, or `initialSeconds` if that is longer. */
  readonly spreadSeconds?: number
}

/** RFC 6455, 7.2.3 suggests this range for the first reconnect. */
const DEFAULT_INITIAL_SECONDS = 5

/** The second wait, which then doubles. By then the attempts are distributed, and a single companion should reconnect soon. */
const FIRST_STEP_SECONDS = 1

/** One day, which is within the range of timers. */
const MAX_SECONDS = 86_400

/** Longer requests are limited to an hour: the server may have recovered by then, and timers are limited to 24 days. */
const MAX_PAUSE_SECONDS = 3600

/** Jitter reduces a wait by at most half, so that successive waits still grow. */
const LEAST_SHARE = 0.5

const SECONDS_TYPE = option.seconds({ above: 0, max: MAX_SECONDS })
export const BACKOFF_OPTIONS: OptionTable<BackoffOptions, keyof BackoffOptions> = {
  initialSeconds: option.withDefault(SECONDS_TYPE, DEFAULT_INITIAL_SECONDS),
  maxSeconds: option.withDefault(SECONDS_TYPE, 30),
  resetAfterSeconds: option.withDefault(SECONDS_TYPE, 10),
  random: option.withDefault(option.func<() => number>(), Math.random),
}

/** Computes the waits between connection attempts: a random one after a loss, then exponential back-off with jitter. */
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

  /** Records that an open connection has ended. @param openSeconds how long it was open. */
  ended(openSeconds: number): void {
    if (openSeconds >= this.#resetAfterSeconds) this.#wait.reset()
    this.#lost = this.#wait.failures === 0
  }

  /**
   * @param pause the delay that the server has requested.
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
