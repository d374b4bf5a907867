import { DoublingWait } from '../../clocks/index.js'

/** How long to wait before an action that had no effect is tried again. The wait doubles with each attempt, until one works. */
export class PlaybackHoldOff {
  readonly #wait: DoublingWait
  #until = Number.NEGATIVE_INFINITY

  constructor(firstSeconds: number, maxSeconds: number) {
    this.#wait = new DoublingWait(firstSeconds, maxSeconds)
  }

  allows(nowSeconds: number): boolean {
    return nowSeconds >= this.#until
  }

  /** How long until it is allowed, in seconds. */
  waitSeconds(nowSeconds: number): number {
    return Math.max(this.#until - nowSeconds, 0)
  }

  tried(nowSeconds: number): void {
    this.#until = nowSeconds + this.#wait.next()
  }

  reset(): void {
    this.#until = Number.NEGATIVE_INFINITY
    this.#wait.reset()
  }
}
