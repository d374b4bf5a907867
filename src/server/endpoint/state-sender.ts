import type { Connection } from './connection.js'
import { messageTime } from './message-time.js'
import type { RoundMember } from './update-rounds.js'

/** The server's part of state sending, shared by all clients. */
export interface StateComposer<Client> {
  /**
   * Composes the message that brings a client from its last state to the current one, as UTF-8.
   * @returns undefined if there is nothing to send.
   */
  compose(client: Client): Uint8Array | undefined
  /** Called when a state was replaced by a newer one before it was sent. */
  coalesced(): void
}

/**
 * Keeps one client up to date with a state of which only the latest matters. Nothing is sent before the client has read the previous
 * message; changes until then are sent as one message. A slow client therefore costs the memory of one message, skips intermediate
 * states, and ends with the latest. A protocol's record of a client extends this class.
 */
export abstract class StateSender implements RoundMember {
  queued = false
  /** When the last state was sent, in milliseconds of the epoch; not a number before the first. */
  sentAt: number = Number.NaN
  readonly #connection: Connection
  readonly #composer: StateComposer<this>
  #waiting = false

  constructor(connection: Connection, composer: StateComposer<never>) {
    this.#connection = connection
    this.#composer = composer as StateComposer<this>
  }

  /** Sends the state if it has changed: now, or as soon as the client has read the previous message. */
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
    if (message === undefined) return
    this.sentAt = messageTime()
    this.#connection.sendText(message)
  }
}
