import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { Authority, ConnectionEvents, ConnectionSocket } from '../src/server/connection.js'
import { DEFAULTS } from '../src/server/defaults.js'
import type { EndpointServer } from '../src/server/endpoint-server.js'
import { reachedAt } from './reached-at.js'

const TEXT = { binary: false }
const BINARY = { binary: true }

/** A `ws` socket as the servers see it. */
class AdaptedSocket implements ConnectionSocket {
  readonly remoteAddress: string
  readonly reachedAt: Authority
  readonly handshake: FastifyRequest
  readonly #socket: WebSocket
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, request: FastifyRequest) {
    this.#socket = socket
    this.handshake = request
    // An injected request has no address.
    this.remoteAddress = request.ip ?? ''
    this.reachedAt = reachedAt(request)
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(data: string | Uint8Array, isText: boolean, handedOver: (() => void) | undefined): void {
    this.#socket.send(data, isText ? TEXT : BINARY, handedOver)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
    this.endSoon()
  }

  /** The peer may never answer a close frame. */
  endSoon(): void {
    this.#closeTimer ??= setTimeout(() => this.#socket.terminate(), DEFAULTS.closeTimeout)
  }

  closed(): void {
    clearTimeout(this.#closeTimer)
  }
}

/**
 * Hands an open WebSocket to its server. Listeners are attached before this returns: a message that came in one segment with the
 * handshake would be lost otherwise.
 * @param onClosed called once, when the socket is gone, whatever else goes wrong.
 * @returns a function that sends the client away because the server is going.
 */
export function adaptWebSocket(
  socket: WebSocket,
  request: FastifyRequest,
  server: EndpointServer,
  maxMessageBytes: number,
  onClosed: () => void,
): () => void {
  const adapted = new AdaptedSocket(socket, request)
  // The websocket plugin's own listener may destroy the socket, and with it the close frame that says what was wrong.
  socket.removeAllListeners('error')
  // Likewise it would close all sockets without a code when the app closes; ours are closed with 1001. An app may have
  // turned this list off.
  request.server.websocketServer.clients?.delete(socket)

  let events: ConnectionEvents | undefined
  let heardEnough = false
  const early: (string | Uint8Array)[] = []
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (heardEnough) return
    if (data.length > maxMessageBytes) {
      heardEnough = true
      const error = new RangeError(`expected at most ${maxMessageBytes} bytes in a message, got ${data.length}`)
      events?.failed(Object.assign(error, { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }))
      adapted.close(1009, 'message too large')
      return
    }
    const message = isBinary ? data : data.toString()
    if (events === undefined) early.push(message)
    else events.message(message)
  })
  socket.on('error', (error: Error) => {
    adapted.endSoon()
    events?.failed(error)
  })
  socket.once('close', (code: number, reason: Buffer) => {
    adapted.closed()
    // Before the server hears of it: the app waits for this when it closes.
    onClosed()
    events?.closed(code, reason.toString())
  })
  try {
    events = server.opened(adapted)
  } catch (error) {
    request.log.error({ err: error }, 'an endpoint could not take a connection')
    adapted.close(1011, 'internal error')
    return () => {}
  }
  for (const message of early) events.message(message)
  return events.goAway
}
