// @ts-check
// CSS-CII, CSS-TS and the wall clock over TLS: wss:// for all three.
//
//   KEY=key.pem CERT=cert.pem PORT=7681 node examples/television-over-tls.js
//   Add WC_PORT=6677 to serve the wall clock over UDP as well.

import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import * as dvbcss from 'fastify-dvbcss'

const { KEY, CERT, WC_PORT, HOST: host = '127.0.0.1', PORT = '7681' } = process.env
if (!KEY || !CERT) throw new Error('expected the paths of two PEM files in the environment variables KEY and CERT')
const CONTENT_ID = 'dvb://233a.1004.1044'
const PTS = 'urn:dvb:css:timeline:pts'

const app = Fastify({
  logger: { level: 'warn' },
  https: {
    key: readFileSync(KEY),
    cert: readFileSync(CERT),
    // Timeout of the TLS handshake, in milliseconds. The default is two minutes.
    handshakeTimeout: 10_000,
  },
})

const wallClock = new dvbcss.SystemClock()
// Pages cannot use UDP, and pages from https:// can only connect to wss://. This wall clock is protected by TLS.
await app.register(dvbcss.wallClockWebSocketPlugin, { prefix: '/wc', wallClock })
// UDP is not protected by TLS. An on-path attacker can answer instead of this server and set a companion's clock to any value, which
// puts its media out of sync. They learn nothing. Companions that implement only the standard support no other wall clock.
if (WC_PORT) await app.register(dvbcss.wallClockPlugin, { host, port: Number(WC_PORT), wallClock })
await app.register(dvbcss.ciiPlugin, { prefix: '/cii' })
await app.register(dvbcss.tsPlugin, { prefix: '/ts', wallClock, contentId: CONTENT_ID })

const start = new dvbcss.Correlation({ parentTicks: wallClock.now(), childTicks: 0 })
const pts = new dvbcss.CorrelatedClock(wallClock, { tickRate: 90_000, correlation: start })
app.ts.attachTimelineSource(new dvbcss.ClockTimelineSource(PTS, wallClock, pts))

// tsUrl and wcUrl are set automatically. Each client receives wss:// URLs with the host name that it connected to: an IP address would not
// match the certificate.
app.cii.update({
  contentId: CONTENT_ID,
  contentIdStatus: 'final',
  presentationStatus: ['okay'],
  timelines: [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }],
})

const url = await app.listen({ host, port: Number(PORT) })
console.log(`CSS-CII at ${url.replace('http', 'ws')}/cii`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
