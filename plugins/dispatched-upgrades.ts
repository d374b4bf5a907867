import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { AppConnections } from './app-connections.js'
import { hasOtherUpgradeListeners, holdBackAnswer, readersOf } from './unrouted-upgrades.js'

const ERROR_BODY = JSON.stringify({
  statusCode: 500,
  error: 'Internal Server Error',
  message: 'The request could not be routed.',
})

/** The response that @fastify/websocket has assigned to the socket, which has no public name. */
type DispatchedSocket = Socket & { _httpMessage?: ServerResponse | null }

/**
 * Ends the sockets of upgrade requests that do not become connections. Node leaves the socket of an upgrade to the listener,
 * and @fastify/websocket ends it only in a hook, which many requests never reach: their URL cannot be decoded, a parameter is
 * too long, an earlier hook has thrown. Every such request would leak a socket, and `app.close()` would wait for it.
 */
export function endDispatchedUpgrades(root: FastifyInstance, connections: AppConnections): void {
  const route = root.routing
  // @fastify/websocket looks this up for each upgrade.
  root.routing = (request, response) => {
    if (!connections.isUpgrade(request)) return route(request, response)
    // While the app closes, it cannot become a connection any more: the WebSocket server closes first.
    connections.unrouted(request)
    // Neither is emitted twice, and `once` would cost 150 bytes of every connection for each.
    response.on('finish', endSocket)
    request.socket.on('end', destroyUnlessTaken)
    const mayBeTakenLater = hasOtherUpgradeListeners(root.server)
    if (mayBeTakenLater && !isDecodable(request)) {
      holdBackAnswer(request, response, () => route(request, response))
      return
    }
    try {
      route(request, response)
    } catch (error) {
      if (mayBeTakenLater) holdBackAnswer(request, response, () => fail(response))
      else fail(response)
      // @fastify/websocket logs it.
      throw error
    }
  }
}

/** The answer is complete, and nothing may follow it. */
function endSocket(this: ServerResponse): void {
  this.socket?.destroySoon()
}

/** The client has gone, or will send nothing more, before its request was answered. A plain request ends likewise. */
export function destroyUnlessTaken(this: DispatchedSocket): void {
  const response = this._httpMessage
  // Detached while another upgrade listener may take the socket.
  if (response == null || response.writableEnded || readersOf(this) > 0) return
  this.destroy()
}

/** Something that Fastify calls before the hooks has thrown, such as `rewriteUrl` or `genReqId`. */
function fail(response: ServerResponse): void {
  if (response.headersSent) {
    response.socket?.destroy()
    return
  }
  response.writeHead(500, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(ERROR_BODY),
    connection: 'close',
  })
  response.end(ERROR_BODY)
}

/** Whether the router can decode the path: if not, it answers at once. */
function isDecodable({ url }: IncomingMessage): boolean {
  try {
    decodeURI(url?.split(/[?#]/, 1)[0] ?? '')
    return true
  } catch {
    return false
  }
}
