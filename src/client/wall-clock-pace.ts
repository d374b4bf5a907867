import {
  FIRST_UNANSWERED_WAIT_SECONDS,
  MAX_QUICK_RETRIES,
  MAX_RECENT_ANSWERS,
  POOR_ANSWER_RATIO,
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
  #errors: number[] = []

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
    this.#errors = []
  }

  sent(): void {
    const patience = Math.max(FIRST_UNANSWERED_WAIT_SECONDS, this.#minInterval)
    this.#waitSeconds = Math.min(this.#interval, patience * 2 ** this.#unanswered)
    this.#unanswered += 1
  }

  /**
   * An answer that could be used, or that contradicted the clock.
   * @param errorSeconds its bound.
   * @param isAlone false while another request is on its way: its answer may do, and bursts must not multiply.
   */
  answered(errorSeconds: number, isConsistent: boolean, isAlone: boolean): void {
    this.#answers += 1
    this.#unanswered = 0
    this.#errors.push(errorSeconds)
    if (this.#errors.length > MAX_RECENT_ANSWERS) this.#errors.shift()
    const isPoor = !isConsistent || errorSeconds > POOR_ANSWER_RATIO * Math.min(...this.#errors)
    const isQuick = this.#answers < QUICK_ANSWERS_AT_START || (isPoor && this.#retries < MAX_QUICK_RETRIES)
    if (isQuick && !isAlone) return
    this.#retries = isQuick ? this.#retries + 1 : 0
    this.#waitSeconds = isQuick ? this.#minInterval : this.#interval
  }
}
