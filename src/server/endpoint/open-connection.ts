import { InvalidOptionError } from '../../validation/index.js'
import type { Authority, Connection, ConnectionHandlers, ConnectionSocket, Handshake } from './connection.js'
import type { ConnectionStatistics } from './connection-statistics.js'
import type { EndpointStatistics, TimeoutReason } from './endpoint-statistics.js'
import type { Logger } from './logger.js'
import { messageTime } from './message-time.js'
import type { Observers } from './observers.js'
import { sourceKey } from './source-key.js'

/** WebSocket limits a close frame's reason to 123 bytes of UTF-8 (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123

/** The server of a connection, as the connection sees it. */
export interface ConnectionOwner {
  readonly statistics: EndpointStatistics
  /** The parent of the connections' loggers. */
  readonly log: Logger
  readonly maxBufferedBytes: number
  /** The observers of sent messages; undefined while there are none. */
  readonly sendingObserved: Observers | undefined
  /** Called for each message that was dropped because more than `maxBufferedBytes` are buffered. */
  bufferFull(connection: Connection): void
  /** Called once before the close frame, so that pending data can be sent before it. */
  closing(connection: Connection): void
  message(connection: OpenConnection, message: string | Uint8Array): void
  controlFrame(connection: OpenConnection): void
  failed(connection: OpenConnection, error: Error): void
  closed(connection: OpenConnection, code: number, reason: string): void
  timedOut(connection: OpenConnection, reason: TimeoutReason): void
}

/**
 * One client of an {@link EndpointServer}: the adapter's socket with an id, a logger and counters. There may be tens of thousands, so
 * the same object also receives the adapter's events, and costly members are created when first used.
 */
export class OpenConnection implements Connection, ConnectionHandlers {
  readonly id: string
  /** The server's record of this connection, once it has joined. */
  data: unknown = undefined
  /** Whether the connection has joined the server. */
  joined = false
  readonly #socket: ConnectionSocket
  readonly #owner: ConnectionOwner
  #log: Logger | undefined
  #source: string | undefined
  #closeBegun = false
  #closing = false
  readonly #openedAt = Date.now()
  #messagesIn = 0
  #bytesIn = 0
  #messagesOut = 0
  #bytesOut = 0
  #badMessages = 0
  // Not a number while there was none, which the fields can hold without changing their representation.
  #lastMessageInAt = Number.NaN
  #lastMessageOutAt = Number.NaN
  #roundTripSeconds = Number.NaN
  #controlFrames = 0
  #controlFramesSince = 0

  constructor(id: string, socket: ConnectionSocket, owner: ConnectionOwner) {
    this.id = id
    this.#socket = socket
    this.#owner = owner
  }

  get log(): Logger {
    this.#log ??= this.#owner.log.child({ connection: this.id })
    return this.#log
  }

  /** The logger whose level applies, without creating one for this connection. */
  get levels(): Logger {
    return this.#log ?? this.#owner.log
  }

  /** The source to which limits by address assign this connection. */
  get source(): string {
    this.#source ??= sourceKey(this.#socket.remoteAddress)
    return this.#source
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress
  }

  get localAuthority(): Authority {
    return this.#socket.localAuthority
  }

  get handshake(): Handshake {
    return this.#socket.handshake as Handshake
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  get statistics(): ConnectionStatistics {
    return {
      openedAt: this.#openedAt,
      messagesIn: this.#messagesIn,
      bytesIn: this.#bytesIn,
      lastMessageInAt: known(this.#lastMessageInAt),
      messagesOut: this.#messagesOut,
      bytesOut: this.#bytesOut,
      lastMessageOutAt: known(this.#lastMessageOutAt),
      badMessages: this.#badMessages,
      roundTripSeconds: known(this.#roundTripSeconds),
    }
  }

  /** Whether a close has begun: nothing more is sent or received. */
  get closing(): boolean {
    return this.#closing
  }

  send(data: string | Uint8Array, onFlushed?: () => void): void {
    this.#send(data, typeof data === 'string', onFlushed)
  }

  sendText(utf8: Uint8Array, onFlushed?: () => void): void {
    this.#send(utf8, true, onFlushed)
  }

  #send(data: string | Uint8Array, isText: boolean, onFlushed: (() => void) | undefined): void {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new InvalidOptionError('data', 'a string or bytes', data)
    }
    if (this.#closing) {
      if (onFlushed !== undefined) queueMicrotask(onFlushed)
      return
    }
    const { statistics, maxBufferedBytes } = this.#owner
    if (this.#socket.bufferedAmount > maxBufferedBytes) {
      statistics.dropped.unread += 1
      if (onFlushed !== undefined) queueMicrotask(onFlushed)
      this.#owner.bufferFull(this)
      return
    }
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    statistics.messagesOut += 1
    statistics.bytesOut += bytes
    this.#messagesOut += 1
    this.#bytesOut += bytes
    this.#lastMessageOutAt = messageTime()
    this.#socket.send(data, isText, onFlushed)
    this.#owner.sendingObserved?.messageSent(this, data, isText)
  }

  whenFlushed(flushed: () => void): void {
    // Data for a peer that has gone would be buffered for ever.
    if (!this.#closing) this.#socket.whenFlushed(flushed)
  }

  ping(): void {
    if (!this.#closing) this.#socket.ping?.()
  }

  pause(): void {
    if (!this.#closing) this.#socket.setPaused(true)
  }

  resume(): void {
    // A closing socket must read: the peer's close frame follows the data that it sent before.
    if (!this.#closing) this.#socket.setPaused(false)
  }

  close(code = 1000, reason = ''): void {
    if (this.#closing) return
    checkClose(code, reason)
    if (!this.#closeBegun) {
      this.#closeBegun = true
      this.#owner.closing(this)
      // The send may have called code that closes the connection.
      if (this.#closing) return
    }
    this.#closing = true
    this.#socket.close(code, reason)
  }

  message(data: string | Uint8Array, byteLength?: number): void {
    this.#messagesIn += 1
    this.#bytesIn += byteLength ?? Buffer.byteLength(data)
    this.#lastMessageInAt = Date.now()
    this.#owner.message(this, data)
  }

  controlFrame(): void {
    this.#owner.controlFrame(this)
  }

  pong(roundTripSeconds: number): void {
    this.#roundTripSeconds = roundTripSeconds
  }

  failed(error: Error): void {
    this.#owner.failed(this, error)
  }

  closed(code: number, reason: string): void {
    this.#owner.closed(this, code, reason)
  }

  timedOut(reason: TimeoutReason): void {
    this.#owner.timedOut(this, reason)
  }

  goAway(): void {
    this.close(1001, 'server going away')
  }

  /** The socket has closed: all methods become no-ops. */
  ended(): void {
    this.#closing = true
  }

  /** @returns the number of control frames within the last second, including this one. */
  countControlFrame(nowMilliseconds: number): number {
    if (nowMilliseconds - this.#controlFramesSince >= 1000) {
      this.#controlFramesSince = nowMilliseconds
      this.#controlFrames = 0
    }
    this.#controlFrames += 1
    return this.#controlFrames
  }

  /** @returns the number of invalid messages on this connection, including this one. */
  countBadMessage(): number {
    this.#badMessages += 1
    return this.#badMessages
  }
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}

/** Validates before anything is changed, so that an invalid argument cannot leave the connection half closed. */
function checkClose(code: unknown, reason: unknown): void {
  if (!isStatusCode(code)) {
    throw new InvalidOptionError('code', 'a WebSocket status code (1000–1003, 1007–1014 or 3000–4999)', code)
  }
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_REASON_BYTES) {
    throw new InvalidOptionError('reason', `a string of at most ${MAX_REASON_BYTES} bytes of UTF-8`, reason)
  }
}

function isStatusCode(code: unknown): boolean {
  if (!Number.isInteger(code)) return false
  const number = code as number
  return (number >= 1000 && number <= 1003) || (number >= 1007 && number <= 1014) || (number >= 3000 && number <= 4999)
}
