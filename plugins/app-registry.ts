import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../src/clocks/index.js'
import { type Cii, wallClockWebSocketLocation } from '../src/messages/index.js'
import type { CiiServer } from '../src/server/cii-server.js'
import { HandshakeDeadline } from './handshake-deadline.js'

/** Where the endpoints of an app are to be found. */
export interface EndpointUrls {
  tsUrl?: string
  /** Over UDP. */
  wcUrl?: string
  /** For companions without UDP. */
  webSocketWcUrl?: string
}

/** What the plugins of one app know of each other, in whichever scopes and whichever order they were registered. */
export class AppRegistry {
  readonly deadline: HandshakeDeadline
  readonly #advertisers = new Set<CiiServer>()
  #urls: EndpointUrls = {}

  constructor(root: FastifyInstance) {
    this.deadline = new HandshakeDeadline(root.server as Server)
    root.addHook('preClose', async () => this.deadline.close())
  }

  /** Where an endpoint is to be found. The first of a kind is the one that is advertised. */
  announce(urls: EndpointUrls): void {
    this.#urls = { ...urls, ...this.#urls }
    for (const cii of this.#advertisers) cii.advertise(this.#advertised())
  }

  /** {@link announce} for a WebSocket endpoint of this app. */
  announceEndpoint(name: 'tsUrl' | 'webSocketWcUrl', path: string): void {
    // A path with a parameter in it is many paths.
    if (!/[:*]/.test(path)) this.announce({ [name]: `{{scheme}}://{{host}}:{{port}}${path}` })
  }

  /** Lets a CII server advertise what is announced, before or after. */
  advertiseOn(cii: CiiServer): void {
    this.#advertisers.add(cii)
    cii.advertise(this.#advertised())
  }

  #advertised(): Cii {
    const { tsUrl, wcUrl, webSocketWcUrl } = this.#urls
    const cii: Cii = {}
    if (tsUrl !== undefined) cii.tsUrl = tsUrl
    const wallClockUrl = wcUrl ?? webSocketWcUrl
    if (wallClockUrl !== undefined) cii.wcUrl = wallClockUrl
    if (wcUrl !== undefined && webSocketWcUrl !== undefined) cii.private = [wallClockWebSocketLocation(webSocketWcUrl)]
    return cii
  }
}

const registries = new WeakMap<FastifyInstance, AppRegistry>()

/** A scope inherits from the scope around it; the outermost one is the app itself. */
export function rootOf(app: FastifyInstance): FastifyInstance {
  let root = app
  for (;;) {
    const outer: unknown = Object.getPrototypeOf(root)
    if (typeof (outer as Partial<FastifyInstance> | null)?.register !== 'function') return root
    root = outer as FastifyInstance
  }
}

/** The registry of the app that this scope belongs to. */
export function registryOf(app: FastifyInstance): AppRegistry {
  const root = rootOf(app)
  let registry = registries.get(root)
  if (registry === undefined) {
    registry = new AppRegistry(root)
    registries.set(root, registry)
  }
  return registry
}

/** Gives a server `app.wallClock`, whether its plugin was registered before or after. */
export function useWallClockOf(app: FastifyInstance, server: { useWallClock(wallClock: Clock): void }): void {
  app.addHook('onReady', async () => {
    if (app.hasDecorator('wallClock')) server.useWallClock(app.wallClock)
  })
}
