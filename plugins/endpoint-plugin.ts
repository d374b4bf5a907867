import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import { type TObject, Type } from 'typebox'
import { type EndpointHooks, EndpointServer, type EndpointServerOptions } from '../src/server/endpoint/index.js'
import { mountEndpoint } from './mount-endpoint.js'
import {
  checkDecoratorIsFree,
  checkOptions,
  countSchema,
  decorateAsSchema,
  enabledSchema,
  millisecondsSchema,
  networkSchemas,
  OptionError,
  positiveCountSchema,
  prefixSchema,
  refinedSchema,
  scopeOptions,
  secondsSchema,
  wholeNumberSchema,
} from './options.js'
import { appMaxPayload } from './websocket-server.js'

declare module '../src/server/endpoint/index.js' {
  interface HandshakeRequests {
    fastify: FastifyRequest
  }
}

/** A class of endpoint server: what a plugin makes an instance of, with the options that the plugin was given. */
// biome-ignore lint/suspicious/noExplicitAny: a subclass may take options of its own, of whatever types.
export type EndpointServerClass<Server extends EndpointServer> = new (options: any) => Server

/** What every endpoint plugin takes. */
export interface EndpointPluginOptions<
  Server extends EndpointServer = EndpointServer,
  Hooks extends object = EndpointHooks,
> extends Omit<EndpointServerOptions<Hooks>, 'logger'> {
  /** Path of the endpoint. Default: the scope's own. */
  prefix?: string
  /** A class that extends the server's class, or an instance of one that the app made itself. */
  handler?: EndpointServerClass<Server> | Server
  /** Name of the decorator under which the app finds the server. A second endpoint of a kind needs its own. */
  decorateAs?: string
  /** Bytes of a message; a longer one closes its connection with 1009. Default 65536. */
  maxMessageBytes?: number
  /** Milliseconds from the upgrade request to the open connection, the app's hooks included. Default 10000. */
  handshakeTimeout?: number
  /** Milliseconds between pings; a peer silent for two of them is given up. Infinity for never. Default 30000. */
  heartbeatInterval?: number
  /** Milliseconds in which a client must read all that waits for it, or be disconnected. Infinity for never. Default 20000. */
  sendTimeout?: number
  /** Seconds in which a client must complete a message that it has begun, or be closed with 1008. Infinity for never. Default 10. */
  messageTimeoutSeconds?: number
}

const SHARED = {
  prefix: Type.Optional(prefixSchema),
  maxConnections: Type.Optional(countSchema),
  enabled: Type.Optional(enabledSchema),
  decorateAs: Type.Optional(decorateAsSchema),
  hooks: Type.Optional(refinedSchema('an object', (value) => typeof value === 'object' && value !== null)),
  maxMessageBytes: Type.Optional(wholeNumberSchema('a whole number of bytes', 125, 2 ** 30)),
  maxBadMessages: Type.Optional(positiveCountSchema),
  maxConnectionsPerAddress: Type.Optional(positiveCountSchema),
  maxMessagesPerSecond: Type.Optional(positiveCountSchema),
  maxMessagesPerSecondTotal: Type.Optional(positiveCountSchema),
  maxHandshakesPerSecond: Type.Optional(positiveCountSchema),
  maxHandshakesPerSecondTotal: Type.Optional(positiveCountSchema),
  ...networkSchemas,
  handshakeTimeout: Type.Optional(wholeNumberSchema('a whole number of milliseconds', 1, 2 ** 31 - 1)),
  heartbeatInterval: Type.Optional(millisecondsSchema),
  sendTimeout: Type.Optional(millisecondsSchema),
  messageTimeoutSeconds: Type.Optional(secondsSchema),
  maxBufferedBytes: Type.Optional(positiveCountSchema),
}

/** How a kind of endpoint differs from the others. */
export interface EndpointKind<Server extends EndpointServer> {
  pluginName: string
  Base: abstract new (...args: never[]) => Server
  /** The class of the server where the app names none. */
  Default: EndpointServerClass<Server>
  decorateAs?: string
  /** Options of this kind, each with a description of what it takes. */
  schema?: TObject['properties']
  /** Options of the kind's own that are the plugin's business, and not the server's. */
  pluginOnly?: readonly string[]
}

const PLUGIN_ONLY = [
  'prefix',
  'handler',
  'decorateAs',
  'maxMessageBytes',
  'handshakeTimeout',
  'heartbeatInterval',
  'sendTimeout',
  'messageTimeoutSeconds',
  'logLevel',
  'logSerializers',
]

/** Checks the options of a plugin, makes its server, mounts it and decorates the app with it. */
export async function registerEndpoint<Server extends EndpointServer>(
  app: FastifyInstance,
  kind: EndpointKind<Server>,
  options: EndpointPluginOptions<Server, object>,
  mounted?: (path: string) => void,
): Promise<Server> {
  const { handler } = options
  const isClass = (value: unknown) =>
    typeof value === 'function' && (value === kind.Base || value.prototype instanceof kind.Base)
  const expected = `a class that extends ${kind.Base.name}, or an instance of one`
  const handlerSchema = refinedSchema(expected, (value) => isClass(value) || value instanceof kind.Base)
  const schema = Type.Object({ ...SHARED, handler: Type.Optional(handlerSchema), ...kind.schema })
  checkOptions(kind.pluginName, schema, options, isClass(handler) && handler !== kind.Default)

  const maxPayload = appMaxPayload(app)
  if (options.maxMessageBytes !== undefined && options.maxMessageBytes > maxPayload) {
    const most = `at most ${maxPayload} bytes, the maxPayload with which this app has registered @fastify/websocket`
    throw new OptionError(kind.pluginName, 'maxMessageBytes', most, options.maxMessageBytes)
  }

  const pluginOnly = [...PLUGIN_ONLY, ...(kind.pluginOnly ?? [])]
  const forServer = Object.fromEntries(Object.entries(options).filter(([name]) => !pluginOnly.includes(name)))
  const server = makeServer(kind, handler, forServer)

  const decorateAs = options.decorateAs ?? kind.decorateAs
  if (decorateAs !== undefined) {
    checkDecoratorIsFree(app, kind.pluginName, decorateAs)
    app.decorate<EndpointServer>(decorateAs, server)
  }
  const {
    prefix = '',
    maxMessageBytes,
    handshakeTimeout,
    heartbeatInterval,
    sendTimeout,
    messageTimeoutSeconds,
  } = options
  const mountOptions = {
    prefix,
    scope: scopeOptions(options as RegisterOptions),
    maxMessageBytes,
    handshakeTimeout,
    heartbeatInterval,
    sendTimeout,
    messageTimeoutSeconds,
  }
  await mountEndpoint(app, server, mountOptions, mounted)
  return server
}

function makeServer<Server extends EndpointServer>(
  kind: EndpointKind<Server>,
  handler: EndpointServerClass<Server> | Server | undefined,
  options: Record<string, unknown>,
): Server {
  if (typeof handler === 'function') return new handler(options)
  if (handler === undefined) return new kind.Default(options)
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue
    // What a server can change later it can be told here; for the rest it is too late.
    if (option === 'maxConnections') handler.maxConnections = value as number
    else if (option === 'enabled') handler.enabled = value as boolean
    else {
      const expected = 'nothing when the handler is an instance (give it to the constructor of your handler)'
      throw new OptionError(kind.pluginName, option, expected, value)
    }
  }
  return handler
}

const ENDPOINT: EndpointKind<EndpointServer> = {
  pluginName: 'endpointPlugin',
  Base: EndpointServer,
  Default: EndpointServer,
}

/** Mounts any {@link EndpointServer}: a protocol of your own, with what the endpoints of this package have in common. */
export const endpointPlugin: FastifyPluginAsync<EndpointPluginOptions> = fp(
  async (app: FastifyInstance, options: EndpointPluginOptions) => {
    await registerEndpoint(app, ENDPOINT, options)
  },
  { fastify: '5.x', name: 'fastify-dvbcss-endpoint' },
)
