import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import {
  DIAL_SERVICE_TYPE,
  encodeDeviceDescription,
  encodeHbbtvApplication,
  HBBTV_APPLICATION,
  MAX_LAUNCH_BYTES,
  SSDP_PORT,
  SsdpAdvertiser,
  type SsdpAdvertiserStatistics,
} from '../src/discovery/index.js'
import { checkOptions, describeValue, isLoopback, type OptionTable, option } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { addressesOfApp, hostOfAddress, isServed } from './machine-addresses.js'
import { PATH, SCOPE_OPTIONS } from './options.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** How the television is found, as set up by `discoveryPlugin`. */
    discovery: Discovery
  }
}

/** What a companion posts to start an application. */
export interface LaunchRequest {
  /** As it was sent: an XML AIT document as a rule (ETSI TS 102 809, clause 5.4), of at most 4096 bytes; `''` without one. */
  readonly document: string
  /** The `Content-Type` header of the request, or undefined if it has none. */
  readonly contentType: string | undefined
  /** The Fastify request, for example to check who asks. */
  readonly request: FastifyRequest
}

/** Options of {@link discoveryPlugin}. */
export interface DiscoveryPluginOptions {
  /** Path in front of `/dd.xml` and `/apps`. Default: the scope's own. */
  prefix?: string
  /** What companions show. Default: the name of this machine. */
  friendlyName?: string
  /** Default `fastify-dvbcss`. */
  manufacturer?: string
  /** Default `DVB-CSS television`. */
  modelName?: string
  /** By which companions tell televisions apart. Default: made of the machine's name and `friendlyName`, so that it is the same after a restart. */
  uuid?: string
  /** What the television's browser calls itself. Default `HbbTV/1.5.1 (…)` with manufacturer and model. */
  userAgent?: string
  /** URL of CSS-CII. Default: that of `ciiPlugin` in this app, with the address at which the companion has reached the app. */
  ciiUrl?: string
  /** Base URL of App2App for companions. Default: that of `app2appPlugin` in this app, filled in like `ciiUrl`. Some companions ignore televisions without one. */
  app2appUrl?: string
  /** Names or addresses of the network interfaces on which it is found. Default: all but loopback, and loopback where the app listens on nothing else. */
  interfaces?: readonly string[]
  /** UDP port of SSDP. Default 1900. */
  port?: number
  /** Search targets besides the DIAL service. Default: none. */
  searchTargets?: readonly string[]
  /** How long notices and answers are valid, in seconds. Default 1800. */
  maxAgeSeconds?: number
  /** Answers to searches a second, to one source. Default 5. */
  maxAnswersPerSecond?: number
  /** Answers to searches a second, to all sources together. Default 50. */
  maxAnswersPerSecondTotal?: number
  /** Origins of pages that may ask, such as `https://app.example`. Default: none; apps on phones have no origin. */
  allowedOrigins?: readonly string[]
  /** Names by which the app may be asked for, besides its addresses and `localhost`. Default: none, against DNS rebinding. */
  allowedHosts?: readonly string[]
  /** Starts an application. `false` refuses it with 403. Default: every application is refused. */
  onLaunch?: (launch: LaunchRequest) => boolean | Promise<boolean>
  /** Stops the application. `false` refuses that with 403. Default: it cannot be stopped. */
  onStop?: (request: FastifyRequest) => boolean | Promise<boolean>
  /** Whether searches are answered and notices sent. The HTTP resources are there in any case. Default true. */
  ssdp?: boolean
}

/** Counters of the HTTP resources by which companions learn of a television (DIAL). */
export interface DialStatistics {
  /** Device descriptions sent. */
  descriptions: number
  /** Descriptions of the HbbTV application sent. */
  applications: number
  /** Applications started. */
  launches: number
  /** Applications stopped. */
  stops: number
  /** Requests refused: by the `Host` or `Origin` header, by `onLaunch` or `onStop`, or for a body over 4096 bytes. */
  readonly refused: Record<'host' | 'origin' | 'launch' | 'stop' | 'too-large', number>
}

/** What `app.discovery` is. */
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

/** A namespace of our own, for UUIDs that are made of names (RFC 9562, clause 5.5). */
const UUID_NAMESPACE = '7c1f6f2e-6a0b-4d5e-9a52-0f0b7c5b1e44'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const XML = 'text/xml; charset=utf-8'

const text = option.string({ nonEmpty: true })
const texts = option.custom<readonly string[]>(
  'a list of non-empty strings',
  (value) => Array.isArray(value) && value.every((each) => text.accepts(each)),
)

export const DISCOVERY_PLUGIN_OPTIONS: OptionTable<
  DiscoveryPluginOptions,
  | 'prefix'
  | 'manufacturer'
  | 'modelName'
  | 'port'
  | 'searchTargets'
  | 'maxAgeSeconds'
  | 'maxAnswersPerSecond'
  | 'maxAnswersPerSecondTotal'
  | 'allowedOrigins'
  | 'allowedHosts'
  | 'ssdp'
> = {
  prefix: option.withDefault(PATH, ''),
  friendlyName: text,
  manufacturer: option.withDefault(text, 'fastify-dvbcss'),
  modelName: option.withDefault(text, 'DVB-CSS television'),
  uuid: option.custom('a UUID', (value) => typeof value === 'string' && UUID.test(value)),
  userAgent: text,
  ciiUrl: text,
  app2appUrl: text,
  interfaces: texts,
  port: option.withDefault(option.port(), SSDP_PORT),
  searchTargets: option.withDefault(texts, []),
  maxAgeSeconds: option.withDefault(option.seconds({ min: 60 }), 1800),
  maxAnswersPerSecond: option.withDefault(option.positiveCount(), 5),
  maxAnswersPerSecondTotal: option.withDefault(option.positiveCount(), 50),
  allowedOrigins: option.withDefault(texts, []),
  allowedHosts: option.withDefault(texts, []),
  onLaunch: option.func(),
  onStop: option.func(),
  ssdp: option.withDefault(option.boolean(), true),
}

type Settings = ReturnType<typeof settingsOf>

/**
 * Makes the television known to companions: by SSDP, and by the resources of DIAL (HbbTV 2, clause 14.7). SSDP starts when the app
 * listens. If it cannot, because another program holds the port, that is logged and the app goes on.
 */
export const discoveryPlugin: FastifyPluginAsync<DiscoveryPluginOptions> = fp(
  async (app: FastifyInstance, options: DiscoveryPluginOptions) => {
    const settings = settingsOf(options)
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
        addRoutes(scope, settings, discovery)
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

/** A port that cannot be had keeps the television from being found, and from nothing else. */
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

function settingsOf(options: DiscoveryPluginOptions) {
  const checked = checkOptions(DISCOVERY_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
  const { friendlyName = hostname(), manufacturer, modelName } = checked
  return {
    ...checked,
    friendlyName,
    uuid: (checked.uuid ?? uuidOf(`${hostname()} ${friendlyName}`)).toLowerCase(),
    userAgent: checked.userAgent ?? `HbbTV/1.5.1 (; ${manufacturer}; ${modelName}; ; ; )`,
  }
}

function addRoutes(scope: FastifyInstance, settings: Settings, discovery: Discovery): void {
  const { onLaunch, onStop } = settings
  const { dialStatistics } = discovery
  const { refused } = dialStatistics
  const path = `/apps/${HBBTV_APPLICATION}`
  const runningPath = `${path}/run`
  const registry = registryOf(scope)
  // Whatever type a companion gives it: it is handed over as text. Fastify answers a longer one with 413.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_LAUNCH_BYTES }, (_request, body, done) => {
    done(null, body)
  })
  scope.addHook('onRequest', async (request, reply) => {
    if (!isAllowedHost(request, settings.allowedHosts)) {
      refused.host += 1
      return refuse(reply, request, 'host', request.headers.host)
    }
    const { origin } = request.headers
    if (origin === undefined) return
    if (!isAllowedOrigin(origin, settings.allowedOrigins)) {
      refused.origin += 1
      return refuse(reply, request, 'origin', origin)
    }
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Application-URL, Location',
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'Content-Type',
      vary: 'Origin',
    })
  })
  scope.addHook('onResponse', async (_request, reply) => {
    if (reply.statusCode === 413) refused['too-large'] += 1
  })
  scope.get('/dd.xml', async (request, reply) => {
    dialStatistics.descriptions += 1
    reply.header('application-url', `${ownUrl(request)}${scope.prefix}/apps`)
    reply.type(XML)
    return encodeDeviceDescription(settings)
  })
  scope.get(path, async (request, reply) => {
    dialStatistics.applications += 1
    const urls = registry.urlsSeenFrom(scope)
    const app2appUrl = settings.app2appUrl ?? filledIn(urls.app2appUrl, request)
    const interDevSyncUrl = settings.ciiUrl ?? filledIn(urls.ciiUrl, request)
    reply.type(XML)
    return encodeHbbtvApplication({
      state: discovery.isRunning ? 'running' : 'stopped',
      allowStop: onStop !== undefined,
      ...(app2appUrl !== undefined && { app2appUrl }),
      ...(interDevSyncUrl !== undefined && { interDevSyncUrl }),
      userAgent: settings.userAgent,
    })
  })
  scope.post(path, async (request, reply) => {
    const document = typeof request.body === 'string' ? request.body : ''
    const contentType = request.headers['content-type']
    if (onLaunch === undefined || (await onLaunch({ document, contentType, request })) === false) {
      refused.launch += 1
      return reply.code(403).send()
    }
    dialStatistics.launches += 1
    discovery.isRunning = true
    return reply
      .code(201)
      .header('location', `${ownUrl(request)}${scope.prefix}${runningPath}`)
      .send()
  })
  scope.delete(runningPath, async (request, reply) => {
    if (!discovery.isRunning) return reply.code(404).send()
    if (onStop === undefined || (await onStop(request)) === false) {
      refused.stop += 1
      return reply.code(403).send()
    }
    dialStatistics.stops += 1
    discovery.isRunning = false
    return reply.code(200).send()
  })
  for (const each of ['/dd.xml', path, runningPath])
    scope.options(each, async (_request, reply) => reply.code(204).send())
}

function refuse(reply: FastifyReply, request: FastifyRequest, what: 'host' | 'origin', value: unknown): FastifyReply {
  request.log.info({ [what]: describeValue(value) }, `request from a foreign ${what} refused`)
  return reply.code(403).send()
}

/** A name can be made to stand for this machine's address by whoever owns the name (DNS rebinding); an address cannot. */
function isAllowedHost(request: FastifyRequest, allowed: readonly string[]): boolean {
  const authority = request.headers.host ?? ''
  const host = /^\[([^\]]+)\](:\d+)?$/.exec(authority)?.[1] ?? authority.replace(/:\d+$/, '')
  return (
    isIP(host) !== 0 ||
    /^localhost\.?$/i.test(host) ||
    allowed.some((each) => each.toLowerCase() === host.toLowerCase())
  )
}

/** DIAL 2.1: pages of the web and files may not, unless they are let in. Apps have no origin, or one of their own scheme. */
function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  return allowed.includes(origin) || !/^(https?:|file:|null$)/i.test(origin)
}

/** The URL of an endpoint of this app, where the request has reached it. */
function filledIn(template: string | undefined, request: FastifyRequest): string | undefined {
  return template?.replace('{{scheme}}://{{host}}:{{port}}{{prefix}}', ownUrl(request).replace(/^http/, 'ws'))
}

/** Where this request has reached the app. */
function ownUrl(request: FastifyRequest): string {
  const { localAddress, localPort } = request.socket
  const host = hostOfAddress(localAddress ?? '127.0.0.1')
  // Over link-local IPv6, whoever asks knows the zone that the URL has no room for.
  return `${request.protocol}://${host ?? request.headers.host}${host === null ? '' : `:${localPort}`}`
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

function uuidOf(name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(UUID_NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
