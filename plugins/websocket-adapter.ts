import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { Authority, ConnectionEvents, ConnectionSocket } from '../src/server/connection.js'
import { DEFAULTS } from '../src/server/defaults.js'
import type { EndpointServer } from '../src/server/endpoint-server.js'
import type { TimeoutReason } from '../src/server/endpoint-statistics.js'
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
  /** Pings since the peer was last heard. */
  #silentPings = 0
  /** What waited for the peer at the last look, and when it last took something of it. */
  #waiting = 0
  #takenAt = 0

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

  /** Any frame is a sign of life. */
  heard(): void {
    this.#silentPings = 0
  }

  /** @returns false when the last two pings have brought no sign of life; otherwise pings again. */
  ping(): boolean {
    if (this.#silentPings >= 2) return false
    this.#silentPings += 1
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
    return true
  }

  /** @returns how long something has waited of which the peer has taken nothing, in milliseconds. */
  stalledFor(nowMilliseconds: number): number {
    const waiting = this.#socket.bufferedAmount
    // Less than before, or nothing: it reads. More may only be what was added meanwhile, as far as this can see.
    if (waiting === 0 || waiting < this.#waiting || this.#waiting === 0) this.#takenAt = nowMilliseconds
    this.#waiting = waiting
    return nowMilliseconds - this.#takenAt
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

/** An open WebSocket in the hands of its server, as its mount sees it. */
export interface AdaptedConnection {
  /** Sends the client away because the server is going. */
  goAway(): void
  /** Looks for a sign of life, and gives the peer up where there was none for two intervals. */
  heartbeat(): void
  /** Gives a peer up that has taken nothing for this long of what waits for it. */
  checkSending(nowMilliseconds: number, timeoutMilliseconds: number): void
}

/**
 * Hands an open WebSocket to its server. Listeners are attached before this returns: a message that came in one segment with the
 * handshake would be lost otherwise.
 * @param onClosed called once, when the socket is gone, whatever else goes wrong.
 */
export function adaptWebSocket(
  socket: WebSocket,
  request: FastifyRequest,
  server: EndpointServer,
  maxMessageBytes: number,
  onClosed: () => void,
): AdaptedConnection {
  const adapted = new AdaptedSocket(socket, request)
  // The websocket plugin's own listener may destroy the socket, and with it the close frame that says what was wrong.
  socket.removeAllListeners('error')
  // Likewise it would close all sockets without a code when the app closes; ours are closed with 1001. An app may have
  // turned this list off.
  request.server.websocketServer.clients?.delete(socket)

  let events: ConnectionEvents | undefined
  let heardEnough = false
  const early: (string | Uint8Array)[] = []
  socket.on('pong', () => adapted.heard())
  socket.on('ping', () => adapted.heard())
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    adapted.heard()
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
    server.logLimited(request.log, 'error', { err: error }, 'an endpoint could not take a connection')
    adapted.close(1011, 'internal error')
  }
  for (const message of early) events?.message(message)
  const giveUp = (reason: TimeoutReason) => {
    events?.timedOut(reason)
    adapted.terminate()
  }
  return {
    goAway: () => events?.goAway(),
    heartbeat: () => {
      if (!adapted.ping()) giveUp('heartbeat')
    },
    checkSending: (nowMilliseconds, timeoutMilliseconds) => {
      if (adapted.stalledFor(nowMilliseconds) >= timeoutMilliseconds) giveUp('send')
    },
  }
}
