/** A token bucket: a number of actions at once, then one per interval. */
export class PlaybackBudget {
  readonly #most: number
  readonly #intervalSeconds: number
  #left: number
  #at = 0

  constructor(most: number, intervalSeconds: number) {
    this.#most = most
    this.#intervalSeconds = intervalSeconds
    this.#left = most
  }

  allows(now: number): boolean {
    return this.#refill(now) >= 1
  }

  spend(now: number): void {
    this.#left = Math.max(this.#refill(now) - 1, 0)
  }

  /** Seconds until `allows()` is true. */
  waitSeconds(now: number): number {
    return Math.max(1 - this.#refill(now), 0) * this.#intervalSeconds
  }

  #refill(now: number): number {
    this.#left = Math.min(this.#left + (now - this.#at) / this.#intervalSeconds, this.#most)
    this.#at = now
    return this.#left
  }
}
