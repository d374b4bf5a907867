// @ts-check
// A CSS-CII server for companions with a token. They send it in the Authorization header or, from a page that cannot set headers:
//
//   new WebSocket(url, ['bearer', token])         as a subprotocol; only letters, digits and - . _ ~ are allowed
//   new WebSocket(`${url}?token=${token}`)        in the query, which proxies on the way may log
//
//   TOKENS='{"ann":"secret-of-ann"}' PORT=7681 node examples/token-in-the-handshake.js

import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import { CiiServer, ciiPlugin } from 'fastify-dvbcss'

const { TOKENS, HOST: host = '127.0.0.1', PORT = '7681', LOG_LEVEL: level = 'warn' } = process.env
if (!TOKENS)
  throw new Error('set the environment variable TOKENS to a JSON object of users and tokens: {"user":"token"}')
const sha256 = (/** @type {unknown} */ text) => createHash('sha256').update(String(text)).digest()
const users = Object.entries(JSON.parse(TOKENS)).map(([name, token]) => ({ name, digest: sha256(token) }))

/** The owner of a token. Compares all tokens in constant time, so that the duration reveals nothing. */
function userOf(/** @type {unknown} */ token) {
  const digest = sha256(token)
  return users.filter((user) => timingSafeEqual(user.digest, digest))[0]?.name
}

/** @param {import('fastify').FastifyRequest} request */
function tokenOf({ headers, query }) {
  const [, inHeader] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  // The server selects the first subprotocol, "bearer", and therefore does not echo the token.
  const [, asProtocol] = /^bearer, *([^\s,]+)$/.exec(headers['sec-websocket-protocol'] ?? '') ?? []
  return inHeader ?? asProtocol ?? Object(query).token
}

// Fastify logs the URL of each request, but not its headers.
const redact = {
  paths: ['req.url'],
  censor: (/** @type {unknown} */ url) => String(url).replace(/\?.*/, '?[redacted]'),
}
const app = Fastify({ logger: { level, redact } })
// Fastify's default 404 handler logs the URL with its token as message text, which redact does not cover.
app.setNotFoundHandler((_request, reply) => reply.code(404).send({ statusCode: 404, error: 'Not Found' }))

app.decorateRequest('user', '')
app.addHook('onRequest', async (request, reply) => {
  const user = userOf(tokenOf(request))
  if (user !== undefined) return request.setDecorator('user', user)
  reply.headers({ 'www-authenticate': 'Bearer', connection: 'close' })
  throw Object.assign(new Error('A valid token is required.'), { statusCode: 401 })
})

class Television extends CiiServer {
  /** The handshake is the request that the hook has decorated. @override @type {CiiServer['onConnect']} */
  onConnect({ handshake, id }) {
    const request = /** @type {import('fastify').FastifyRequest} */ (handshake)
    console.log(`${id} is ${request.getDecorator('user')}`)
  }
}
await app.register(ciiPlugin, { prefix: '/cii', handler: Television })
console.log(`CSS-CII at ${(await app.listen({ host, port: Number(PORT) })).replace('http', 'ws')}/cii`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
