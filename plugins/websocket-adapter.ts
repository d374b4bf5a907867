import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { Authority, ConnectionSocket } from '../src/server/connection.js'
import { DEFAULTS } from '../src/server/defaults.js'
import type { EndpointServer } from '../src/server/endpoint-server.js'
import { reachedAt } from './reached-at.js'

const TEXT = { binary: false }
const BINARY = { binary: true }

/** A `ws` socket as the servers see it. */
class AdaptedSocket implements ConnectionSocket {
  readonly remoteAddress: string
  readonly reachedAt: Authority
  readonly #socket: WebSocket
  #closeTimer: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, request: FastifyRequest) {
    this.#socket = socket
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
 * @param onClosed called once, when the socket is gone.
 */
export function adaptWebSocket(
  socket: WebSocket,
  request: FastifyRequest,
  server: EndpointServer,
  maxMessageBytes: number,
  onClosed: () => void,
): void {
  const adapted = new AdaptedSocket(socket, request)
  // The websocket plugin's own listener may destroy the socket, and with it the close frame that says what was wrong.
  socket.removeAllListeners('error')
  // Likewise it would close all sockets without a code when the app closes; ours are closed with 1001.
  request.server.websocketServer.clients.delete(socket)

  const early: (string | Uint8Array)[] = []
  let deliver = (message: string | Uint8Array): void => {
    early.push(message)
  }
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (data.length > maxMessageBytes) {
      const error = new RangeError(`expected at most ${maxMessageBytes} bytes in a message, got ${data.length}`)
      events.failed(Object.assign(error, { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }))
      adapted.close(1009, 'message too large')
      return
    }
    deliver(isBinary ? data : data.toString())
  })
  socket.on('error', (error: Error) => {
    events.failed(error)
    adapted.endSoon()
  })
  socket.once('close', (code: number, reason: Buffer) => {
    adapted.closed()
    events.closed(code, reason.toString())
    onClosed()
  })
  const events = server.opened(adapted)
  deliver = events.message
  for (const message of early) deliver(message)
}
