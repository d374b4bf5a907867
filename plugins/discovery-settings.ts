import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { SSDP_PORT } from '../src/discovery/index.js'
import { type CheckedOptions, checkOptions, type OptionTable, option } from '../src/validation/index.js'
import { PATH, SCOPE_OPTIONS } from './options.js'

/** What a companion posts to start an application. */
export interface LaunchRequest {
  /** The request body: normally an XML AIT document (ETSI TS 102 809, clause 5.4), at most 4096 bytes; `''` if empty. */
  readonly document: string
  /** The `Content-Type` header of the request, or undefined if it has none. */
  readonly contentType: string | undefined
  /** The Fastify request, for example to check the client. */
  readonly request: FastifyRequest
}

/** Options of {@link discoveryPlugin}. */
export interface DiscoveryPluginOptions {
  /** Path in front of `/dd.xml` and `/apps`. Default: the scope's own. */
  prefix?: string
  /** Name of the television that companions show. Default: the name of this machine. */
  friendlyName?: string
  /** Manufacturer in the device description. Default `fastify-dvbcss`. */
  manufacturer?: string
  /** Model name in the device description. Default `DVB-CSS television`. */
  modelName?: string
  /** Identifies the television. Default: derived from the machine's name and `friendlyName`, so that it survives restarts. */
  uuid?: string
  /** User agent of the television's browser. Default `HbbTV/1.5.1 (…)` with manufacturer and model. */
  userAgent?: string
  /** URL of CSS-CII. Default: that of `ciiPlugin` in this app, with the address at which the companion reached the app. */
  ciiUrl?: string
  /**
   * Base URL of App2App for companions. Default: that of `app2appPlugin` in this app, filled in like `ciiUrl`. Some companions ignore
   * televisions without one.
   */
  app2appUrl?: string
  /**
   * Names or addresses of the network interfaces on which it is found. Default: all but loopback, or loopback if the app listens on
   * nothing else.
   */
  interfaces?: readonly string[]
  /** UDP port of SSDP. Default 1900. */
  port?: number
  /** Search targets that are answered in addition to the DIAL service. Default: none. */
  searchTargets?: readonly string[]
  /** Validity of notices and answers (`max-age`), in seconds. Default 1800. */
  maxAgeSeconds?: number
  /** Maximum answers to searches per second and source. Default 5. */
  maxAnswersPerSecond?: number
  /** Maximum answers to searches per second, to all sources together. Default 50. */
  maxAnswersPerSecondTotal?: number
  /** Origins of web pages that may send requests, such as `https://app.example`. Default: none; phone apps have no origin. */
  allowedOrigins?: readonly string[]
  /** Host names that requests may use, in addition to the app's addresses and `localhost`. Default: none, against DNS rebinding. */
  allowedHosts?: readonly string[]
  /** Starts an application. Returning `false` refuses it with 403. Default: every application is refused. */
  onLaunch?: (launch: LaunchRequest) => boolean | Promise<boolean>
  /** Stops the application. Returning `false` refuses with 403. Default: it cannot be stopped. */
  onStop?: (request: FastifyRequest) => boolean | Promise<boolean>
  /** Whether searches are answered and notices sent. The HTTP resources are always available. Default true. */
  ssdp?: boolean
}

/** The namespace for UUIDs that are derived from names (RFC 9562, clause 5.5). */
const UUID_NAMESPACE = '7c1f6f2e-6a0b-4d5e-9a52-0f0b7c5b1e44'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const text = option.string({ nonEmpty: true })
const texts = option.custom<readonly string[]>(
  'a list of non-empty strings',
  (value) => Array.isArray(value) && value.every((each) => text.accepts(each)),
)

type Defaulted =
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

export const DISCOVERY_PLUGIN_OPTIONS: OptionTable<DiscoveryPluginOptions, Defaulted> = {
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

/** The options of the plugin with all defaults. */
export type DiscoverySettings = CheckedOptions<DiscoveryPluginOptions, Defaulted> &
  Required<Pick<DiscoveryPluginOptions, 'friendlyName' | 'uuid' | 'userAgent'>>

/** @throws InvalidOptionError, UnknownOptionError */
export function discoverySettings(options: DiscoveryPluginOptions): DiscoverySettings {
  const checked = checkOptions(DISCOVERY_PLUGIN_OPTIONS, options, { others: SCOPE_OPTIONS })
  const { friendlyName = hostname(), manufacturer, modelName } = checked
  return {
    ...checked,
    friendlyName,
    uuid: (checked.uuid ?? uuidOf(`${hostname()} ${friendlyName}`)).toLowerCase(),
    userAgent: checked.userAgent ?? `HbbTV/1.5.1 (; ${manufacturer}; ${modelName}; ; ; )`,
  }
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
