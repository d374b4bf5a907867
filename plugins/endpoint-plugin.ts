import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import {
  DEFAULTS,
  ENDPOINT_OPTIONS,
  type EndpointHooks,
  EndpointServer,
  type EndpointServerOptions,
} from '../src/server/endpoint/index.js'
import {
  type AnyOptionTable,
  ConflictingOptionError,
  checkOptions,
  type OptionTable,
  type OptionType,
  option,
} from '../src/validation/index.js'
import { mountEndpoint } from './mount-endpoint.js'
import { checkDecoratorIsFree, DECORATOR_NAME, PATH, SCOPE_OPTIONS, scopeOptions } from './options.js'
import { appMaxPayload } from './websocket-server.js'

declare module '../src/server/endpoint/index.js' {
  interface HandshakeRequests {
    fastify: FastifyRequest
  }
}

/** A class of endpoint server, of which a plugin creates an instance with its options. */
// biome-ignore lint/suspicious/noExplicitAny: a subclass may take options of its own, of whatever types.
export type EndpointServerClass<Server extends EndpointServer> = new (options: any) => Server

/** How an endpoint is mounted: the options of a plugin besides those of its server. */
export interface MountOptions<Server extends EndpointServer = EndpointServer> {
  /** Path of the endpoint. Default: the scope's own. */
  prefix?: string
  /** A class that extends the server's class, or an instance that the app has created. Default: the server's class. */
  handler?: EndpointServerClass<Server> | Server
  /** Name of the decorator for the server. A second endpoint of the same kind needs its own. */
  decorateAs?: string
  /** Maximum bytes of a message; a longer one closes its connection with 1009. Default 65536. */
  maxMessageBytes?: number
  /** Maximum seconds from the upgrade request to the open connection, including the app's hooks. Default 10. */
  handshakeTimeoutSeconds?: number
  /** Seconds between pings; a client without a sign of life for two intervals is disconnected. Infinity: no pings. Default 30. */
  heartbeatIntervalSeconds?: number
  /** Seconds within which a client must read its buffered data, or it is disconnected. Infinity: no limit. Default 20. */
  sendTimeoutSeconds?: number
  /** Seconds within which a client must complete a message, or it is closed with 1008. Infinity: no limit. Default 10. */
  messageTimeoutSeconds?: number
}

/** Options of every endpoint plugin. */
export interface EndpointPluginOptions<
  Server extends EndpointServer = EndpointServer,
  Hooks extends object = EndpointHooks,
> extends Omit<EndpointServerOptions<Hooks>, 'logger'>,
    MountOptions<Server> {}

const TIMEOUT: OptionType<number> = option.seconds({ min: 0.001, max: option.LONGEST_TIMER_SECONDS, infinity: true })

export type DefaultedMountOptions =
  | 'prefix'
  | 'maxMessageBytes'
  | 'handshakeTimeoutSeconds'
  | 'heartbeatIntervalSeconds'
  | 'sendTimeoutSeconds'
  | 'messageTimeoutSeconds'

/** The options of all kinds of endpoint, except for the handler's class. */
export const MOUNT_OPTIONS: OptionTable<MountOptions, DefaultedMountOptions> = {
  prefix: option.withDefault(PATH, ''),
  handler: handlerOf(EndpointServer),
  decorateAs: DECORATOR_NAME,
  maxMessageBytes: option.withDefault(option.integer({ min: 125, max: 2 ** 30 }), DEFAULTS.maxMessageBytes),
  handshakeTimeoutSeconds: option.withDefault(
    option.seconds({ min: 0.001, max: option.LONGEST_TIMER_SECONDS }),
    DEFAULTS.handshakeTimeoutSeconds,
  ),
  heartbeatIntervalSeconds: option.withDefault(TIMEOUT, DEFAULTS.heartbeatIntervalSeconds),
  sendTimeoutSeconds: option.withDefault(TIMEOUT, DEFAULTS.sendTimeoutSeconds),
  messageTimeoutSeconds: option.withDefault(TIMEOUT, DEFAULTS.messageTimeoutSeconds),
}

/** How a kind of endpoint differs from the others. */
export interface EndpointKind<Server extends EndpointServer> {
  readonly Base: abstract new (...args: never[]) => Server
  /** The default class of the server. */
  readonly Default: EndpointServerClass<Server>
  readonly decorateAs?: string
  /** The options of the server's constructor. */
  readonly serverOptions: AnyOptionTable
  /** Options of this kind of plugin that its server does not have. */
  readonly pluginOptions?: AnyOptionTable
}

/** The options of a plugin for this kind of endpoint. */
export function pluginOptionsOf<Server extends EndpointServer>(
  kind: EndpointKind<Server>,
): OptionTable<MountOptions<Server>, DefaultedMountOptions> {
  // The server logs through the app.
  const { logger: _, ...serverOptions } = kind.serverOptions
  return { ...MOUNT_OPTIONS, ...serverOptions, ...kind.pluginOptions, handler: handlerOf(kind.Base) } as OptionTable<
    MountOptions<Server>,
    DefaultedMountOptions
  >
}

function handlerOf<Server extends EndpointServer>(
  Base: abstract new (...args: never[]) => Server,
): OptionType<EndpointServerClass<Server> | Server> {
  return option.custom(`a class that extends ${Base.name}, or an instance of one`, (value) => {
    const isClass = typeof value === 'function' && (value === Base || value.prototype instanceof Base)
    return isClass || value instanceof Base
  })
}

/** Checks the options of a plugin, creates its server, mounts it and decorates the app with it. */
export async function registerEndpoint<Server extends EndpointServer>(
  app: FastifyInstance,
  kind: EndpointKind<Server>,
  options: EndpointPluginOptions<Server, object>,
  mounted?: (path: string) => void,
): Promise<Server> {
  // A handler class of the app may have options of its own.
  const isOwnClass = typeof options.handler === 'function' && options.handler !== kind.Default
  const others = isOwnClass ? 'any' : SCOPE_OPTIONS
  const checked = checkOptions(pluginOptionsOf(kind), options, { others })

  checkMaxPayload(app, options)

  const pluginOnly = [...Object.keys({ ...MOUNT_OPTIONS, ...kind.pluginOptions }), ...SCOPE_OPTIONS]
  const forServer = Object.fromEntries(Object.entries(options).filter(([name]) => !pluginOnly.includes(name)))
  const server = makeServer(kind, checked.handler, forServer)

  const decorateAs = checked.decorateAs ?? kind.decorateAs
  if (decorateAs !== undefined) {
    checkDecoratorIsFree(app, decorateAs)
    app.decorate<EndpointServer>(decorateAs, server)
  }
  await mountEndpoint(app, server, { ...checked, scope: scopeOptions(options as RegisterOptions) }, mounted)
  return server
}

/** @throws ConflictingOptionError for messages that are longer than the app lets through. */
export function checkMaxPayload(app: FastifyInstance, { maxMessageBytes }: MountOptions): void {
  const maxPayload = appMaxPayload(app)
  if (maxMessageBytes === undefined || maxMessageBytes <= maxPayload) return
  const conflict = `must be at most ${maxPayload}, the maxPayload with which this app has registered @fastify/websocket`
  throw new ConflictingOptionError('maxMessageBytes', `${conflict}; received ${maxMessageBytes}`)
}

function makeServer<Server extends EndpointServer>(
  kind: EndpointKind<Server>,
  handler: EndpointServerClass<Server> | Server | undefined,
  options: Record<string, unknown>,
): Server {
  if (typeof handler === 'function') return new handler(options)
  if (handler === undefined) return new kind.Default(options)
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    // These can be changed later, so it is not too late for them.
    if (name === 'maxConnections') handler.maxConnections = value as number
    else if (name === 'enabled') handler.enabled = value as boolean
    else {
      const conflict = "cannot be combined with a handler instance; pass it to the instance's constructor"
      throw new ConflictingOptionError(name, conflict)
    }
  }
  return handler
}

const ENDPOINT: EndpointKind<EndpointServer> = {
  Base: EndpointServer,
  Default: EndpointServer,
  serverOptions: ENDPOINT_OPTIONS,
}

/** Mounts any {@link EndpointServer}, for a protocol of your own with the limits and hooks of this package's endpoints. */
export const endpointPlugin: FastifyPluginAsync<EndpointPluginOptions> = fp(
  async (app: FastifyInstance, options: EndpointPluginOptions) => {
    await registerEndpoint(app, ENDPOINT, options)
  },
  { fastify: '5.x', name: 'fastify-dvbcss-endpoint' },
)
