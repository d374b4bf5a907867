import { visible } from '../messages/index.js'
import { Backoff, type BackoffOptions } from './backoff.js'
import { type ConnectFailure, displayUrl, getPlatform, type OpenSocket, type SocketEnd } from './platform.js'

export interface ReconnectingSocketOptions {
  /** How the waits between tries grow. */
  backoff?: BackoffOptions
  /** Bytes of one message; a longer one ends the connection. Default 1 MiB. */
  maxMessageBytes?: number
  /** Seconds that a handshake may take. Default 10. */
  handshakeTimeoutSeconds?: number
  /** Headers of the handshake, `authorization` for instance. Only in Node: a browser lets no page set any. */
  headers?: Readonly<Record<string, string>>
}

/** What happens to the connection of a client. */
export interface ConnectionEvents {
  /** The connection is open. */
  connected: { readonly url: string }
  /** The connection has ended; it is tried again, unless the client was stopped. */
  disconnected: { readonly code: number; readonly reason: string; readonly retryInSeconds: number | undefined }
  /** A try to connect has failed. */
  connectFailed: { readonly failure: ConnectFailure; readonly retryInSeconds: number | undefined }
}

interface Handlers {
  connected(): void
  message(data: string | Uint8Array): void
  /** @param retryInSeconds undefined when it is not tried again. */
  disconnected(end: SocketEnd, retryInSeconds: number | undefined): void
  connectFailed(failure: ConnectFailure, retryInSeconds: number | undefined): void
}

const DEFAULT_MAX_MESSAGE_BYTES = 1024 * 1024
const DEFAULT_HANDSHAKE_TIMEOUT_SECONDS = 10

/** A WebSocket that is opened again whenever it ends, until it is told to stop. */
export class ReconnectingSocket {
  readonly url: string
  readonly #handlers: Handlers
  readonly #backoff: Backoff
  readonly #maxMessageBytes: number
  readonly #handshakeTimeout: number
  readonly #headers: Readonly<Record<string, string>> | undefined
  #socket: OpenSocket | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #connectedSince: number | undefined
  #started = false

  constructor(url: string, handlers: Handlers, options: ReconnectingSocketOptions = {}) {
    this.url = url
    this.#handlers = handlers
    this.#backoff = new Backoff(options.backoff)
    this.#headers = options.headers
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES
    this.#handshakeTimeout = (options.handshakeTimeoutSeconds ?? DEFAULT_HANDSHAKE_TIMEOUT_SECONDS) * 1000
  }

  get connected(): boolean {
    return this.#connectedSince !== undefined
  }

  /** Begins to connect; does nothing if that was begun. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.#open()
  }

  /** Closes, and connects no more. The handlers hear of the end of an open connection, and of nothing after. */
  stop(): void {
    if (!this.#started) return
    this.#started = false
    clearTimeout(this.#retry)
    const socket = this.#socket
    const wasConnected = this.connected
    this.#socket = undefined
    this.#connectedSince = undefined
    socket?.close(1000, '')
    if (wasConnected) this.#handlers.disconnected({ code: 1000, reason: 'stopped' }, undefined)
  }

  /** Does nothing while there is no connection. @returns whether the message was sent. */
  send(data: string | Uint8Array): boolean {
    if (!this.connected || this.#socket === undefined) return false
    this.#socket.send(data)
    return true
  }

  #open(): void {
    // A socket that was given up may still have something to say: it is heard only while it is the present one.
    const current = (): boolean => this.#socket === socket
    const socket = getPlatform().openSocket(
      this.url,
      {
        open: () => {
          if (!current()) return
          this.#connectedSince = performance.now()
          this.#handlers.connected()
        },
        message: (data) => {
          if (current()) this.#handlers.message(data)
        },
        closed: (end) => {
          if (current()) this.#ended(end)
        },
      },
      { maxMessageBytes: this.#maxMessageBytes, handshakeTimeout: this.#handshakeTimeout, headers: this.#headers },
    )
    this.#socket = socket
  }

  #ended(end: SocketEnd): void {
    this.#socket = undefined
    const since = this.#connectedSince
    this.#connectedSince = undefined
    if (since !== undefined) this.#backoff.ended((performance.now() - since) / 1000)
    const retryInSeconds = this.#backoff.next(end.failure?.retryAfterSeconds)
    this.#retry = setTimeout(() => this.#open(), retryInSeconds * 1000)
    if (since === undefined) {
      const failure = end.failure ?? {
        kind: 'unknown',
        message: `${displayUrl(this.url)} closed with ${end.code} before it opened`,
      }
      this.#handlers.connectFailed({ ...failure, message: visible(failure.message) }, retryInSeconds)
    } else {
      // The reason is the server's text, and ends up in logs.
      this.#handlers.disconnected({ ...end, reason: visible(end.reason) }, retryInSeconds)
    }
  }
}
