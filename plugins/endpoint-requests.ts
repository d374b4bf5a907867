import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { EndpointServer } from '../src/server/endpoint/index.js'
import { AppConnections } from './app-connections.js'
import { endDispatchedUpgrades } from './dispatched-upgrades.js'
import { HandshakeDeadline } from './handshake-deadline.js'
import { hasOtherUpgradeListeners, holdBackAnswer } from './unrouted-upgrades.js'

type ChildLoggerFactory = FastifyInstance['childLoggerFactory']

type TimedOut = (request: IncomingMessage, remoteAddress: string | undefined) => void

/** Where an endpoint is mounted, and how long its handshakes may take. */
export interface EndpointMount {
  readonly path: string
  readonly server: EndpointServer
  readonly handshakeTimeoutMillis: number
}

/** Recognises the requests to the endpoints of an app, before any hook of the app runs, and limits their time. */
export class EndpointRequests {
  readonly #connections: AppConnections
  readonly #deadline = new HandshakeDeadline()
  readonly #mounts: { readonly mount: EndpointMount; readonly pattern: RegExp }[] = []

  constructor(root: FastifyInstance) {
    this.#connections = new AppConnections(root)
    endDispatchedUpgrades(root, this.#connections)
    root.addHook('preClose', async () => this.#deadline.close())
    root.addHook('onRequest', (request, reply, done) => {
      if (!request.is404) return done()
      const raw = request.raw as IncomingMessage
      const isOurs = this.#unrouted(raw)
      const isUpgrade = this.#connections.isUpgrade(raw)
      if (isUpgrade && !isOurs && hasOtherUpgradeListeners(root.server)) holdBackAnswer(raw, reply.raw, done)
      else done()
    })
  }

  /** Gives the requests to an endpoint a deadline. @returns what its route needs as `childLoggerFactory`. */
  limit(mount: EndpointMount, outer: ChildLoggerFactory): ChildLoggerFactory {
    this.#mounts.push({ mount, pattern: patternOf(mount.path) })
    const timedOut = timedOutAt(mount)
    return this.own(outer, (request) => this.#start(request, mount, timedOut))
  }

  /**
   * Marks the requests to a route as ours, so that they do not hold up `app.close()`. Fastify makes a request's logger as
   * soon as the router has chosen the route. Nothing else of ours runs that early: a hook of the app may never end, and
   * only the router knows whose a request is.
   * @param outer makes the logger.
   */
  own(outer: ChildLoggerFactory, routed: (request: IncomingMessage) => void = () => {}): ChildLoggerFactory {
    const connections = this.#connections
    return function (this: FastifyInstance, logger, bindings, options, request) {
      connections.claim(request as IncomingMessage)
      routed(request as IncomingMessage)
      return outer.call(this, logger, bindings, options, request)
    }
  }

  /** The handshake is complete. */
  done(request: IncomingMessage): void {
    this.#deadline.done(request)
  }

  /** Whether an upgrade listener that ran before has taken the socket. */
  isTaken(socket: Socket): boolean {
    return this.#connections.isTakenMeanwhile(socket)
  }

  #start(request: IncomingMessage, { handshakeTimeoutMillis }: EndpointMount, timedOut: TimedOut): void {
    const { socket } = request
    // An injected request.
    if (!this.#connections.has(socket)) return
    const response = this.#connections.responseTo(request)
    this.#deadline.start(request, response, handshakeTimeoutMillis, timedOut)
  }

  /**
   * Fastify waits for the body of a request even if no route takes it, such as a POST to an endpoint. @returns whether its path is that of
   * an endpoint.
   */
  #unrouted(request: IncomingMessage): boolean {
    this.#connections.unrouted(request)
    const path = request.url?.split('?', 1)[0] ?? ''
    const found = this.#mounts.find(({ pattern }) => pattern.test(path))
    if (found !== undefined) this.#start(request, found.mount, timedOutAt(found.mount))
    return found !== undefined
  }
}

/** Counts and logs the requests to an endpoint that have taken too long. */
function timedOutAt({ path, server }: EndpointMount): TimedOut {
  return ({ method }, remoteAddress) => {
    server.statistics.timedOut.handshake += 1
    try {
      const fields = { reason: 'handshake', remoteAddress, path, method }
      server.logLimited(server.log, 'info', fields, 'handshake timed out')
    } catch {
      // A logger that throws must not end the process.
    }
  }
}

/** Matches the path of an endpoint as leniently as a router may be set to: it is only asked about what no route takes. */
function patternOf(path: string): RegExp {
  const escaped = encodeURI(path).replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  const source = escaped.replace(/\/:[^/]+/g, '/[^/]+').replace(/\*/g, '.*')
  return new RegExp(`^${source.replace(/\/+$/, '')}/*$`, 'i')
}
