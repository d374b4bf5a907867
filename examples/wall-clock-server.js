// @ts-check
// A CSS-WC server: companions set their clocks by it, over UDP.
//
//   PORT=6677 node examples/wall-clock-server.js

import Fastify from 'fastify'
import { SystemClock, wallClockPlugin } from 'fastify-dvbcss'

// Any clock will do that never steps. How far its oscillator may be off, companions add to the error that they reckon with.
const wallClock = new SystemClock({ maxFreqErrorPpm: 50 })

const app = Fastify({ logger: { level: 'warn' } })
await app.register(wallClockPlugin, {
  wallClock,
  // 127.0.0.1 is this machine only; HOST=0.0.0.0 lets companions in from the network.
  host: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT ?? 6677),
})

// Boots the app, which binds the UDP socket. An app that has routes as well calls listen(), which includes this.
await app.ready()
const bound = app.wallClockServer.address
console.log(`CSS-WC at udp://${bound?.address}:${bound?.port}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    const { requests, answers, dropped } = app.wallClockServer.statistics
    await app.close()
    console.log(`answered ${answers} of ${requests} requests; not answered: ${JSON.stringify(dropped)}`)
  })
}
