// @ts-check
// A CSS-CII server with an allow-list of web origins. Without one, any page open in a browser on the network could connect, because
// CORS does not apply to WebSockets.
//
//   ORIGINS="https://companion.example" HOSTS="localhost 127.0.0.1 [::1]" PORT=7681 node examples/origin-allow-list.js

import Fastify from 'fastify'
import { ciiPlugin } from 'fastify-dvbcss'

const listOf = (/** @type {string} */ text) => new Set(text.toLowerCase().split(/\s+/).filter(Boolean))

// Pages, as scheme://host, with the port where it is not the scheme's own. A page that this app serves is to be listed too.
const origins = listOf(process.env.ORIGINS ?? 'https://companion.example')
// The names and addresses by which companions know this machine, without ports.
const hosts = listOf(process.env.HOSTS ?? 'localhost 127.0.0.1 [::1]')

const app = Fastify({ logger: { level: 'warn' } })

/** An error that Fastify answers as its own: {"statusCode":403,"error":"Forbidden","message":…}. */
const forbidden = (/** @type {string} */ message) => Object.assign(new Error(message), { statusCode: 403 })

// On the app, so that it holds for all endpoints and routes, and runs before a place is given away.
app.addHook('onRequest', async (request, reply) => {
  const { hostname } = request
  const { origin } = request.headers
  const isOurs = hosts.has(hostname.toLowerCase())
  // Native companions send no Origin. Browsers always do with a WebSocket: "null" for a page without an origin, such as a file.
  const isKnown = origin === undefined || origins.has(origin.toLowerCase())
  if (isOurs && isKnown) return
  // Or who is refused could hold on to the socket until handshakeTimeoutSeconds.
  reply.header('connection', 'close')
  // DNS rebinding: a name of the attacker's suddenly means this machine. The page is then of the same origin as its plain
  // requests, which carry no Origin; but the Host header still has the attacker's name.
  if (!isOurs) throw forbidden('This server goes by another name.')
  throw forbidden('Pages of this origin are not let in.')
})

await app.register(ciiPlugin, {
  prefix: '/cii',
  cii: { contentId: 'dvb://233a.1004.1044', contentIdStatus: 'final', presentationStatus: ['okay'] },
})
// A route of the app's own is behind the same hook.
app.get('/on-now', async () => ({ contentId: app.cii.cii.contentId }))

const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`CSS-CII at ${url.replace('http', 'ws')}/cii`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
