import {
  FIRST_UNANSWERED_WAIT_SECONDS,
  MAX_QUICK_RETRIES,
  POOR_ROUND_TRIP_RATIO,
  QUICK_ANSWERS_AT_START,
} from './wall-clock-limits.js'

/** When to ask next: quickly at the start and after an answer that did not help, seldom otherwise. Seconds all through. */
export class WallClockPace {
  readonly #interval: number
  readonly #minInterval: number
  #answers = 0
  #unanswered = 0
  #retries = 0
  #waitSeconds = 0

  /** @param minInterval nothing is asked faster than this. */
  constructor(interval: number, minInterval: number) {
    this.#interval = Math.max(interval, minInterval)
    this.#minInterval = minInterval
  }

  /** How long after the last request the next is due. */
  get waitSeconds(): number {
    return this.#waitSeconds
  }

  /** The connection is new: as at the start. */
  restart(): void {
    this.#answers = 0
    this.#unanswered = 0
    this.#retries = 0
    this.#waitSeconds = 0
  }

  sent(): void {
    const patience = Math.max(FIRST_UNANSWERED_WAIT_SECONDS, this.#minInterval)
    this.#waitSeconds = Math.min(this.#interval, patience * 2 ** this.#unanswered)
    this.#unanswered += 1
  }

  /**
   * An answer that could be used, or that contradicted the clock.
   * @param shortestSeconds the shortest round trip of late.
   */
  answered(roundTripSeconds: number, shortestSeconds: number, isConsistent: boolean): void {
    this.#answers += 1
    this.#unanswered = 0
    const isPoor = !isConsistent || roundTripSeconds > POOR_ROUND_TRIP_RATIO * shortestSeconds
    const isQuick = this.#answers < QUICK_ANSWERS_AT_START || (isPoor && this.#retries < MAX_QUICK_RETRIES)
    this.#retries = isQuick ? this.#retries + 1 : 0
    this.#waitSeconds = isQuick ? this.#minInterval : this.#interval
  }
}
