import type { Connection } from './connection.js'

/**
 * Keeps one client up to date with a state of which only the newest matters: at most one message is on its way,
 * and what changed meanwhile goes out as one message after it. A client that reads slowly therefore
 * costs one message of memory, skips the states in between, and ends with the last.
 */
export class StateSender {
  readonly #connection: Connection
  readonly #compose: () => Uint8Array | undefined
  readonly #coalesced: () => void
  #inFlight = false
  #waiting = false

  /**
   * @param compose makes the message that brings this client from what it was last sent to the state of now, as UTF-8; undefined when there is nothing to tell.
   * @param coalesced called for each state that had to wait.
   */
  constructor(connection: Connection, compose: () => Uint8Array | undefined, coalesced: () => void) {
    this.#connection = connection
    this.#compose = compose
    this.#coalesced = coalesced
  }

  /** The state may have changed: tell the client now, or as soon as it has the message before. */
  wake(): void {
    if (this.#inFlight) {
      if (this.#waiting) this.#coalesced()
      this.#waiting = true
      return
    }
    const message = this.#compose()
    if (message === undefined) return
    this.#inFlight = true
    this.#connection.sendText(message, this.#handedOver)
  }

  readonly #handedOver = (): void => {
    this.#inFlight = false
    if (!this.#waiting) return
    this.#waiting = false
    this.wake()
  }
}
