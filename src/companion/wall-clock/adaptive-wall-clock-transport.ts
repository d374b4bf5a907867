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

/** Requests without an answer after which the other encoding is tried. */
const UNANSWERED_REQUESTS = 4

export interface AdaptiveWallClockTransportOptions {
  readonly openSocket: SocketOpener
  /** Whether this is a channel of App2App: its connections have to be paired, and its messages are JSON. */
  readonly isApp2App: boolean
}

/**
 * Wall clock messages over a WebSocket whose encoding is not known: the 32 bytes of CSS-WC, or one of two formats in JSON. It begins
 * with the 32 bytes, and tries JSON if nothing is answered, or if the television announces a pair of App2App. Once something was
 * answered, the encoding stays. Towards the client the messages are those of CSS-WC, in either encoding.
 */
export class AdaptiveWallClockTransport implements WallClockTransport {
  readonly url: string
  readonly isJson = false
  readonly #isApp2App: boolean
  readonly #socket: WebSocketWallClockTransport
  /** The originate times of the latest requests in JSON, by their ids. */
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
    // The client reads everything else by itself. It ignores an answer with an originate time that is not one of its own.
    const originateNanos = answer === undefined ? 0n : (this.#originates.get(answer.id) ?? 0n)
    const text = answer === undefined ? data : encodeWallClockJson({ ...answer.message, originateNanos })
    handlers.message(text, receivedTicks)
  }
}

/** @returns undefined if the text is not JSON, which is for the client to report. */
function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Whether this is an answer, and not a complaint about a message that the server does not understand. */
function hasTimes(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('rt' in value || 'tt' in value)
}

/** An integer that a double holds: some applications parse it. Nobody who does not see the requests can guess its 52 bits. */
function randomId(): number {
  const [high = 0, low = 0] =
    globalThis.crypto === undefined
      ? [Math.random() * 2 ** 32, Math.random() * 2 ** 32]
      : crypto.getRandomValues(new Uint32Array(2))
  return (Math.floor(high) % 2 ** 20) * 2 ** 32 + Math.floor(low)
}
