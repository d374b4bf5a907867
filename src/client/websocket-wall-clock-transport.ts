import { show } from '../clocks/option-checks.js'
import type { BackoffOptions } from './backoff.js'
import type { SocketEnd } from './platform.js'
import { ReconnectingSocket } from './reconnecting-socket.js'
import { MAX_MESSAGE_BYTES } from './wall-clock-limits.js'
import type { WallClockTransport, WallClockTransportHandlers } from './wall-clock-transport.js'

/** How wall clock messages travel over a WebSocket: their 32 bytes in binary frames, or JSON in text frames. */
export type WallClockCarriage = 'binary' | 'json'

export interface WebSocketWallClockTransportOptions {
  /** Default `binary`. */
  carriage?: WallClockCarriage
  /** How the waits between tries to connect grow. */
  backoff?: BackoffOptions
  /** Seconds that a handshake may take. Default 10. */
  handshakeTimeoutSeconds?: number
}

const MESSAGE_TOO_BIG = 1009

/** For companions that have no UDP: a WebSocket that is opened again whenever it ends. */
export class WebSocketWallClockTransport implements WallClockTransport {
  readonly url: string
  readonly isJson: boolean
  readonly #options: WebSocketWallClockTransportOptions
  #socket: ReconnectingSocket | undefined

  /** @throws TypeError for a carriage that does not exist. */
  constructor(url: string, options: WebSocketWallClockTransportOptions = {}) {
    const { carriage = 'binary' } = options
    if (carriage !== 'binary' && carriage !== 'json') {
      throw new TypeError(`carriage: expected 'binary' or 'json', got ${show(carriage)}`)
    }
    this.url = url
    this.isJson = carriage === 'json'
    this.#options = options
  }

  start(handlers: WallClockTransportHandlers, now: () => number): void {
    this.stop()
    const { backoff, handshakeTimeoutSeconds } = this.#options
    this.#socket = new ReconnectingSocket(
      this.url,
      {
        connected: () => handlers.opened(),
        message: (data) => handlers.message(data, now()),
        disconnected: (end, retryInSeconds) => {
          // Our own stop, of which the handlers are told nothing.
          if (retryInSeconds === undefined) return
          if (isTooBig(end)) handlers.violated('message-too-long', `expected ${MAX_MESSAGE_BYTES} bytes at most`)
          handlers.closed(end.reason === '' ? `closed with ${end.code}` : `closed with ${end.code}: ${end.reason}`)
        },
        connectFailed: (failure) => handlers.closed(failure.message),
      },
      {
        maxMessageBytes: MAX_MESSAGE_BYTES,
        ...(backoff === undefined ? {} : { backoff }),
        ...(handshakeTimeoutSeconds === undefined ? {} : { handshakeTimeoutSeconds }),
      },
    )
    this.#socket.start()
  }

  send(message: Uint8Array | string): void {
    this.#socket?.send(message)
  }

  stop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.stop()
  }
}

/** The `ws` package ends such a connection as if it had broken, and tells why only in words. */
function isTooBig({ code, reason }: SocketEnd): boolean {
  return code === MESSAGE_TOO_BIG || /^Max payload/.test(reason)
}
