import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  encodeDeviceDescription,
  encodeHbbtvApplication,
  HBBTV_APPLICATION,
  MAX_LAUNCH_BYTES,
} from '../src/discovery/index.js'
import { LogLimiter } from '../src/server/endpoint/index.js'
import { describeValue } from '../src/validation/index.js'
import { registryOf } from './app-registry.js'
import type { DiscoverySettings } from './discovery-settings.js'
import { hostOfAddress } from './machine-addresses.js'

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

const XML = 'text/xml; charset=utf-8'

/** The state of the routes that the app and other plugins see. */
export interface DialState {
  readonly dialStatistics: DialStatistics
  isRunning: boolean
}

/** Adds the HTTP resources of DIAL: the device description, and the HbbTV application. */
export function addDialRoutes(scope: FastifyInstance, settings: DiscoverySettings, state: DialState): void {
  const { onLaunch, onStop } = settings
  const { dialStatistics } = state
  const { refused } = dialStatistics
  const path = `/apps/${HBBTV_APPLICATION}`
  const runningPath = `${path}/run`
  const registry = registryOf(scope)
  const refusals = new LogLimiter(() => scope.log)
  // The body is passed on as text, whatever its type. Fastify answers a longer one with 413.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_LAUNCH_BYTES }, (_request, body, done) => {
    done(null, body)
  })
  scope.addHook('onRequest', async (request, reply) => {
    if (!isAllowedHost(request, settings.allowedHosts)) {
      refused.host += 1
      return refuse(reply, request, 'host', request.headers.host, refusals)
    }
    const { origin } = request.headers
    if (origin === undefined) return
    if (!isAllowedOrigin(origin, settings.allowedOrigins)) {
      refused.origin += 1
      return refuse(reply, request, 'origin', origin, refusals)
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
      state: state.isRunning ? 'running' : 'stopped',
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
    state.isRunning = true
    return reply
      .code(201)
      .header('location', `${ownUrl(request)}${scope.prefix}${runningPath}`)
      .send()
  })
  scope.delete(runningPath, async (request, reply) => {
    if (!state.isRunning) return reply.code(404).send()
    if (onStop === undefined || (await onStop(request)) === false) {
      refused.stop += 1
      return reply.code(403).send()
    }
    dialStatistics.stops += 1
    state.isRunning = false
    return reply.code(200).send()
  })
  for (const each of ['/dd.xml', path, runningPath])
    scope.options(each, async (_request, reply) => reply.code(204).send())
}

function refuse(
  reply: FastifyReply,
  request: FastifyRequest,
  what: 'host' | 'origin',
  value: unknown,
  log: LogLimiter,
): FastifyReply {
  log.write(request.log, 'info', () => ({ [what]: describeValue(value) }), `request from a foreign ${what} refused`)
  return reply.code(403).send()
}

/** The owner of a name can make it resolve to this machine's address (DNS rebinding), so only addresses and known names are allowed. */
function isAllowedHost(request: FastifyRequest, allowed: readonly string[]): boolean {
  const authority = request.headers.host ?? ''
  const host = /^\[([^\]]+)\](:\d+)?$/.exec(authority)?.[1] ?? authority.replace(/:\d+$/, '')
  return (
    isIP(host) !== 0 ||
    /^localhost\.?$/i.test(host) ||
    allowed.some((each) => each.toLowerCase() === host.toLowerCase())
  )
}

/** DIAL 2.1: web pages and files are refused unless allowed. Apps have no origin, or one with a scheme of their own. */
function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  return allowed.includes(origin) || !/^(https?:|file:|null$)/i.test(origin)
}

/** The URL of an endpoint of this app at the address that the request reached. */
function filledIn(template: string | undefined, request: FastifyRequest): string | undefined {
  return template?.replace('{{scheme}}://{{host}}:{{port}}{{prefix}}', ownUrl(request).replace(/^http/, 'ws'))
}

/** The base URL at which this request reached the app. */
function ownUrl(request: FastifyRequest): string {
  const { localAddress, localPort } = request.socket
  const host = hostOfAddress(localAddress ?? '127.0.0.1')
  // URLs cannot contain the zone of a link-local IPv6 address, but the client's Host header can be used.
  return `${request.protocol}://${host ?? request.headers.host}${host === null ? '' : `:${localPort}`}`
}
