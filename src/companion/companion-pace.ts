/** Moves allowed in a burst. A booting television names its servers one after the other. */
const FREE_MOVES = 3

/** Seconds after which one move is restored to the allowance. */
const SECONDS_PER_MOVE = 15

const MAX_WAIT_SECONDS = 30

/**
 * Rate limit for connections that a television's behaviour causes: CII names other servers or timelines, or the wall clock steps.
 * A short burst is allowed, then the waits double. All causes share one limit, so alternating between them gains nothing.
 */
export class CompanionPace {
  readonly #random: () => number
  #moves = 0
  #since = 0
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Seconds until the next move is allowed; 0 if it is allowed now. */
  waitSeconds(nowSeconds: number): number {
    return Math.max(0, this.#notBefore - nowSeconds)
  }

  /** Records a move and computes when the next one is allowed. */
  moved(nowSeconds: number): void {
    this.#moves = Math.max(0, this.#moves - (nowSeconds - this.#since) / SECONDS_PER_MOVE) + 1
    this.#since = nowSeconds
    const excess = Math.ceil(this.#moves) - FREE_MOVES
    const seconds = excess < 0 ? 0 : Math.min(MAX_WAIT_SECONDS, 2 ** excess)
    // Jitter: all companions of a television are notified at the same moment.
    this.#notBefore = nowSeconds + seconds * (0.75 + this.#random() / 2)
  }
}
