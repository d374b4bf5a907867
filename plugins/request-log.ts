import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type EndpointServer, type Logger, writesLevel } from '../src/server/endpoint/index.js'
import { visible } from '../src/validation/index.js'

type FastifyChildLoggerFactory = FastifyInstance['childLoggerFactory']

const FASTIFY_LINES = ['incoming request', 'request completed']

/**
 * Makes the loggers of an endpoint's requests such that strangers cannot fill the log: Fastify's own lines, of which each
 * handshake causes two with its URL in them, are limited like the endpoint's, and shortened. What the app's hooks log
 * passes.
 * @param outer makes the logger of a request, as the app has it.
 */
export function limitedRequestLog(server: EndpointServer, outer: FastifyChildLoggerFactory): FastifyChildLoggerFactory {
  return function childLoggerFactory(this: unknown, logger, bindings, options, rawRequest) {
    const log = outer.call(this as never, logger, visibleStrings(bindings), options, rawRequest)
    // Nothing to limit, and nothing to pay for it.
    if (!writesLevel(log as Partial<Logger>, 'info')) return log
    const info = log.info.bind(log) as (fields: unknown, message?: unknown, ...rest: unknown[]) => void
    const limitedInfo = (fields: unknown, message?: unknown, ...rest: unknown[]) => {
      if (!isFastifyLine(fields) || typeof message !== 'string') return info(fields, message, ...rest)
      const { req } = fields
      const shown = () => (req === undefined ? fields : { ...fields, req: shortened(req) })
      const kind = FASTIFY_LINES.includes(message) ? message : 'request failed'
      server.logLimited({ info }, 'info', shown, visible(message), kind)
    }
    return withInfo(log, limitedInfo)
  }
}

/**
 * The logger with another `info`. The logger itself stays as it is: an app without a logger has the same one for all requests.
 * Its methods are called on it, and not on the proxy, because a logger that the app brings may have private fields.
 */
function withInfo<Log extends object>(log: Log, info: unknown): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'info') return info
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  })
}

/** With `requestIdHeader` the client chooses the id of its request, which is in every line of that request. */
function visibleStrings(bindings: Record<string, unknown>): Record<string, unknown> {
  let shown = bindings
  for (const name of Object.keys(bindings)) {
    const value = bindings[name]
    const visibleValue = typeof value === 'string' ? visible(value) : value
    // Copied only if there is something to change, which is seldom: this runs for each request.
    if (visibleValue !== value) shown = { ...shown, [name]: visibleValue }
  }
  return shown
}

function isFastifyLine(fields: unknown): fields is { req?: FastifyRequest; res?: unknown } {
  return typeof fields === 'object' && fields !== null && ('req' in fields || 'res' in fields)
}

/** The request as the app's serializer reads it, except for what the client can make long or unsafe. */
function shortened(request: FastifyRequest): object {
  return Object.create(request, {
    url: { get: () => visible(request.url ?? '') },
    host: { get: () => visible(request.host ?? '') },
    ip: { get: () => visible(request.ip ?? '') },
    headers: { get: () => shownHeaders(request.headers) },
  })
}

/** Fastify logs the version that a client accepts. */
function shownHeaders(headers: FastifyRequest['headers']): FastifyRequest['headers'] {
  const version = headers['accept-version']
  return version === undefined ? headers : { ...headers, 'accept-version': visible(String(version)) }
}
