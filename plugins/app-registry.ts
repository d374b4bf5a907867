import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Cii } from '../src/messages/index.js'
import type { CiiServer } from '../src/server/cii-server.js'
import { HandshakeDeadline } from './handshake-deadline.js'

/** The URLs that CSS-CII can advertise by itself. */
export type AdvertisedUrls = Partial<Pick<Cii, 'wcUrl' | 'tsUrl'>>

/** What the plugins of one app know of each other, in whichever scopes and whichever order they were registered. */
export class AppRegistry {
  readonly deadline: HandshakeDeadline
  readonly #advertisers = new Set<CiiServer>()
  #urls: AdvertisedUrls = {}

  constructor(root: FastifyInstance) {
    this.deadline = new HandshakeDeadline(root.server as Server)
    root.addHook('preClose', async () => this.deadline.close())
  }

  /** Where an endpoint is to be found. The first of a kind is the one that is advertised. */
  announce(urls: AdvertisedUrls): void {
    this.#urls = { ...urls, ...this.#urls }
    for (const cii of this.#advertisers) cii.advertise(this.#urls)
  }

  /** Lets a CII server advertise what is announced, before or after. */
  advertiseOn(cii: CiiServer): void {
    this.#advertisers.add(cii)
    cii.advertise(this.#urls)
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
