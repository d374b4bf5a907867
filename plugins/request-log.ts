import type { FastifyInstance, FastifyRequest } from 'fastify'
import { visible } from '../src/messages/index.js'
import type { EndpointServer } from '../src/server/endpoint-server.js'

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
    const log = outer.call(this as never, logger, bindings, options, rawRequest)
    const { info } = log
    // A new object and not a changed one: an app without a logger has the same one for all requests.
    const limited: typeof log = Object.create(log)
    limited.info = function limitedInfo(this: typeof log, fields: unknown, message?: unknown, ...rest: unknown[]) {
      if (!isFastifyLine(fields) || typeof message !== 'string') {
        info.call(this, fields as object, message as string, ...rest)
        return
      }
      const shown = fields.req === undefined ? fields : { ...fields, req: shortened(fields.req) }
      const kind = FASTIFY_LINES.includes(message) ? message : 'request failed'
      const write = { info: (line: unknown, text?: string) => info.call(this, line as object, text) }
      server.logLimited(write, 'info', shown, visible(message), kind)
    } as typeof log.info
    return limited
  }
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
  })
}
