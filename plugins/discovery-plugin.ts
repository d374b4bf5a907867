import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { DIAL_SERVICE_TYPE, SsdpAdvertiser, type SsdpAdvertiserStatistics } from '../src/discovery/index.js'
import { isLoopback } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { addDialRoutes, type DialStatistics } from './dial-routes.js'
import { type DiscoveryPluginOptions, discoverySettings } from './discovery-settings.js'
import { addressesOfApp, hostOfAddress, isServed } from './machine-addresses.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** How the television is found, as set up by `discoveryPlugin`. */
    discovery: Discovery
  }
}

/** How the television is found: `app.discovery`. */
export interface Discovery {
  /** The UUID of the device, in lower case and without `uuid:`, as SSDP and the device description state it. */
  readonly uuid: string
  /** The name of the television that companions show, as the device description states it. */
  readonly friendlyName: string
  /** Counters of SSDP. */
  readonly statistics: SsdpAdvertiserStatistics
  /** Counters of the HTTP resources. */
  readonly dialStatistics: DialStatistics
  /** Resolves when SSDP has been started after the app listens, or could not be. Never rejects. */
  readonly started: Promise<void>
  /** Why the television cannot be found by SSDP, once `started` has resolved; undefined if it can, or is not meant to. */
  readonly failure: Error | undefined
  /** The interfaces on which it is found, as `eth0 192.0.2.1`. Empty if it is not. */
  readonly interfaces: readonly string[]
  /** Whether an application that a companion has started is running. An app that starts or stops one itself sets it. */
  isRunning: boolean
}

/**
 * Makes the television known to companions: by SSDP, and by the resources of DIAL (HbbTV 2, clause 14.7). SSDP starts when the app
 * listens. If it cannot, because another program has exclusive use of the port, that is logged and the app goes on.
 */
export const discoveryPlugin: FastifyPluginAsync<DiscoveryPluginOptions> = fp(
  async (app: FastifyInstance, options: DiscoveryPluginOptions) => {
    const settings = discoverySettings(options)
    const log = app.log.child({ endpoint: 'discovery' })
    let base = ''
    const advertiser = new SsdpAdvertiser({
      uuid: settings.uuid,
      searchTargets: [DIAL_SERVICE_TYPE, ...settings.searchTargets],
      location: (address) => urlOfApp(app, address, `${base}/dd.xml`),
      interfaces: settings.interfaces,
      loopbackOnly: () => isLoopbackOnly(app),
      port: settings.port,
      maxAgeSeconds: settings.maxAgeSeconds,
      maxAnswersPerSecond: settings.maxAnswersPerSecond,
      maxAnswersPerSecondTotal: settings.maxAnswersPerSecondTotal,
      server: `Node.js/${process.versions.node.split('.')[0]} UPnP/1.1 fastify-dvbcss`,
    })
    let failure: Error | undefined
    let hasStarted = (): void => {}
    const discovery: Discovery = {
      uuid: settings.uuid,
      friendlyName: settings.friendlyName,
      statistics: advertiser.statistics,
      dialStatistics: {
        descriptions: 0,
        applications: 0,
        launches: 0,
        stops: 0,
        refused: { host: 0, origin: 0, launch: 0, stop: 0, 'too-large': 0 },
      },
      started: new Promise((resolve) => {
        hasStarted = resolve
      }),
      get failure() {
        return failure
      },
      get interfaces() {
        return advertiser.interfaces
      },
      isRunning: false,
    }
    app.decorate('discovery', discovery)
    registryOf(app).discoveries.push(discovery)
    await app.register(
      async (scope) => {
        base = scope.prefix
        addDialRoutes(scope, settings, discovery)
      },
      { prefix: settings.prefix },
    )
    if (!settings.ssdp) {
      hasStarted()
      return
    }
    // Fastify does not wait for these hooks.
    let starting: Promise<Error | undefined> | undefined
    app.addHook('onListen', async () => {
      starting = start(advertiser, log)
      failure = await starting
      hasStarted()
    })
    app.addHook('preClose', async () => {
      await starting
      await advertiser.stop()
    })
  },
  { fastify: '5.x', name: 'fastify-dvbcss-discovery' },
)

/** A port that cannot be bound only keeps the television from being found. */
async function start(advertiser: SsdpAdvertiser, log: FastifyBaseLogger): Promise<Error | undefined> {
  try {
    const failures = await advertiser.start()
    for (const error of failures) log.warn({ err: error }, 'television can be discovered in part')
    log.info({ interfaces: advertiser.interfaces }, 'television can be discovered')
    return undefined
  } catch (error) {
    log.warn({ err: error }, 'television cannot be discovered by SSDP')
    return error as Error
  }
}

function urlOfApp(app: FastifyInstance, address: string, path: string): string | undefined {
  const bound = addressesOfApp(app)
  const host = hostOfAddress(address)
  if (host === null || !isServed(bound, address)) return undefined
  const port = bound.find((each) => isServed([each], address))?.port
  return `${'setSecureContext' in app.server ? 'https' : 'http'}://${host}:${port}${path}`
}

function isLoopbackOnly(app: FastifyInstance): boolean {
  return addressesOfApp(app).every(({ address }) => isLoopback(address))
}
