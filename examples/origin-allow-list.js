// @ts-check
// A CSS-CII server with an allow-list of web origins. Without one, any page open in a browser on the network could connect, because
// CORS does not apply to WebSockets.
//
//   ORIGINS="https://companion.example" HOSTS="localhost 127.0.0.1 [::1]" PORT=7681 node examples/origin-allow-list.js

import Fastify from 'fastify'
import { ciiPlugin } from 'fastify-dvbcss'

const listOf = (/** @type {string} */ text) => new Set(text.toLowerCase().split(/\s+/).filter(Boolean))

// Origins of pages: scheme://host, with the port unless it is the default one. Include the origin of pages that this app serves.
const origins = listOf(process.env.ORIGINS ?? 'https://companion.example')
// Host names and addresses of this server as companions use them, without ports.
const hosts = listOf(process.env.HOSTS ?? 'localhost 127.0.0.1 [::1]')

const app = Fastify({ logger: { level: 'warn' } })

/** An error that Fastify sends as {"statusCode":403,"error":"Forbidden","message":…}. */
const forbidden = (/** @type {string} */ message) => Object.assign(new Error(message), { statusCode: 403 })

// Added to the app, so that it applies to all endpoints and routes, and runs before a connection is counted.
app.addHook('onRequest', async (request, reply) => {
  const { hostname } = request
  const { origin } = request.headers
  const isOurs = hosts.has(hostname.toLowerCase())
  // Native companions send no Origin header. Browsers always do for a WebSocket; it is "null" for pages such as local files.
  const isKnown = origin === undefined || origins.has(origin.toLowerCase())
  if (isOurs && isKnown) return
  // Otherwise a rejected client could keep the socket open until handshakeTimeoutSeconds.
  reply.header('connection', 'close')
  // DNS rebinding: the attacker's host name resolves to this machine. Plain requests of the attacker's page are then same-origin and
  // have no Origin header, but their Host header still contains the attacker's name.
  if (!isOurs) throw forbidden('This host name is not allowed.')
  throw forbidden('This origin is not allowed.')
})

await app.register(ciiPlugin, {
  prefix: '/cii',
  cii: { contentId: 'dvb://233a.1004.1044', contentIdStatus: 'final', presentationStatus: ['okay'] },
})
// The hook applies to the app's own routes too.
app.get('/on-now', async () => ({ contentId: app.cii.cii.contentId }))

const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`CSS-CII at ${url.replace('http', 'ws')}/cii`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
