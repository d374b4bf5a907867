import type { IncomingMessage } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { DEFAULTS } from '../src/server/defaults.js'
import { rootOf } from './app-registry.js'

/** The app is set up so that its WebSocket endpoints could not work. Thrown when the first of them is registered. */
export class UnsuitableAppError extends Error {
  readonly code = 'FST_DVBCSS_ERR_UNSUITABLE_APP'

  constructor(message: string) {
    super(`fastify-dvbcss: ${message}`)
    this.name = 'UnsuitableAppError'
  }
}

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

type UpgradeListener = (request: IncomingMessage, socket: Socket & { _httpMessage?: unknown }, head: Buffer) => void

/**
 * Lets the app's other upgrade listeners, such as that of a WebSocket proxy, have the sockets that they take. @fastify/websocket answers
 * for every path, and an upgrade that both hand to Fastify throws out of whichever comes second: out of the process, where that
 * is the proxy. So its listener is the last, and leaves alone what has been taken.
 */
function letOthersFirst(root: FastifyInstance): void {
  const { server } = root
  if (guardedServers.has(server)) return
  guardedServers.add(server)
  const dispatcher = dispatchersOf(root)[0] as UpgradeListener | undefined
  if (dispatcher === undefined) return
  const guarded: UpgradeListener & { listener: UpgradeListener } = Object.assign(
    (...[request, socket, head]: Parameters<UpgradeListener>) => {
      // Set while a response is assigned to the socket: by another listener, or to an earlier request without an answer.
      if (socket._httpMessage == null) dispatcher(request, socket, head)
    },
    // By which the plugin finds it again when it removes its listener.
    { listener: dispatcher },
  )
  server.off('upgrade', dispatcher)
  server.on('upgrade', guarded)
  root.addHook('onReady', async () => {
    if (!server.rawListeners('upgrade').includes(guarded)) return
    server.off('upgrade', guarded)
    server.on('upgrade', guarded)
  })
}

const guardedServers = new WeakSet<object>()

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
