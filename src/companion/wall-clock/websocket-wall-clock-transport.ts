import { checkOptions, type OptionTable, type OptionType, option } from '../../validation/index.js'
import {
  type BackoffOptions,
  checkSocketUrl,
  ReconnectingSocket,
  SOCKET_OPTIONS,
  type SocketOpener,
  type WallClockTransport,
  type WallClockTransportHandlers,
} from '../connections/index.js'
import { MAX_MESSAGE_BYTES } from './wall-clock-limits.js'

/** Encoding of wall clock messages over a WebSocket: the 32-byte format in binary frames, or JSON in text frames. */
export type WallClockEncoding = 'binary' | 'json'

/** Options of a {@link WebSocketWallClockTransport}. */
export interface WebSocketWallClockTransportOptions {
  /** Default `binary`. */
  encoding?: WallClockEncoding
  /** Waits between connection attempts. */
  backoff?: BackoffOptions
  /** Seconds that a handshake may take. Default 10. */
  handshakeTimeoutSeconds?: number
  /** Opens connections: `overMessagePort(…)` or a custom function. The URL may then have any form. Default: a WebSocket. */
  openSocket?: SocketOpener
}

export const ENCODING_TYPE: OptionType<WallClockEncoding> = option.oneOf<WallClockEncoding>('binary', 'json')

const WEBSOCKET_TRANSPORT_OPTIONS: OptionTable<WebSocketWallClockTransportOptions, 'encoding'> = {
  encoding: option.withDefault(ENCODING_TYPE, 'binary'),
  backoff: SOCKET_OPTIONS.backoff,
  handshakeTimeoutSeconds: SOCKET_OPTIONS.handshakeTimeoutSeconds,
  openSocket: SOCKET_OPTIONS.openSocket,
}

/** Maximum number of messages per second, including follow-ups: more than any client requests. */
const MAX_MESSAGES_PER_SECOND = 5000

/** A transport over a WebSocket that reconnects by itself, for companions without UDP. */
export class WebSocketWallClockTransport implements WallClockTransport {
  readonly url: string
  readonly isJson: boolean
  readonly #options: WebSocketWallClockTransportOptions
  #socket: ReconnectingSocket | undefined
  #dropped = 0

  /** @throws InvalidUrlError, InvalidOptionError, UnknownOptionError */
  constructor(url: string, options: WebSocketWallClockTransportOptions = {}) {
    const { encoding } = checkOptions(WEBSOCKET_TRANSPORT_OPTIONS, options)
    this.url = checkSocketUrl('url', url, options.openSocket)
    this.isJson = encoding === 'json'
    this.#options = options
  }

  /** Requests that were dropped: not connected, or the server was not reading. */
  get dropped(): number {
    return this.#dropped
  }

  start(handlers: WallClockTransportHandlers, now: () => number): void {
    this.stop()
    const { backoff, handshakeTimeoutSeconds, openSocket } = this.#options
    this.#socket = new ReconnectingSocket(
      this.url,
      {
        opened: () => handlers.opened(),
        message: (data) => handlers.message(data, now()),
        violated: ({ reason, detail }) => handlers.violated(reason, detail),
        closed: (end, retryInSeconds) => {
          // Closed by `stop()`, after which the handlers are not called.
          if (retryInSeconds === undefined) return
          handlers.closed(end.reason === '' ? `closed with ${end.code}` : `closed with ${end.code}: ${end.reason}`)
        },
        failed: (failure) => handlers.closed(failure.message),
      },
      {
        maxMessageBytes: MAX_MESSAGE_BYTES,
        maxMessagesPerSecond: MAX_MESSAGES_PER_SECOND,
        ...(backoff === undefined ? {} : { backoff }),
        ...(openSocket === undefined ? {} : { openSocket }),
        ...(handshakeTimeoutSeconds === undefined ? {} : { handshakeTimeoutSeconds }),
      },
    )
    this.#socket.start()
  }

  send(message: Uint8Array | string): void {
    if (this.#socket?.send(message) !== true) this.#dropped += 1
  }

  stop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.stop()
  }
}
