// @ts-check
// A CSS-CII server for companions with a token: in the Authorization header, or as pages can bring it, which cannot set headers:
//
//   new WebSocket(url, ['bearer', token])         the token as a subprotocol; it has to be of letters, digits, - . _ ~
//   new WebSocket(`${url}?token=${token}`)        in the query, which ends up in the logs of whatever it comes through
//
//   TOKENS='{"ann":"secret-of-ann"}' PORT=7681 node examples/token-in-the-handshake.js

import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import { CiiServer, ciiPlugin } from 'fastify-dvbcss'

const { TOKENS, HOST: host = '127.0.0.1', PORT = '7681', LOG_LEVEL: level = 'warn' } = process.env
if (!TOKENS) throw new Error('expected users and their tokens, {"user":"token"}, in the environment variable TOKENS')
const sha256 = (/** @type {unknown} */ text) => createHash('sha256').update(String(text)).digest()
const users = Object.entries(JSON.parse(TOKENS)).map(([name, token]) => ({ name, digest: sha256(token) }))

/** Whose token it is. All are compared, and each comparison takes equally long: how long it takes says nothing. */
function userOf(/** @type {unknown} */ token) {
  const digest = sha256(token)
  return users.filter((user) => timingSafeEqual(user.digest, digest))[0]?.name
}

/** @param {import('fastify').FastifyRequest} request */
function tokenOf({ headers, query }) {
  const [, inHeader] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  // The server takes the first that is offered, "bearer", and so does not send the token back.
  const [, asProtocol] = /^bearer, *([^\s,]+)$/.exec(headers['sec-websocket-protocol'] ?? '') ?? []
  return inHeader ?? asProtocol ?? Object(query).token
}

// Fastify logs the URL of each request, but no headers.
const redact = {
  paths: ['req.url'],
  censor: (/** @type {unknown} */ url) => String(url).replace(/\?.*/, '?[redacted]'),
}
const app = Fastify({ logger: { level, redact } })
// Fastify's own answer to a wrong path writes the URL, token and all, into the text of a log line, which redact does not see.
app.setNotFoundHandler((_request, reply) => reply.code(404).send({ statusCode: 404, error: 'Not Found' }))

app.decorateRequest('user', '')
app.addHook('onRequest', async (request, reply) => {
  const user = userOf(tokenOf(request))
  if (user !== undefined) return request.setDecorator('user', user)
  reply.headers({ 'www-authenticate': 'Bearer', connection: 'close' })
  throw Object.assign(new Error('Bring your token.'), { statusCode: 401 })
})

class Television extends CiiServer {
  /** What the hook has found out is on the handshake. @override @type {CiiServer['onConnect']} */
  onConnect({ handshake, id }) {
    const request = /** @type {import('fastify').FastifyRequest} */ (handshake)
    console.log(`${id} is ${request.getDecorator('user')}`)
  }
}
await app.register(ciiPlugin, { prefix: '/cii', handler: Television })
console.log(`CSS-CII at ${(await app.listen({ host, port: Number(PORT) })).replace('http', 'ws')}/cii`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
