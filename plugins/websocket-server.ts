import type { IncomingMessage } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { DEFAULTS } from '../src/server/endpoint/index.js'
import { DvbcssError } from '../src/validation/index.js'
import { registryOf, rootOf } from './app-registry.js'
import { destroyUnlessTaken } from './dispatched-upgrades.js'

/**
 * The app is set up so that its WebSocket endpoints could not work. Thrown when the first of them is registered. Code
 * `DVBCSS_ERR_UNSUITABLE_APP`.
 */
export class UnsuitableAppError extends DvbcssError {
  constructor(message: string) {
    super('DVBCSS_ERR_UNSUITABLE_APP', `fastify-dvbcss: ${message}`)
  }
}

/** Servers whose upgrade listeners are in order. */
const guardedServers = new WeakSet<object>()

/** The WebSocket servers that we have set up ourselves. */
const ownWebsocketServers = new WeakSet<object>()

/**
 * Registers @fastify/websocket on the app, unless it is there. It must be on the root: in an inner scope it would take
 * over upgrade requests for the whole server, and leak the sockets of those that belong to other scopes.
 * @throws UnsuitableAppError where no WebSocket could connect.
 */
export async function provideWebsocket(app: FastifyInstance): Promise<void> {
  const root = rootOf(app)
  checkServer(root)
  if (!root.hasDecorator('websocketServer')) {
    if (root !== app || app.hasDecorator('websocketServer')) {
      throw new UnsuitableAppError(
        'register @fastify/websocket on the root instance, before using this plugin in an encapsulated context: ' +
          'app.register(websocket)',
      )
    }
    // For routes of the app's own. Each endpoint has its own limit.
    await app.register(fastifyWebsocket, { options: { maxPayload: DEFAULTS.maxMessageBytes } })
    ownWebsocketServers.add(app.websocketServer)
  }
  checkWebsocketPlugin(root)
  letOthersFirst(root)
}

/** Bytes of a message that the app's own registration of @fastify/websocket lets through; Infinity where it has none. */
export function appMaxPayload(app: FastifyInstance): number {
  const root = rootOf(app)
  if (!root.hasDecorator('websocketServer') || ownWebsocketServers.has(root.websocketServer))
    return Number.POSITIVE_INFINITY
  // For ws, 0 means no limit.
  return root.websocketServer.options.maxPayload || Number.POSITIVE_INFINITY
}

type UpgradeListener = (request: IncomingMessage, socket: UpgradedSocket, head: Buffer) => void

/** The response that Node or an upgrade listener has assigned to the socket, which has no public name. */
type UpgradedSocket = Socket & { _httpMessage?: { req?: IncomingMessage } | null }

/**
 * Gives the app's other upgrade listeners, such as a WebSocket proxy or a `ws` server of the app, the sockets that they take.
 * @fastify/websocket dispatches every upgrade to Fastify: one that another listener has taken would get a 404 into its stream,
 * and if both dispatch it, the second one throws and ends the process. So its listener runs last, and skips taken sockets.
 */
function letOthersFirst(root: FastifyInstance): void {
  const { server } = root
  if (guardedServers.has(server)) return
  guardedServers.add(server)
  const dispatcher = dispatchersOf(root)[0] as UpgradeListener | undefined
  if (dispatcher === undefined) return
  const { requests } = registryOf(root)
  const guarded: UpgradeListener & { listener: UpgradeListener } = Object.assign(
    (...[request, socket, head]: Parameters<UpgradeListener>) => {
      const response = socket._httpMessage
      if (response == null) {
        if (!requests.isTaken(socket)) dispatcher(request, socket, head)
      } else if (response.req !== request) {
        // Pipelined behind a request without an answer, so it cannot be dispatched. Node has removed its own listeners.
        socket.on('error', () => socket.destroy())
        socket.once('end', destroyUnlessTaken)
      }
    },
    // By which the plugin finds it again when it removes its listener.
    { listener: dispatcher },
  )
  const moveToEnd = () => {
    if (!server.rawListeners('upgrade').includes(guarded)) return
    server.off('upgrade', guarded)
    server.on('upgrade', guarded)
  }
  server.off('upgrade', dispatcher)
  server.on('upgrade', guarded)
  server.on('newListener', (event: string | symbol, added: unknown) => {
    // Called before the listener is added.
    if (event === 'upgrade' && added !== dispatcher) queueMicrotask(moveToEnd)
  })
}

/** Each registration of @fastify/websocket adds a listener of the same source, which passes what it gets to Fastify. */
function dispatchersOf({ server }: FastifyInstance): unknown[] {
  return server.listeners('upgrade').filter((listener) => String(listener).includes('fastify.routing('))
}

function checkServer({ server, log }: FastifyInstance): void {
  // Only HTTP/2 servers have the first, and of them only those that also speak HTTP/1.1 the second.
  const isHttp2Only = 'updateSettings' in server && !('headersTimeout' in server)
  if (isHttp2Only) {
    throw new UnsuitableAppError(
      'WebSocket endpoints need HTTP/1.1, and this app serves HTTP/2 only; leave out http2, or add https: { allowHTTP1: true }',
    )
  }
  if (!(server instanceof NetServer))
    log.warn("the server of this app was not made by Node; WebSocket endpoints need its 'upgrade' events")
}

function checkWebsocketPlugin(root: FastifyInstance): void {
  if (dispatchersOf(root).length > 1) {
    throw new UnsuitableAppError(
      '@fastify/websocket is registered more than once; register it once, on the root instance, before the other plugins',
    )
  }
  const { path } = root.websocketServer.options
  if (typeof path === 'string') {
    throw new UnsuitableAppError(
      `@fastify/websocket refuses all paths except ${path}; register it without options.path`,
    )
  }
  if (root.server.listenerCount('upgrade') === 0)
    root.log.warn('@fastify/websocket is registered with options.server: WebSocket endpoints are on that server only')
}
