import { encodeWallClockJson, MessageError, parseJson } from '../../messages/index.js'
import {
  pairedSocketOpener,
  type SocketOpener,
  type WallClockTransport,
  type WallClockTransportHandlers,
} from '../connections/index.js'
import { decodeApp2AppAnswer, encodeApp2AppRequest } from './app2app-wall-clock-message.js'
import { MAX_REMEMBERED_REQUESTS } from './wall-clock-limits.js'
import { WebSocketWallClockTransport } from './websocket-wall-clock-transport.js'

/** Requests and answers of a wall clock that an application on a television serves over App2App, in either of the two JSON formats. */
export class App2AppWallClockTransport implements WallClockTransport {
  readonly url: string
  readonly isJson = true
  readonly #socket: WebSocketWallClockTransport
  /** The originate times of the latest requests, by their ids. */
  readonly #originates = new Map<string, bigint>()

  /** @param url of the channel. */
  constructor(url: string, openSocket: SocketOpener) {
    this.url = url
    this.#socket = new WebSocketWallClockTransport(url, {
      encoding: 'json',
      openSocket: pairedSocketOpener(openSocket),
    })
  }

  start(handlers: WallClockTransportHandlers, now: () => number): void {
    this.#socket.start(
      { ...handlers, message: (data, receivedTicks) => this.#received(data, receivedTicks, handlers) },
      now,
    )
  }

  send(message: Uint8Array | string): void {
    const json = String(message)
    const { otvs, otvn } = JSON.parse(json) as { otvs: number; otvn: number }
    const id = randomId()
    this.#originates.set(String(id), BigInt(otvs) * 1_000_000_000n + BigInt(otvn))
    if (this.#originates.size > MAX_REMEMBERED_REQUESTS) {
      for (const oldest of this.#originates.keys()) {
        this.#originates.delete(oldest)
        break
      }
    }
    this.#socket.send(encodeApp2AppRequest(json, id))
  }

  stop(): void {
    this.#socket.stop()
  }

  #received(data: Uint8Array | string, receivedTicks: number, handlers: WallClockTransportHandlers): void {
    let text: string
    try {
      const answer = decodeApp2AppAnswer(parseJson(data))
      if (answer === undefined) {
        handlers.message(data, receivedTicks)
        return
      }
      // The client ignores an answer with an originate time that is not one of its own, and counts it.
      const originateNanos = this.#originates.get(answer.id) ?? 0n
      text = encodeWallClockJson({ ...answer.message, originateNanos })
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      handlers.violated(error.kind, error.message)
      return
    }
    handlers.message(text, receivedTicks)
  }
}

/** An integer that a double holds: some applications parse it. Nobody who does not see the requests can guess its 52 bits. */
function randomId(): number {
  const [high = 0, low = 0] =
    globalThis.crypto === undefined
      ? [Math.random() * 2 ** 32, Math.random() * 2 ** 32]
      : crypto.getRandomValues(new Uint32Array(2))
  return (Math.floor(high) % 2 ** 20) * 2 ** 32 + Math.floor(low)
}
