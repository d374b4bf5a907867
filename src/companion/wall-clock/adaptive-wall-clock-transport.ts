import { decodeWallClockMessage, encodeWallClockJson, MessageError, parseJson } from '../../messages/index.js'
import {
  PAIRING_COMPLETED,
  pairedSocketOpener,
  type SocketOpener,
  type WallClockTransport,
  type WallClockTransportHandlers,
} from '../connections/index.js'
import { type App2AppAnswer, decodeApp2AppAnswer, encodeApp2AppRequest } from './app2app-wall-clock-message.js'
import { MAX_REMEMBERED_REQUESTS } from './wall-clock-limits.js'
import { WebSocketWallClockTransport } from './websocket-wall-clock-transport.js'

/** Number of unanswered requests after which the other encoding is tried. */
const UNANSWERED_REQUESTS = 4

export interface AdaptiveWallClockTransportOptions {
  readonly openSocket: SocketOpener
  /** Whether the URL is an App2App channel, whose connections must be paired and whose messages are JSON. */
  readonly isApp2App: boolean
}

/**
 * A transport over a WebSocket that detects the encoding of the server: the 32-byte format of CSS-WC, or one of two JSON formats. It
 * starts with the 32-byte format, and switches to JSON if there is no answer or if the television announces an App2App pairing. The
 * first answer fixes the encoding. The client sees messages in the formats of this package in either case.
 */
export class AdaptiveWallClockTransport implements WallClockTransport {
  readonly url: string
  readonly isJson = false
  readonly #isApp2App: boolean
  readonly #socket: WebSocketWallClockTransport
  /** Originate times of the latest JSON requests, by request id. */
  readonly #originates = new Map<string, bigint>()
  #sendsJson: boolean
  #isConfirmed = false
  #unanswered = 0

  /** @throws InvalidUrlError */
  constructor(url: string, { openSocket, isApp2App }: AdaptiveWallClockTransportOptions) {
    this.url = url
    this.#isApp2App = isApp2App
    this.#sendsJson = isApp2App
    this.#socket = new WebSocketWallClockTransport(url, {
      openSocket: isApp2App ? pairedSocketOpener(openSocket) : openSocket,
    })
  }

  start(handlers: WallClockTransportHandlers, now: () => number): void {
    const opened = (): void => {
      this.#unanswered = 0
      handlers.opened()
    }
    const message = (data: Uint8Array | string, receivedTicks: number): void =>
      this.#received(data, receivedTicks, handlers)
    this.#socket.start({ ...handlers, opened, message }, now)
  }

  send(message: Uint8Array | string): void {
    if (!this.#isConfirmed && !this.#isApp2App) {
      if (this.#unanswered >= UNANSWERED_REQUESTS) {
        this.#unanswered = 0
        this.#sendsJson = !this.#sendsJson
      }
      this.#unanswered += 1
    }
    this.#socket.send(this.#sendsJson && typeof message !== 'string' ? this.#asJson(message) : message)
  }

  stop(): void {
    this.#socket.stop()
  }

  #asJson(bytes: Uint8Array): string {
    const message = decodeWallClockMessage(bytes)
    const id = randomId()
    this.#originates.set(String(id), message.originateNanos)
    if (this.#originates.size > MAX_REMEMBERED_REQUESTS) {
      for (const oldest of this.#originates.keys()) {
        this.#originates.delete(oldest)
        break
      }
    }
    return encodeApp2AppRequest(encodeWallClockJson(message), id)
  }

  #received(data: Uint8Array | string, receivedTicks: number, handlers: WallClockTransportHandlers): void {
    if (data === PAIRING_COMPLETED) {
      this.#sendsJson = true
      this.#isConfirmed = true
      return
    }
    const value = typeof data === 'string' ? parsed(data) : undefined
    if (typeof data !== 'string' || hasTimes(value)) this.#isConfirmed = true
    let answer: App2AppAnswer | undefined
    try {
      answer = decodeApp2AppAnswer(value)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      handlers.violated(error.kind, error.message)
      return
    }
    // The client decodes all other formats. It ignores answers whose originate time it did not send.
    const originateNanos = answer === undefined ? 0n : (this.#originates.get(answer.id) ?? 0n)
    const text = answer === undefined ? data : encodeWallClockJson({ ...answer.message, originateNanos })
    handlers.message(text, receivedTicks)
  }
}

/** @returns undefined if the text is not JSON. The client reports that. */
function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Whether this is an answer, rather than an error message of a server that does not support the encoding. */
function hasTimes(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('rt' in value || 'tt' in value)
}

/** An integer that a double can represent, because some applications parse it. An off-path attacker cannot guess its 52 bits. */
function randomId(): number {
  const [high = 0, low = 0] =
    globalThis.crypto === undefined
      ? [Math.random() * 2 ** 32, Math.random() * 2 ** 32]
      : crypto.getRandomValues(new Uint32Array(2))
  return (Math.floor(high) % 2 ** 20) * 2 ** 32 + Math.floor(low)
}
