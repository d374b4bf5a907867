// @ts-check
// CSS-CII, CSS-TS and CSS-WC in one app, for companions that send a token.
//
//   TOKEN=secret PORT=7681 WC_PORT=6677 node examples/television-with-authentication.js

import { createHash, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import { ClockTimelineSource, CorrelatedClock, Correlation, ciiPlugin, tsPlugin, wallClockPlugin } from 'fastify-dvbcss'

const { TOKEN, HOST: host = '127.0.0.1', PORT = '7681', WC_PORT = '6677' } = process.env
if (!TOKEN) throw new Error('expected the token that companions have to bring in the environment variable TOKEN')
const CONTENT_ID = 'dvb://233a.1004.1044'
const PTS = 'urn:dvb:css:timeline:pts'

const app = Fastify({ logger: { level: 'warn' } })

// A WebSocket upgrade is a request like any other: hooks of the app run before the endpoint, and a request that they reject never
// becomes a connection. A hook applies to its context and the contexts inside it, regardless of the order of registration.
const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest()
const expected = sha256(`Bearer ${TOKEN}`)
app.addHook('onRequest', async (request, reply) => {
  // Digests have equal lengths, so they can be compared in constant time.
  if (timingSafeEqual(sha256(request.headers.authorization ?? ''), expected)) return
  reply.code(401).headers({ 'www-authenticate': 'Bearer', connection: 'close' })
  return reply.send({ error: 'Unauthorized', message: 'A valid token is required.' })
})

// The wall clock has no authentication: it answers anyone who can reach its UDP port.
await app.register(wallClockPlugin, { host, port: Number(WC_PORT) })
await app.register(ciiPlugin, { prefix: '/cii' })
// CSS-TS uses the wall clock of the app.
await app.register(tsPlugin, { prefix: '/ts', contentId: CONTENT_ID })

const start = new Correlation({ parentTicks: app.wallClock.now(), childTicks: 0 })
const pts = new CorrelatedClock(app.wallClock, { tickRate: 90_000, correlation: start })
app.ts.attachTimelineSource(new ClockTimelineSource(PTS, app.wallClock, pts))

// wcUrl and tsUrl are set by the plugins above, so a companion only needs the URL of /cii.
app.cii.update({
  contentId: CONTENT_ID,
  contentIdStatus: 'final',
  presentationStatus: ['okay'],
  timelines: [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }],
})

const url = await app.listen({ host, port: Number(PORT) })
console.log(`CSS-CII at ${url.replace('http', 'ws')}/cii`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
