import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { ConnectionEvents } from '../src/server/connection.js'
import type { EndpointServer } from '../src/server/endpoint-server.js'
import type { TimeoutReason } from '../src/server/endpoint-statistics.js'
import { AdaptedSocket } from './adapted-socket.js'
import type { SharedFrames } from './shared-frames.js'

/** An open WebSocket in the hands of its server, as its mount sees it. */
export interface AdaptedConnection {
  /** Sends the client away because the server is going. */
  goAway(): void
  /** Pings the peer, and ends the connection of one that has shown no sign of life for two intervals. */
  heartbeat(): void
  /** Ends the connection of a peer that has not read, within this time, what waited for it. */
  checkSending(nowMilliseconds: number, timeoutMilliseconds: number): void
  /** Closes the connection of a peer that has not completed, within this time, a message that it has begun. */
  checkReceiving(nowMilliseconds: number, timeoutMilliseconds: number): void
}

/**
 * Hands an open WebSocket to its server. Listeners are attached before this returns: a message that came in one segment with the
 * handshake would be lost otherwise.
 * @param frames of the endpoint: what it sends to many clients is framed once.
 * @param onClosed called once, when the socket is gone, whatever else goes wrong.
 */
export function adaptWebSocket(
  socket: WebSocket,
  request: FastifyRequest,
  server: EndpointServer,
  frames: SharedFrames,
  onClosed: () => void,
): AdaptedConnection {
  const adapted = new AdaptedSocket(socket, request, server.maxBufferedBytes, frames)
  // The websocket plugin's own listener may destroy the socket, and with it the close frame that says what was wrong.
  socket.removeAllListeners('error')
  // Likewise it would close all sockets without a code when the app closes; ours are closed with 1001. An app may have
  // turned this list off.
  request.server.websocketServer.clients?.delete(socket)

  let events: ConnectionEvents | undefined
  const giveUp = (reason: TimeoutReason) => {
    events?.timedOut(reason)
    adapted.terminate()
  }
  const early: (string | Uint8Array)[] = []
  socket.on('pong', () => {
    if (adapted.receivedPong()) events?.controlFrame()
  })
  socket.on('ping', () => {
    if (adapted.abandoned) giveUp('send')
    else if (adapted.receivedPing()) events?.controlFrame()
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!adapted.receivedMessage(data.length)) return
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
  return {
    goAway: () => events?.goAway(),
    heartbeat: () => {
      if (!adapted.ping()) giveUp('heartbeat')
    },
    checkSending: (nowMilliseconds, timeoutMilliseconds) => {
      if (adapted.unreadFor(nowMilliseconds) >= timeoutMilliseconds) giveUp('send')
    },
    checkReceiving: (nowMilliseconds, timeoutMilliseconds) => {
      if (adapted.incompleteFor(nowMilliseconds) >= timeoutMilliseconds) events?.timedOut('message')
    },
  }
}
