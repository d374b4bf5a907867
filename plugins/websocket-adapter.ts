import type { Socket } from 'node:net'
import type { WebSocket } from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import { AdaptedSocket } from './adapted-socket.js'
import type { MountedConnections } from './mounted-connections.js'

const ADAPTED = Symbol('adapted socket')

/** The listeners are shared by all connections, since closures for each would cost a tenth of its memory; they find theirs here. */
interface Adapted {
  [ADAPTED]: AdaptedSocket
}

/**
 * Hands an open WebSocket to its server. Listeners are attached before this returns: a message that came in one segment with the
 * handshake would be lost otherwise.
 */
export function adaptWebSocket(socket: WebSocket, request: FastifyRequest, connections: MountedConnections): void {
  const { server } = connections
  const adapted = new AdaptedSocket(socket, request, connections)
  // The websocket plugin's own listener may destroy the socket, and with it the close frame that says what was wrong.
  socket.removeAllListeners('error')
  // Likewise it would close all sockets without a code when the app closes; ours are closed with 1001. An app may have
  // turned this list off.
  request.server.websocketServer.clients?.delete(socket)

  ;(socket as WebSocket & Adapted)[ADAPTED] = adapted
  socket.on('pong', onPong)
  socket.on('ping', onPing)
  socket.on('message', onMessage)
  socket.on('error', onError)
  socket.on('close', onClose)
  connections.add(adapted)
  try {
    adapted.handlers = server.open(adapted)
  } catch (error) {
    server.logLimited(request.log, 'error', { err: error }, 'endpoint failed to accept a connection')
    adapted.close(1011, 'internal error')
  }
  adapted.release()
  connections.opened(adapted)
  // After the listener of `ws`, which parses the chunk.
  const raw = (socket as unknown as { _socket?: Socket })._socket as (Socket & Adapted) | undefined
  if (raw === undefined || !connections.limitsReceiving) return
  raw[ADAPTED] = adapted
  raw.on('data', onData)
}

function onPong(this: WebSocket, payload: Buffer): void {
  const adapted = (this as WebSocket & Adapted)[ADAPTED]
  if (adapted.receivedPong(payload)) adapted.handlers?.controlFrame()
}

function onPing(this: WebSocket): void {
  const adapted = (this as WebSocket & Adapted)[ADAPTED]
  if (adapted.abandoned) adapted.giveUp('send')
  else if (adapted.receivedPing()) adapted.handlers?.controlFrame()
}

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  const adapted = (this as WebSocket & Adapted)[ADAPTED]
  if (adapted.receivedMessage(data.length)) adapted.handlers?.message(isBinary ? data : data.toString(), data.length)
}

function onError(this: WebSocket, error: Error): void {
  const adapted = (this as WebSocket & Adapted)[ADAPTED]
  adapted.endSoon()
  adapted.handlers?.failed(error)
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  const adapted = (this as WebSocket & Adapted)[ADAPTED]
  adapted.closed()
  // Before the server is told: the app waits for this when it closes.
  adapted.mount.remove(adapted)
  adapted.handlers?.closed(code, reason.toString())
}

function onData(this: Socket): void {
  ;(this as Socket & Adapted)[ADAPTED].receivedChunk()
}
