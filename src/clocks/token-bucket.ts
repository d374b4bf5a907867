/** A token bucket: limits the average rate, and allows bursts after idle time. Times are in seconds of any monotonic clock. */
export class TokenBucket {
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #countedAt = 0

  /**
   * @param burst capacity in tokens; the bucket starts full
   * @param perSecond tokens added per second. Infinity: no limit
   */
  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
  }

  /** Whether the bucket holds this many tokens. */
  has(nowSeconds: number, count = 1): boolean {
    return this.#refill(nowSeconds) >= count
  }

  /** Takes tokens, or all that are left if there are too few. @returns whether there were enough */
  take(nowSeconds: number, count = 1): boolean {
    const tokens = this.#refill(nowSeconds)
    this.#tokens = Math.max(tokens - count, 0)
    return tokens >= count
  }

  /** Seconds until the bucket holds one token. */
  waitSeconds(nowSeconds: number): number {
    return Math.max(1 - this.#refill(nowSeconds), 0) / this.#perSecond
  }

  #refill(nowSeconds: number): number {
    // Infinity · 0 is NaN.
    if (this.#perSecond === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
    const refill = Math.max(nowSeconds - this.#countedAt, 0) * this.#perSecond
    this.#tokens = Math.min(this.#tokens + refill, this.#burst)
    this.#countedAt = nowSeconds
    return this.#tokens
  }
}
