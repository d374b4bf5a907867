import type { Connection } from './connection.js'
import type { RoundMember } from './update-rounds.js'

/** The server's side of its clients' senders: one for all of them. */
export interface StateComposer<Client> {
  /**
   * Makes the message that brings a client from what it was last sent to the state of now, as UTF-8.
   * @returns undefined when there is nothing to send.
   */
  compose(client: Client): Uint8Array | undefined
  /** A state was replaced by a newer one before it was sent. */
  coalesced(): void
}

/**
 * Keeps one client up to date with a state of which only the newest matters. Nothing is sent while the client has not taken what
 * was sent before; what has changed by then goes out as one message. A client that reads slowly therefore costs one message of
 * memory, skips the states in between, and ends with the last. A protocol's record of a client extends this class.
 */
export abstract class StateSender implements RoundMember {
  queued = false
  readonly #connection: Connection
  readonly #composer: StateComposer<this>
  #waiting = false

  constructor(connection: Connection, composer: StateComposer<never>) {
    this.#connection = connection
    this.#composer = composer as StateComposer<this>
  }

  /** The state may have changed: sends it now, or as soon as the client has taken the message before. */
  wake(): void {
    if (this.#waiting) {
      this.#composer.coalesced()
      return
    }
    if (this.#connection.bufferedAmount > 0) {
      this.#waiting = true
      this.#connection.whenFlushed(() => {
        this.#waiting = false
        this.wake()
      })
      return
    }
    const message = this.#composer.compose(this)
    if (message !== undefined) this.#connection.sendText(message)
  }
}
