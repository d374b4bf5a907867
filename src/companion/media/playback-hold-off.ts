/** How long to leave something alone that has been tried in vain: twice as long every time, until it works. */
export class PlaybackHoldOff {
  readonly #firstSeconds: number
  readonly #maxSeconds: number
  #nextSeconds: number
  #until = Number.NEGATIVE_INFINITY

  constructor(firstSeconds: number, maxSeconds: number) {
    this.#firstSeconds = firstSeconds
    this.#maxSeconds = maxSeconds
    this.#nextSeconds = firstSeconds
  }

  allows(nowSeconds: number): boolean {
    return nowSeconds >= this.#until
  }

  /** How long until it is allowed, in seconds. */
  waitSeconds(nowSeconds: number): number {
    return Math.max(this.#until - nowSeconds, 0)
  }

  tried(nowSeconds: number): void {
    this.#until = nowSeconds + this.#nextSeconds
    this.#nextSeconds = Math.min(this.#nextSeconds * 2, this.#maxSeconds)
  }

  reset(): void {
    this.#until = Number.NEGATIVE_INFINITY
    this.#nextSeconds = this.#firstSeconds
  }
}
