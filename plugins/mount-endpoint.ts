import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify'
import { DEFAULTS, type EndpointServer, type Place, type RefusalReason } from '../src/server/endpoint/index.js'
import { visible } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import { FrameLimits, limitsFor } from './frame-limits.js'
import { MountedConnections } from './mounted-connections.js'
import { levelOf } from './options.js'
import { limitedRequestLog } from './request-log.js'
import { adaptWebSocket } from './websocket-adapter.js'
import { appMaxPayload, provideWebsocket } from './websocket-server.js'

const DECIDED = Symbol('decided')
const PLACE = Symbol('place')

/** A handshake that has been admitted or refused. */
interface Decided extends IncomingMessage {
  [DECIDED]?: true
}

interface WithPlace extends ServerResponse {
  [PLACE]?: Place
}

/** The checked options of a mounted endpoint, with defaults. */
export interface MountSettings {
  prefix: string
  /** The route within the prefix. Default: the prefix itself. */
  route?: string
  /** Fastify's own options for the scope of the endpoint. */
  scope: Pick<RegisterOptions, 'logLevel' | 'logSerializers'>
  maxMessageBytes: number
  handshakeTimeoutSeconds: number
  heartbeatIntervalSeconds: number
  sendTimeoutSeconds: number
  messageTimeoutSeconds: number
}

const REFUSALS: Record<RefusalReason, { status: number; code: string; message: string }> = {
  disabled: { status: 403, code: 'FST_DVBCSS_ERR_DISABLED', message: 'This endpoint is disabled.' },
  'address-full': {
    status: 429,
    code: 'FST_DVBCSS_ERR_ADDRESS_FULL',
    message: 'Connection limit for this address reached; close a connection first.',
  },
  denied: { status: 403, code: 'FST_DVBCSS_ERR_DENIED', message: 'This address may not connect to this endpoint.' },
  'rate-limited': {
    status: 429,
    code: 'FST_DVBCSS_ERR_RATE_LIMITED',
    message: 'Too many handshakes from this address; try again later.',
  },
  'rate-limited-total': {
    status: 503,
    code: 'FST_DVBCSS_ERR_OVERLOADED',
    message: 'Too many handshakes on this endpoint; try again later.',
  },
  'has-body': {
    status: 400,
    code: 'FST_DVBCSS_ERR_HANDSHAKE_BODY',
    message: 'A WebSocket handshake must not have a body.',
  },
  'no-channel': {
    status: 404,
    code: 'FST_DVBCSS_ERR_NO_CHANNEL',
    message: 'Name a channel of at most 1000 characters behind the base URL.',
  },
  'channel-full': {
    status: 503,
    code: 'FST_DVBCSS_ERR_CHANNEL_FULL',
    message: 'Too many clients wait on this channel; try again later.',
  },
  full: { status: 503, code: 'FST_DVBCSS_ERR_FULL', message: 'Connection limit reached; try again later.' },
}

/**
 * Mounts an endpoint on the app at a prefix, in a scope of its own.
 * @param mounted called with the whole path, including outer prefixes.
 */
export async function mountEndpoint(
  app: FastifyInstance,
  server: EndpointServer,
  options: MountSettings,
  mounted: (path: string) => void = () => {},
): Promise<void> {
  const registry = registryOf(app)
  await provideWebsocket(app)
  const maxMessageBytes = Math.min(options.maxMessageBytes, appMaxPayload(app))
  const frameLimits = FrameLimits.of(app.websocketServer)
  const limits = limitsFor(maxMessageBytes)

  const connections = new MountedConnections(
    server,
    options.heartbeatIntervalSeconds * 1000,
    options.sendTimeoutSeconds * 1000,
    options.messageTimeoutSeconds * 1000,
  )
  app.addHook('preClose', () => connections.close())

  await app.register(
    async (routes) => {
      // The path distinguishes endpoints of the same kind.
      server.useLogger(app.log.child({ path: routes.prefix }, levelOf(options.scope)))
      registry.endpoints.push({ path: routes.prefix, server })
      mounted(routes.prefix)
      const handshakeTimeoutMillis = options.handshakeTimeoutSeconds * 1000
      const mount = { path: `${routes.prefix}${options.route ?? ''}`, server, handshakeTimeoutMillis }
      routes.route({
        method: 'GET',
        url: options.route ?? (routes.prefix === '' ? '/' : ''),
        childLoggerFactory: registry.requests.limit(mount, limitedRequestLog(server, routes.childLoggerFactory)),
        // On the route, so that it runs after every hook of the app: nothing asynchronous comes between the place given and
        // the handshake.
        onRequest: (request, reply, done) => {
          // If the client has gone while a hook was waiting, no event remains that would release its place.
          if (!request.ws || reply.raw.destroyed) return done()
          if (hasBody(request)) {
            server.handshakeRefused(request.ip ?? '', 'has-body')
            return refuse(request, reply, 'has-body', server)
          }
          const raw = request.raw as Decided
          raw[DECIDED] = true
          const admission = server.admit(request.ip ?? '', request)
          if ('refusal' in admission) return refuse(request, reply, admission.refusal, server)
          const response: WithPlace = reply.raw
          response[PLACE] = admission
          // The only event that occurs at every end of a handshake or connection.
          response.on('close', releasePlace)
          frameLimits.set(raw, limits)
          done()
        },
        // A hook of the app has refused it: a client that guesses tokens makes handshakes too. The hook may have come before
        // the one that sets `request.ws`.
        onResponse: (request, _reply, done) => {
          const isDecided = (request.raw as Decided)[DECIDED] === true
          if (request.headers.upgrade !== undefined && !isDecided) server.handshakeFailed(request.ip ?? '')
          done()
        },
        handler: requireUpgrade,
        wsHandler: (socket, request) => {
          registry.requests.done(request.raw)
          adaptWebSocket(socket, request, connections)
        },
      })
    },
    { ...options.scope, prefix: options.prefix },
  )
}

function releasePlace(this: WithPlace): void {
  this[PLACE]?.release()
}

function refuse(request: FastifyRequest, reply: FastifyReply, reason: RefusalReason, server: EndpointServer): void {
  const { status, code, message } = REFUSALS[reason]
  server.logLimited(request.log, 'info', { reason, remoteAddress: visible(request.ip ?? '') }, 'connection refused')
  if (status === 429 || status === 503) reply.header('retry-after', String(DEFAULTS.retryAfterSeconds))
  reply
    .code(status)
    .header('connection', 'close')
    .send(errorBody(status, code, message))
}

/** Node passes on the body of a handshake as WebSocket frames. */
function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
}

async function requireUpgrade(request: FastifyRequest, reply: FastifyReply): Promise<object> {
  // The body is not read, and may never arrive.
  const connection = hasBody(request) ? 'upgrade, close' : 'upgrade'
  reply.code(426).headers({ upgrade: 'websocket', connection })
  return errorBody(
    426,
    'FST_DVBCSS_ERR_UPGRADE_REQUIRED',
    'This is a WebSocket endpoint: connect with ws:// or wss://.',
  )
}

/** An error body in Fastify's format. */
function errorBody(statusCode: number, code: string, message: string): object {
  return { statusCode, code, error: STATUS_CODES[statusCode], message }
}
