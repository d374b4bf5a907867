// @ts-check
// A CSS-CII server: reports the current content to companions. Type a content id to change the channel.
//
//   PORT=7681 node examples/cii-server.js

import { createInterface } from 'node:readline'
import Fastify from 'fastify'
import { ciiPlugin } from 'fastify-dvbcss'

const app = Fastify({ logger: { level: 'warn' } })

await app.register(ciiPlugin, {
  prefix: '/cii',
  maxConnections: 100,
  // The initial state, which is sent to every new client. `protocolVersion` is added if it is missing.
  cii: {
    contentId: 'dvb://233a.1004.1044',
    contentIdStatus: 'final',
    presentationStatus: ['okay'],
    timelines: [
      {
        timelineSelector: 'urn:dvb:css:timeline:pts',
        timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
      },
    ],
    // The wall clock of another process, so its URL must be stated. {{host}} becomes the host that the client has connected to.
    wcUrl: 'udp://{{host}}:6677',
  },
})

// 127.0.0.1 accepts only this machine; HOST=0.0.0.0 accepts companions on the network.
const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`CSS-CII at ${url.replace('http', 'ws')}/cii`)

createInterface({ input: process.stdin }).on('line', (contentId) => {
  try {
    // Sends the changed properties to all clients.
    app.cii.update({ contentId, contentIdStatus: 'final' })
    console.log(`sent ${contentId} to ${app.cii.connections.size} companions`)
  } catch (error) {
    // Invalid values are rejected and change nothing.
    console.error(String(error))
  }
})

// Connections are closed with 1001, "going away".
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => app.close().then(() => process.exit()))
}
