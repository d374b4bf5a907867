import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { DEFAULTS } from '../src/server/endpoint/index.js'

/** The listener of @fastify/websocket, and ours that watches. */
const OWN_LISTENERS = 2

/** Whether the app has upgrade listeners besides those that it has because of our plugins. */
export function hasOtherUpgradeListeners(server: Server): boolean {
  return server.listenerCount('upgrade') > OWN_LISTENERS
}

/**
 * Holds back the 404 for an upgrade that no route takes. Another upgrade listener may take the socket later, when it has asked a
 * database or connected to an upstream server, as `http-proxy` does: it must not find a 404 in its stream.
 * @param answer called if nobody has taken the socket in time.
 */
export function holdBackAnswer(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
  const { socket } = request
  const { bytesWritten } = socket
  const readers = readersOf(socket)
  response.detachSocket(socket)
  const timer = setTimeout(() => {
    socket.off('close', closed)
    const isTaken = readersOf(socket) > readers || socket.bytesWritten > bytesWritten || socket.writableEnded
    if (isTaken || socket.destroyed) return
    response.assignSocket(socket)
    answer()
  }, DEFAULTS.unroutedUpgradeTimeoutSeconds * 1000)
  timer.unref()
  const closed = () => clearTimeout(timer)
  socket.once('close', closed)
}

/** How many listeners read a socket. */
export function readersOf(socket: Socket): number {
  return socket.listenerCount('data') + socket.listenerCount('readable')
}
