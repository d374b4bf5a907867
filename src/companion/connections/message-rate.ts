/** A token bucket: so many a second on average, and more at once after a quiet time. Infinity is no limit. */
export class MessageRate {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #since = 0

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
  }

  /** @returns false when that is too many. */
  take(count: number, nowSeconds: number): boolean {
    // Infinity times no time at all is not a number.
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true
    const refill = (nowSeconds - this.#since) * this.#perSecond
    this.#since = nowSeconds
    this.#tokens = Math.min(this.#burst, this.#tokens + refill) - count
    return this.#tokens >= 0
  }
}
