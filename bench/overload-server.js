// @ts-check
// The television of the overload measurement. argv: whether its wall clock is isolated, `true` or `false`.
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import Fastify from 'fastify'
import { ciiPlugin, wallClockPlugin } from 'fastify-dvbcss'

const app = Fastify()
await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, isolate: process.argv[2] === 'true' })
await app.register(ciiPlugin, { prefix: '/cii' })
const { port: tcpPort } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))

let changes = 0
let since = { millis: performance.now(), changes, loop: performance.eventLoopUtilization() }

process.on('message', (/** @type {{ ask: 'load' | 'figures', changesPerSecond?: number }} */ { ask, ...load }) => {
  if (ask === 'load') {
    setInterval(
      () => {
        changes += 1
        app.cii.update({ contentId: `dvb://233a.1004.${changes}`, contentIdStatus: 'final' })
      },
      1000 / (load.changesPerSecond ?? 1),
    )
  }
  const millis = performance.now()
  process.send?.({
    open: app.cii.statistics.open,
    changesPerSecond: ((changes - since.changes) * 1000) / (millis - since.millis),
    loopBusy: performance.eventLoopUtilization(since.loop).utilization,
    answers: app.wallClockServer.statistics.answers,
  })
  since = { millis, changes, loop: performance.eventLoopUtilization() }
})
process.on('disconnect', () => process.exit())
process.send?.({ udpPort: app.wallClockServer.address?.port, tcpPort: Number(tcpPort) })
