/** Waits that double with each failure in a row, in any unit of time: exponential back-off without jitter. */
export class DoublingWait {
  readonly #first: number
  readonly #max: number
  #failures = 0

  constructor(first: number, max: number) {
    this.#first = first
    this.#max = max
  }

  /** How often {@link next} has been called since the last {@link reset}. */
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
