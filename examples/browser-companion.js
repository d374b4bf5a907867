// @ts-check
// A television with a web page as its companion: open the URL that it prints. Type "pause", "play", "speed 2", "seek 90" or
// "content dvb://1.2.4". With ?media=URL the page synchronises a video; with ?cii=URL it follows another television.
//
//   PORT=7681 WC_PORT=6677 node examples/browser-companion.js

import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import Fastify from 'fastify'
import * as dvbcss from 'fastify-dvbcss'

const { HOST: host = '127.0.0.1', PORT = '7681', WC_PORT = '6677' } = process.env
const PTS = 'urn:dvb:css:timeline:pts'
const page = (/** @type {string} */ name) => fileURLToPath(new URL(`browser-companion/${name}`, import.meta.url))

// Browsers keep idle connections open. Close them too when the app closes.
const app = Fastify({ logger: { level: 'warn' }, forceCloseConnections: true })
await app.register(dvbcss.wallClockPlugin, { host, port: Number(WC_PORT) })
// Browsers have no UDP. CII announces this WebSocket wall clock to them.
await app.register(dvbcss.wallClockWebSocketPlugin, { prefix: '/wc' })
await app.register(dvbcss.ciiPlugin, { prefix: '/cii' })
await app.register(dvbcss.tsPlugin, { prefix: '/ts' })

const pts = new dvbcss.CorrelatedClock(app.wallClock, { tickRate: 90_000 })
app.ts.attachTimelineSource(new dvbcss.ClockTimelineSource(PTS, app.wallClock, pts))
const timelines = [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }]

function move(speed = pts.speed, seconds = pts.now() / pts.tickRate) {
  const here = new dvbcss.Correlation({ parentTicks: app.wallClock.now(), childTicks: seconds * pts.tickRate })
  pts.setCorrelationAndSpeed(here, speed)
}
function present(/** @type {string} */ contentId) {
  app.cii.update({ contentId, contentIdStatus: 'final', presentationStatus: ['okay'], timelines })
  app.ts.contentId = contentId
}
move(1, 0)
present('dvb://233a.1004.1044')

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument = ''] = line.trim().split(/\s+/)
  if (command === 'pause') move(0)
  else if (command === 'play') move(1)
  else if (command === 'speed') move(Number(argument) || 0)
  else if (command === 'seek') move(pts.speed, Number(argument) || 0)
  else if (command === 'content' && argument !== '') present(argument)
})

const { outputFiles } = await build({ entryPoints: [page('companion.js')], bundle: true, write: false, format: 'esm' })
const script = outputFiles[0]?.text
app.get('/', async (_, reply) => reply.type('text/html').send(await readFile(page('index.html'))))
app.get('/companion.js', async (_, reply) => reply.type('text/javascript').send(script))
console.log(`A companion at ${await app.listen({ host, port: Number(PORT) })}`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close().then(() => process.exit()))
