import { TokenBucket } from '../../clocks/index.js'
import {
  checkOption,
  checkOptions,
  displayUrl,
  type OptionTable,
  option,
  visible,
  webSocketUrl,
} from '../../validation/index.js'
import { BACKOFF_OPTIONS, Backoff, type BackoffOptions, type RequestedPause } from './backoff.js'
import {
  BYTES_PER_COUNTED_MESSAGE,
  DEFAULT_HANDSHAKE_TIMEOUT_SECONDS,
  DEFAULT_MAX_MESSAGE_BYTES,
  DEFAULT_MAX_MESSAGES_PER_SECOND,
  DEFAULT_MESSAGE_TIMEOUT_SECONDS,
  MAX_BUFFERED_BYTES,
  SEND_TIMEOUT_SECONDS,
} from './connection-limits.js'
import type { ConnectFailure, OpenSocket, SocketEnd, SocketOpener, Violation } from './platform.js'
import { openStandardSocket } from './standard-socket.js'

/** Maximum length of a close reason in characters. A close frame has room for 123 bytes of UTF-8; our reasons are ASCII. */
const MAX_CLOSE_REASON = 123

/** Options that all WebSocket clients share: limits, time-outs and reconnection. */
export interface ReconnectingSocketOptions {
  /** Waits between connection attempts. */
  backoff?: BackoffOptions
  /** Maximum size of a message in bytes; a longer one closes the connection. Default 1 MiB. */
  maxMessageBytes?: number
  /**
   * Maximum average rate in messages per second, where each KiB counts as one message; exceeding it closes the connection. Bursts of
   * two seconds' worth plus one message of `maxMessageBytes` are allowed. Default 200.
   */
  maxMessagesPerSecond?: number
  /** Maximum seconds between the first and the last byte of a message; exceeding it closes the connection. Node only. Default 20. */
  messageTimeoutSeconds?: number
  /** Timeout of the handshake in seconds, including name look-up, TCP and TLS. Default 10. */
  handshakeTimeoutSeconds?: number
  /** Headers of the handshake, for example `authorization`. Node only: browsers do not allow pages to set them. Default: none. */
  headers?: Readonly<Record<string, string>>
  /**
   * Opens connections: `overMessagePort(…)` or a custom function. The URL may then have any form. Default: a WebSocket.
   */
  openSocket?: SocketOpener
}

const TIMEOUT_TYPE = option.seconds({ above: 0 })
const LIMIT_TYPE = option.number({ min: 1, infinity: true })

/** Options that all WebSocket clients share. */
export const SOCKET_OPTIONS: OptionTable<
  ReconnectingSocketOptions,
  Exclude<keyof ReconnectingSocketOptions, 'backoff' | 'headers'>
> = {
  backoff: option.object(BACKOFF_OPTIONS),
  maxMessageBytes: option.withDefault(LIMIT_TYPE, DEFAULT_MAX_MESSAGE_BYTES),
  maxMessagesPerSecond: option.withDefault(LIMIT_TYPE, DEFAULT_MAX_MESSAGES_PER_SECOND),
  messageTimeoutSeconds: option.withDefault(TIMEOUT_TYPE, DEFAULT_MESSAGE_TIMEOUT_SECONDS),
  handshakeTimeoutSeconds: option.withDefault(TIMEOUT_TYPE, DEFAULT_HANDSHAKE_TIMEOUT_SECONDS),
  headers: option.custom('an object of strings', isHeaders),
  openSocket: option.withDefault(option.func<SocketOpener>(), openStandardSocket),
}
const URL_TYPE = webSocketUrl()
const SHOWN_URL_TYPE = option.string({ nonEmpty: true })

/**
 * Checks the URL of a client: with an `openSocket` of the app it may have any form.
 * @throws InvalidUrlError, InvalidOptionError
 */
export function checkSocketUrl(name: string, url: unknown, openSocket: SocketOpener | undefined): string {
  return checkOption(name, openSocket === undefined ? URL_TYPE : SHOWN_URL_TYPE, url)
}

function isHeaders(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((each) => typeof each === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(each))
  )
}

/** Connection events of a client. */
export interface ConnectionEvents {
  /** The connection is open. */
  connected: {
    /** URL of the server that the client is now connected to. */
    readonly url: string
  }
  /** The connection has closed; the client reconnects unless it was stopped. */
  disconnected: {
    /** The WebSocket close code: 1006 if there was no closing handshake, 1000 if the client was stopped. */
    readonly code: number
    /** Human-readable cause: the reason in the close frame of the server, or why the client closed the connection. May be empty. */
    readonly reason: string
    /** Seconds until the next attempt; undefined if the client does not reconnect. */
    readonly retryInSeconds: number | undefined
  }
  /** A connection attempt failed. */
  connectFailed: {
    /** Why the connection failed to open. */
    readonly failure: ConnectFailure
    /** Seconds until the next attempt; undefined if the client does not reconnect. */
    readonly retryInSeconds: number | undefined
  }
}

interface Handlers {
  opened(): void
  message(data: string | Uint8Array): void
  /** The server violated the protocol or a limit; `closed` follows. */
  violated(violation: Violation): void
  /** @param retryInSeconds undefined if the client does not reconnect. */
  closed(end: SocketEnd, retryInSeconds: number | undefined): void
  failed(failure: ConnectFailure, retryInSeconds: number | undefined): void
}

/**
 * Close codes that ask clients to delay reconnection (IANA, WebSocket Close Code Number Registry). After a service restart (1012)
 * clients reconnect after a random delay of 5 to 30 seconds; after an overload (1013) later.
 */
const PAUSES: Readonly<Record<number, RequestedPause>> = {
  1012: { atLeastSeconds: 5, spreadSeconds: 10 },
  1013: { atLeastSeconds: 15, spreadSeconds: 15 },
}

const POLICY_VIOLATION = 1008

/** A WebSocket that reconnects whenever it closes, until it is stopped. */
export class ReconnectingSocket {
  readonly url: string
  readonly #handlers: Handlers
  readonly #backoff: Backoff
  readonly #maxMessageBytes: number
  readonly #maxMessagesPerSecond: number
  readonly #messageTimeoutSeconds: number
  readonly #handshakeTimeoutSeconds: number
  readonly #headers: Readonly<Record<string, string>> | undefined
  readonly #openSocket: SocketOpener
  #socket: OpenSocket | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #connectedSince: number | undefined
  #rate: TokenBucket
  #notReadingSince: number | undefined
  #started = false

  /** @throws InvalidUrlError, InvalidOptionError, UnknownOptionError */
  constructor(url: string, handlers: Handlers, options: ReconnectingSocketOptions = {}) {
    const checked = checkOptions(SOCKET_OPTIONS, options)
    this.url = checkSocketUrl('url', url, options.openSocket)
    this.#handlers = handlers
    this.#backoff = new Backoff(checked.backoff)
    this.#headers = checked.headers
    this.#openSocket = checked.openSocket
    this.#maxMessageBytes = checked.maxMessageBytes
    this.#maxMessagesPerSecond = checked.maxMessagesPerSecond
    this.#messageTimeoutSeconds = checked.messageTimeoutSeconds
    this.#handshakeTimeoutSeconds = checked.handshakeTimeoutSeconds
    this.#rate = this.#newRate()
  }

  get connected(): boolean {
    return this.#connectedSince !== undefined
  }

  /** IP address of the server, if the platform reports it; undefined while disconnected. */
  get remoteAddress(): string | undefined {
    return this.connected ? this.#socket?.remoteAddress : undefined
  }

  /** Starts to connect. Has no effect if already started. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.#open()
  }

  /** Closes the connection and stops reconnecting. The handlers are notified that an open connection has closed, then no more. */
  stop(): void {
    if (!this.#started) return
    this.#started = false
    clearTimeout(this.#retry)
    const socket = this.#socket
    const wasConnected = this.connected
    this.#socket = undefined
    this.#connectedSince = undefined
    socket?.close(1000, '')
    if (wasConnected) this.#handlers.closed({ code: 1000, reason: 'stopped' }, undefined)
  }

  /** Replaces an open connection immediately. Has no effect while disconnected: the back-off continues. */
  renew(): void {
    const socket = this.#socket
    if (!this.connected || socket === undefined) return
    this.#socket = undefined
    this.#connectedSince = undefined
    socket.close(1000, '')
    this.#handlers.closed({ code: 1000, reason: 'renewed' }, 0)
    if (this.#started && this.#socket === undefined) this.#open()
  }

  /** Closes an open connection and reconnects after the back-off. */
  leave(end: SocketEnd): void {
    const socket = this.#socket
    if (!this.connected || socket === undefined) return
    socket.close(end.code, end.reason.slice(0, MAX_CLOSE_REASON))
    this.#ended(end)
  }

  /**
   * Sends a message. Drops it while disconnected, and while the server is not reading.
   * @returns whether the message was queued on the connection.
   */
  send(data: string | Uint8Array): boolean {
    const socket = this.#socket
    if (!this.connected || socket === undefined) return false
    if ((socket.bufferedAmount ?? 0) > MAX_BUFFERED_BYTES) {
      this.#notRead()
      return false
    }
    this.#notReadingSince = undefined
    socket.send(data)
    return true
  }

  #notRead(): void {
    const now = performance.now()
    this.#notReadingSince ??= now
    if (now - this.#notReadingSince < SEND_TIMEOUT_SECONDS * 1000) return
    const detail = `expected the server to read from its connection within ${SEND_TIMEOUT_SECONDS} s`
    this.#leaveFor({ reason: 'not-reading', detail })
  }

  #leaveFor(violation: Violation): void {
    this.leave({ code: POLICY_VIOLATION, reason: violation.detail, violation })
  }

  #newRate(): TokenBucket {
    const burst = 2 * this.#maxMessagesPerSecond + Math.ceil(this.#maxMessageBytes / BYTES_PER_COUNTED_MESSAGE)
    return new TokenBucket(burst, this.#maxMessagesPerSecond)
  }

  #open(): void {
    // A replaced socket may still emit events. Ignore all but those of the current one.
    const current = (): boolean => this.#socket === socket
    const socket = this.#openSocket(
      this.url,
      {
        opened: () => {
          if (!current()) return
          this.#connectedSince = performance.now()
          this.#rate = this.#newRate()
          this.#notReadingSince = undefined
          this.#handlers.opened()
        },
        message: (data) => {
          if (current() && this.#isWithinRate(data)) this.#handlers.message(data)
        },
        closed: (end) => {
          if (current()) this.#ended(end)
        },
      },
      {
        maxMessageBytes: this.#maxMessageBytes,
        handshakeTimeoutSeconds: this.#handshakeTimeoutSeconds,
        messageTimeoutSeconds: this.#messageTimeoutSeconds,
        headers: this.#headers,
      },
    )
    this.#socket = socket
  }

  #isWithinRate({ length }: string | Uint8Array): boolean {
    const count = Math.max(1, length / BYTES_PER_COUNTED_MESSAGE)
    if (this.#rate.take(performance.now() / 1000, count)) return true
    const limit = `${this.#maxMessagesPerSecond} messages, or as many KiB, per second`
    this.#leaveFor({ reason: 'too-many-messages', detail: `expected at most ${limit}` })
    return false
  }

  #ended(end: SocketEnd): void {
    this.#socket = undefined
    const since = this.#connectedSince
    this.#connectedSince = undefined
    // After violations the back-off keeps growing, however long each connection lasted.
    const openSeconds = since === undefined || end.violation !== undefined ? 0 : (performance.now() - since) / 1000
    if (since !== undefined) this.#backoff.ended(openSeconds)
    const retryInSeconds = this.#backoff.next(pauseOf(end))
    this.#retry = setTimeout(() => this.#open(), retryInSeconds * 1000)
    if (end.violation !== undefined) this.#handlers.violated(end.violation)
    if (since === undefined) {
      const failure = end.failure ?? {
        kind: 'unknown',
        message: `${displayUrl(this.url)} closed with ${end.code} before it opened`,
      }
      this.#handlers.failed({ ...failure, message: visible(failure.message) }, retryInSeconds)
    } else {
      // The reason is text from the server and is written to logs.
      this.#handlers.closed({ ...end, reason: visible(end.reason) }, retryInSeconds)
    }
  }
}

function pauseOf({ code, failure }: SocketEnd): RequestedPause | undefined {
  const retryAfter = failure?.retryAfterSeconds
  return retryAfter === undefined ? PAUSES[code] : { atLeastSeconds: retryAfter }
}
