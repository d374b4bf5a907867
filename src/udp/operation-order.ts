/** Starts and stops that take effect in the order in which they are asked for: each waits for the one before, whether that succeeds or not. */
export class OperationOrder {
  #last: Promise<void> = Promise.resolve()

  /** @returns what becomes of the operation itself. */
  add(operation: () => Promise<void>): Promise<void> {
    const done = this.#last.then(operation)
    this.#last = done.catch(() => {})
    return done
  }
}
