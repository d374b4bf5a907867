// @ts-check
// A CSS-WC server, with which companions synchronise their clocks over UDP.
//
//   PORT=6677 node examples/wall-clock-server.js

import Fastify from 'fastify'
import { SystemClock, wallClockPlugin } from 'fastify-dvbcss'

// Any clock that never steps is suitable. Companions add the frequency error of its oscillator to their error bounds.
const wallClock = new SystemClock({ maxFreqErrorPpm: 50 })

const app = Fastify({ logger: { level: 'warn' } })
await app.register(wallClockPlugin, {
  wallClock,
  // 127.0.0.1 accepts only this machine; HOST=0.0.0.0 accepts companions on the network.
  host: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT ?? 6677),
})

// Boots the app and binds the UDP socket. An app with routes calls listen() instead, which includes this.
await app.ready()
const bound = app.wallClockServer.address
console.log(`CSS-WC at udp://${bound?.address}:${bound?.port}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    const { requests, answers, dropped } = app.wallClockServer.statistics
    await app.close()
    console.log(`answered ${answers} of ${requests} requests; dropped: ${JSON.stringify(dropped)}`)
  })
}
