/** A token bucket: limits the average rate per second and allows bursts after idle time. Infinity disables the limit. */
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

  /** @returns false if the limit is exceeded. */
  take(count: number, nowSeconds: number): boolean {
    // Infinity · 0 is NaN.
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true
    const refill = (nowSeconds - this.#since) * this.#perSecond
    this.#since = nowSeconds
    this.#tokens = Math.min(this.#burst, this.#tokens + refill) - count
    return this.#tokens >= 0
  }
}
