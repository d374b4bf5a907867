/** Exponential back-off without jitter: waits that double with each consecutive failure, in any unit of time. */
export class DoublingWait {
  readonly #first: number
  readonly #max: number
  #failures = 0

  constructor(first: number, max: number) {
    this.#first = first
    this.#max = max
  }

  /** Number of calls of {@link next} since the last {@link reset}. */
  get failures(): number {
    return this.#failures
  }

  /** Records a failure. @returns how long to wait after it */
  next(): number {
    const wait = Math.min(this.#first * 2 ** this.#failures, this.#max)
    this.#failures += 1
    return wait
  }

  /** Records a success: the next wait is the first one again. */
  reset(): void {
    this.#failures = 0
  }
}
