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
  // Every client gets this first; `protocolVersion` is added where it is left out.
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
    // Elsewhere, and so written out. {{host}} becomes the address at which each client has reached this server.
    wcUrl: 'udp://{{host}}:6677',
  },
})

// 127.0.0.1 is this machine only; HOST=0.0.0.0 lets companions in from the network.
const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`CSS-CII at ${url.replace('http', 'ws')}/cii`)

createInterface({ input: process.stdin }).on('line', (contentId) => {
  try {
    // Clients are sent the properties that have changed, and no others.
    app.cii.update({ contentId, contentIdStatus: 'final' })
    console.log(`${app.cii.connections.size} companions know that ${contentId} is on`)
  } catch (error) {
    // Invalid values are rejected, and the clients keep their state.
    console.error(String(error))
  }
})

// Connections are closed with 1001, "going away".
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => app.close().then(() => process.exit()))
}
