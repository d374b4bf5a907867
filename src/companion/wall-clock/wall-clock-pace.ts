import {
  ANSWERS_AFTER_CONTRADICTION,
  ANSWERS_PER_PAIR,
  CALM_ANSWERS,
  FIRST_UNANSWERED_WAIT_SECONDS,
  MAX_QUICK_REQUESTS,
  MAX_SILENT_WAIT_INTERVALS,
  MAX_SILENT_WAIT_SECONDS,
  QUICK_ANSWERS_AT_START,
  QUICK_REQUESTS_PER_INTERVAL,
  QUICK_REQUESTS_PER_SECOND,
} from './wall-clock-limits.js'

export interface WallClockPaceLimits {
  /** Interval between requests once the clock has settled. */
  readonly requestIntervalSeconds: number
  /** Minimum interval between requests. */
  readonly minRequestIntervalSeconds: number
  /** Time after which a request counts as lost. */
  readonly responseTimeoutSeconds: number
}

/**
 * Schedules the requests: quickly at the start, after a step and before the error bound becomes too large; otherwise once per
 * interval, and twice in every tenth.
 *
 * Every request before the end of its interval takes a token. Tokens are refilled slowly, so the average stays near one request per
 * interval whatever the server and the network do. Times are in seconds of the parent clock.
 */
export class WallClockPace {
  readonly #intervalSeconds: number
  readonly #minIntervalSeconds: number
  readonly #responseTimeoutSeconds: number
  readonly #maxSilentWaitSeconds: number
  readonly #tokensPerSecond: number
  #tokens = MAX_QUICK_REQUESTS
  /** When the tokens were last counted. */
  #countedAt = 0
  #sentAt = Number.NEGATIVE_INFINITY
  #wait = 0
  /** Number of further answers to request quickly. */
  #wanted = QUICK_ANSWERS_AT_START
  #settledAnswers = 0
  /** Contradicting answers since the back-off last ended, and the number of consistent answers since the last of them. */
  #contradictions = 0
  #calmAnswers = 0
  /** Requests since the last answer. */
  #unanswered = 0
  /** Requests that timed out since the last answer. */
  #timeouts = 0

  constructor(limits: WallClockPaceLimits) {
    const interval = Math.max(limits.requestIntervalSeconds, limits.minRequestIntervalSeconds)
    this.#intervalSeconds = interval
    this.#minIntervalSeconds = limits.minRequestIntervalSeconds
    this.#responseTimeoutSeconds = limits.responseTimeoutSeconds
    this.#maxSilentWaitSeconds = Math.max(
      interval,
      Math.min(MAX_SILENT_WAIT_INTERVALS * interval, MAX_SILENT_WAIT_SECONDS),
    )
    this.#tokensPerSecond = Math.max(QUICK_REQUESTS_PER_SECOND, QUICK_REQUESTS_PER_INTERVAL / interval)
  }

  /** When the next request is due. A quick one without a token waits for the token or the end of the interval. */
  get dueAt(): number {
    const due = this.#sentAt + Math.max(this.#wait, this.#minIntervalSeconds)
    if (this.#tokens >= 1) return due
    const tokenAt = this.#countedAt + (1 - this.#tokens) / this.#tokensPerSecond
    return Math.max(due, Math.min(tokenAt, this.#sentAt + this.#intervalSeconds))
  }

  /** The connection or the server's clock is new: requests quickly again, as far as the remaining tokens permit. */
  restart(): void {
    this.#wanted = QUICK_ANSWERS_AT_START
    this.#unanswered = 0
    this.#timeouts = 0
    this.#wait = 0
  }

  /** Makes the next request due immediately, even without a token. The caller must limit the rate of calls. */
  askNow(): void {
    this.#tokens = Math.max(this.#tokens, 1)
    this.#wait = 0
  }

  /** The parent clock was set, which invalidates earlier times. */
  parentSet(now: number): void {
    this.restart()
    this.#countedAt = now
    this.#sentAt = Number.NEGATIVE_INFINITY
  }

  sent(now: number): void {
    const refilled = this.#tokens + (now - this.#countedAt) * this.#tokensPerSecond
    this.#tokens = Math.min(refilled, MAX_QUICK_REQUESTS)
    this.#countedAt = now
    if (now < this.#sentAt + this.#intervalSeconds) this.#tokens = Math.max(this.#tokens - 1, 0)
    this.#sentAt = now
    if (this.#wanted > 0) this.#backOff(FIRST_UNANSWERED_WAIT_SECONDS * 2 ** this.#unanswered)
    else if (this.#timeouts > 0) this.#backOff(this.#responseTimeoutSeconds * 2 ** this.#timeouts)
    else this.#wait = this.#intervalSeconds
    this.#unanswered += 1
  }

  timedOut(): void {
    this.#timeouts += 1
    // The first lost request is repeated immediately, even if the interval is long.
    if (this.#timeouts === 1) this.#wait = Math.min(this.#wait, this.#responseTimeoutSeconds)
  }

  /**
   * Records a measurement. One after which the clock stepped counts as a contradiction.
   * @param isAlone false while another request is pending. Its answer may be sufficient, and bursts must not multiply.
   * @param usefulSeconds how long the clock will be accurate enough without another answer.
   */
  answered(isConsistent: boolean, isAlone: boolean, usefulSeconds: number): void {
    this.#unanswered = 0
    this.#timeouts = 0
    const needed = isConsistent ? (usefulSeconds > 0 ? 0 : 1) : ANSWERS_AFTER_CONTRADICTION
    this.#calmAnswers = isConsistent ? this.#calmAnswers + 1 : 0
    if (!isConsistent) this.#contradictions += 1
    else if (this.#calmAnswers >= CALM_ANSWERS) this.#contradictions = 0
    const wasSettled = this.#wanted === 0
    this.#wanted = Math.max(this.#wanted - 1, needed)
    if (this.#wanted > 0) {
      if (isAlone) this.#wait = this.#quickWait
      return
    }
    if (wasSettled) this.#settledAnswers += 1
    const isPair = wasSettled && isAlone && this.#settledAnswers % ANSWERS_PER_PAIR === 0
    this.#wait = isPair ? this.#minIntervalSeconds : Math.min(this.#intervalSeconds, usefulSeconds)
  }

  /** The first step is followed immediately. If the answers keep contradicting each other, the waits grow. */
  get #quickWait(): number {
    const excess = this.#contradictions - ANSWERS_AFTER_CONTRADICTION
    if (excess <= 0) return this.#minIntervalSeconds
    return Math.max(
      this.#minIntervalSeconds,
      Math.min(FIRST_UNANSWERED_WAIT_SECONDS * 2 ** (excess - 1), this.#intervalSeconds),
    )
  }

  #backOff(seconds: number): void {
    this.#wait = Math.min(seconds, this.#maxSilentWaitSeconds)
  }
}
