import type { Authority, Connection, ConnectionSocket } from './connection.js'
import type { EndpointStatistics } from './endpoint-statistics.js'
import type { Logger } from './logger.js'

/** WebSocket limits a close frame's reason to 123 bytes of UTF-8 (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123

/** One client of an {@link EndpointServer}: the adapter's socket, with an id, a logger and the counting. */
export class OpenConnection implements Connection {
  readonly id: string
  readonly log: Logger
  readonly #socket: ConnectionSocket
  readonly #statistics: EndpointStatistics
  #closing = false
  #badMessages = 0

  constructor(id: string, socket: ConnectionSocket, log: Logger, statistics: EndpointStatistics) {
    this.id = id
    this.log = log.child({ connection: id })
    this.#socket = socket
    this.#statistics = statistics
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress
  }

  get reachedAt(): Authority {
    return this.#socket.reachedAt
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  /** Whether a close has begun: nothing is sent and nothing is heard any more. */
  get closing(): boolean {
    return this.#closing
  }

  send(data: string | Uint8Array, handedOver?: () => void): void {
    this.#send(data, typeof data === 'string', handedOver)
  }

  sendText(utf8: Uint8Array, handedOver?: () => void): void {
    this.#send(utf8, true, handedOver)
  }

  #send(data: string | Uint8Array, isText: boolean, handedOver: (() => void) | undefined): void {
    if (this.#closing) {
      if (handedOver !== undefined) queueMicrotask(handedOver)
      return
    }
    this.#statistics.messagesOut += 1
    this.#statistics.bytesOut += typeof data === 'string' ? Buffer.byteLength(data) : data.length
    this.#socket.send(data, isText, handedOver)
  }

  close(code = 1000, reason = ''): void {
    if (this.#closing) return
    // A code or a reason that a close frame cannot carry would throw later, far from whoever chose it.
    if (
      code !== 1000 &&
      !(code >= 1001 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) &&
      !(code >= 3000 && code <= 4999)
    ) {
      throw new RangeError(`close: expected a WebSocket status code (1000–1003, 1007–1014 or 3000–4999), got ${code}`)
    }
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES) {
      throw new RangeError(
        `close: expected a reason of at most ${MAX_REASON_BYTES} bytes, got ${Buffer.byteLength(reason)}`,
      )
    }
    this.#closing = true
    this.#socket.close(code, reason)
  }

  /** The socket is gone; whoever still holds this connection may call its methods in vain. */
  ended(): void {
    this.#closing = true
  }

  /** @returns how many bad messages this connection has sent, this one included. */
  countBadMessage(): number {
    this.#badMessages += 1
    return this.#badMessages
  }
}
