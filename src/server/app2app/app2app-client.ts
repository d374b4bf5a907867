import { type Connection, DEFAULTS } from '../endpoint/index.js'

/** The application on the television, or an application on a companion. */
export type App2AppSide = 'local' | 'remote'

/** The first frame that both clients of a pair are sent (ETSI TS 102 796, clause 14.5). */
const PAIRING_COMPLETED = 'pairingcompleted'

/** Close codes that give the reason of an application. The others report a fault of the receiver, or are never sent. */
const APPLICATION_CODES: readonly number[] = [1000, 1001, 1011, 1012, 1013]
/** What Node reports for a close frame without a code (RFC 6455, 7.1.5). */
const NO_CODE = 1005

/** One client of the App2App relay, and the client that it is paired with: the data of its connection. */
export class App2AppClient {
  /** Which base URL the client has connected to. */
  readonly side: App2AppSide
  /** The app-endpoint: what follows the base URL. */
  readonly channel: string
  readonly #connection: Connection
  #peer: App2AppClient | undefined
  /** Cost of the messages sent to this client since its send buffer was last empty. */
  #queued = 0
  #isFull = false

  constructor(side: App2AppSide, channel: string, connection: Connection) {
    this.side = side
    this.channel = channel
    this.#connection = connection
  }

  /** The connection of the client that this one is paired with; undefined while it waits, and after the pair has ended. */
  get peer(): Connection | undefined {
    return this.#peer === undefined ? undefined : this.#peer.#connection
  }

  /** Pairs two clients of a channel. */
  static pair(one: App2AppClient, other: App2AppClient): void {
    one.#peer = other
    other.#peer = one
    one.#connection.send(PAIRING_COMPLETED)
    other.#connection.send(PAIRING_COMPLETED)
  }

  /**
   * Sends a message of this client to its peer. If more than `maxBufferedBytes` are then queued for the peer, this client is not read
   * until the queue is empty. Each direction depends on its own reader only: two clients that both send before they read cannot block
   * each other.
   * @returns `unpaired` without a peer; `full` when this message has made the client wait.
   */
  relay(message: string | Uint8Array, maxBufferedBytes: number): 'relayed' | 'full' | 'unpaired' {
    const peer = this.#peer
    if (peer === undefined) return 'unpaired'
    const { bufferedAmount } = peer.#send(message)
    if (peer.#isFull || Math.max(peer.#queued, bufferedAmount) <= maxBufferedBytes) return 'relayed'
    peer.#isFull = true
    this.#connection.pause()
    peer.#connection.whenFlushed(() => {
      peer.#isFull = false
      peer.#queued = 0
      this.#connection.resume()
    })
    return 'full'
  }

  #send(message: string | Uint8Array): Connection {
    this.#connection.send(message)
    // A short message that waits takes some hundred bytes of memory.
    this.#queued += message.length + DEFAULTS.bytesOfFrame
    if (this.#connection.bufferedAmount === 0) this.#queued = 0
    return this.#connection
  }

  /**
   * Ends the pair, if there is one, because this client has left: its peer is closed as soon as it has read the messages in its queue.
   * @returns whether there was one.
   */
  leave(code: number, reason: string): boolean {
    const peer = this.#peer
    if (peer === undefined) return false
    this.#peer = undefined
    peer.#peer = undefined
    const close = (): void => {
      if (code === NO_CODE) peer.#connection.close()
      else if (isSaidByApplication(code)) peer.#connection.close(code, reason)
      else peer.#connection.close(1001, 'the other client has disconnected')
    }
    if (peer.#connection.bufferedAmount === 0) close()
    else peer.#connection.whenFlushed(close)
    return true
  }
}

function isSaidByApplication(code: number): boolean {
  return APPLICATION_CODES.includes(code) || (code >= 3000 && code <= 4999)
}
