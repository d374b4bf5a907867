/** Moves that happen at once: a television that boots names its servers one after the other. */
const FREE_MOVES = 3

/** One move is forgotten after this many seconds. */
const SECONDS_PER_MOVE = 15

const MAX_WAIT_SECONDS = 30

/**
 * How often a companion opens other connections because of what a television does: naming other servers or timelines in
 * CII, or a wall clock that steps. A few times at once, then after waits that double, whatever the cause: one that alternates
 * between the causes is no faster.
 */
export class CompanionPace {
  readonly #random: () => number
  #moves = 0
  #since = 0
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Seconds until the next move is due; 0 when it is now. */
  waitSeconds(nowSeconds: number): number {
    return Math.max(0, this.#notBefore - nowSeconds)
  }

  /** A move happens now, and sets the time of the next. */
  moved(nowSeconds: number): void {
    this.#moves = Math.max(0, this.#moves - (nowSeconds - this.#since) / SECONDS_PER_MOVE) + 1
    this.#since = nowSeconds
    const excess = Math.ceil(this.#moves) - FREE_MOVES
    const seconds = excess < 0 ? 0 : Math.min(MAX_WAIT_SECONDS, 2 ** excess)
    // Companions of one television are all told at once.
    this.#notBefore = nowSeconds + seconds * (0.75 + this.#random() / 2)
  }
}
