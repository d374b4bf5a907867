/** Serialises asynchronous start and stop calls. Each waits for the previous one to settle. */
export class OperationOrder {
  #last: Promise<void> = Promise.resolve()

  /** @returns a promise for the result of the operation. */
  add(operation: () => Promise<void>): Promise<void> {
    const done = this.#last.then(operation)
    this.#last = done.catch(() => {})
    return done
  }
}
