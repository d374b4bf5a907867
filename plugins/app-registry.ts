import type { FastifyInstance } from 'fastify'
import type { Clock } from '../src/clocks/index.js'
import { type Cii, wallClockWebSocketLocation } from '../src/messages/index.js'
import type { App2AppServer } from '../src/server/app2app/index.js'
import type { CiiServer } from '../src/server/cii/index.js'
import type { Authority, EndpointServer } from '../src/server/endpoint/index.js'
import type { LatencyHistogram, UdpRequestServer } from '../src/server/wall-clock/index.js'
import type { Discovery } from './discovery-plugin.js'
import { EndpointRequests } from './endpoint-requests.js'

/** Where the endpoints of an app are to be found. */
export interface EndpointUrls {
  ciiUrl?: string
  tsUrl?: string
  /** Over UDP: in general, and for clients that have reached the app at an address, which need not reach the wall clock there. */
  udpWallClock?: { url: string; urlAt: (localAuthority: Authority) => string | undefined }
  /** For companions without UDP. */
  webSocketWcUrl?: string
  /** The base URL of App2App for companions. */
  app2appUrl?: string
}

/** A wall clock that is served over UDP. */
export interface ServedWallClock {
  readonly name: string
  readonly server: Pick<UdpRequestServer, 'statistics'>
  /** How long its replies have taken. */
  readonly replyTimes: LatencyHistogram
}

/**
 * What the plugins of one app know of each other. A CII endpoint advertises what is in its own scope or around it, and not what is
 * inside another: two rooms in two scopes each have their own timelines.
 */
export class AppRegistry {
  readonly requests: EndpointRequests
  /** The endpoints of the app, by the paths at which they are mounted. */
  readonly endpoints: { readonly path: string; readonly server: EndpointServer }[] = []
  /** How the televisions of the app are found. */
  readonly discoveries: Discovery[] = []
  /** The App2App relays of the app, by the paths at which they are mounted. */
  readonly app2app: { readonly path: string; readonly server: App2AppServer }[] = []
  /** The wall clocks of the app, by the names of their decorators. */
  readonly wallClocks: ServedWallClock[] = []
  readonly #advertisers = new Map<CiiServer, FastifyInstance>()
  readonly #announced: { scope: FastifyInstance; urls: EndpointUrls }[] = []

  constructor(root: FastifyInstance) {
    this.requests = new EndpointRequests(root)
  }

  /** Where an endpoint is to be found. Of several in one scope the first is advertised. */
  announce(scope: FastifyInstance, urls: EndpointUrls): void {
    this.#announced.push({ scope, urls })
    for (const [cii, itsScope] of this.#advertisers) this.#advertise(itsScope, cii)
  }

  /** {@link announce} for a WebSocket endpoint of this app. */
  announceEndpoint(
    scope: FastifyInstance,
    name: 'ciiUrl' | 'tsUrl' | 'webSocketWcUrl' | 'app2appUrl',
    path: string,
  ): void {
    // A path with a parameter in it is many paths.
    if (!/[:*]/.test(path))
      this.announce(scope, { [name]: `{{scheme}}://{{host}}:{{port}}{{prefix}}${encodeURI(path)}` })
  }

  /** Lets a CII server advertise what is announced, before or after. */
  advertiseOn(scope: FastifyInstance, cii: CiiServer): void {
    this.#advertisers.set(cii, scope)
    this.#advertise(scope, cii)
  }

  #advertise(scope: FastifyInstance, cii: CiiServer): void {
    const { tsUrl, udpWallClock, webSocketWcUrl } = this.urlsSeenFrom(scope)
    const general = {
      ...(tsUrl === undefined ? {} : { tsUrl }),
      ...wallClockProperties(udpWallClock?.url, webSocketWcUrl),
    }
    cii.advertise(general, (localAuthority) => {
      if (udpWallClock === undefined) return {}
      const url = udpWallClock.urlAt(localAuthority)
      if (url === udpWallClock.url) return {}
      return { wcUrl: null, private: null, ...wallClockProperties(url, webSocketWcUrl) }
    })
  }

  /** What is in this scope or around it, as templates. */
  urlsSeenFrom(scope: FastifyInstance): EndpointUrls {
    let urls: EndpointUrls = {}
    for (let around: FastifyInstance | undefined = scope; around !== undefined; around = scopeAround(around)) {
      for (const announced of this.#announced) {
        // What was found before is nearer, or came first.
        if (announced.scope === around) urls = { ...announced.urls, ...urls }
      }
    }
    return urls
  }
}

/** All companions look for the wall clock in `wcUrl`, and most know of UDP alone, so that goes first. */
function wallClockProperties(udpUrl: string | undefined, webSocketUrl: string | undefined): Cii {
  const wcUrl = udpUrl ?? webSocketUrl
  if (wcUrl === undefined) return {}
  if (udpUrl === undefined || webSocketUrl === undefined) return { wcUrl }
  return { wcUrl, private: [wallClockWebSocketLocation(webSocketUrl)] }
}

const registries = new WeakMap<FastifyInstance, AppRegistry>()

/** A scope inherits from the scope around it; around the app itself there is none. */
function scopeAround(scope: FastifyInstance): FastifyInstance | undefined {
  const outer: unknown = Object.getPrototypeOf(scope)
  return typeof (outer as Partial<FastifyInstance> | null)?.register === 'function'
    ? (outer as FastifyInstance)
    : undefined
}

/** The app itself. */
export function rootOf(app: FastifyInstance): FastifyInstance {
  const outer = scopeAround(app)
  return outer === undefined ? app : rootOf(outer)
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
