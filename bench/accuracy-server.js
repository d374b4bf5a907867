// @ts-check
// The television of the accuracy measurement: all three endpoints on one event loop.
import process from 'node:process'
import Fastify from 'fastify'
import { ciiPlugin, wallClockPlugin, wallClockWebSocketPlugin } from 'fastify-dvbcss'

const app = Fastify()
await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
await app.register(ciiPlugin, { prefix: '/cii' })
const { port: tcpPort } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))

let changes = 0
process.on('message', (/** @type {{ changesPerSecond: number }} */ { changesPerSecond }) => {
  setInterval(() => {
    changes += 1
    app.cii.update({ contentId: `dvb://233a.1004.${changes}`, contentIdStatus: 'final' })
  }, 1000 / changesPerSecond)
})
process.on('disconnect', () => process.exit())
process.send?.({ udpPort: app.wallClockServer.address?.port, tcpPort: Number(tcpPort) })
