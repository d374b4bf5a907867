// @ts-check
// Runs inside a network namespace of its own: a television and a companion on its loopback interface. Says "connected",
// and what the television has counted when it has given the companion up.
import { once } from 'node:events'
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import { ciiPlugin } from 'fastify-dvbcss'
import { WebSocket } from 'ws'

const app = Fastify()
await app.register(ciiPlugin, { prefix: '/cii', heartbeatIntervalSeconds: 0.05 })
const address = await app.listen({ host: '127.0.0.1', port: 0 })
const client = new WebSocket(`${address.replace('http', 'ws')}/cii`)
client.on('error', () => {})
await once(client, 'message')
process.send?.({ connected: true })
while (app.cii.connections.size > 0) await turn()
process.send?.({ timedOut: app.cii.statistics.timedOut, clientState: client.readyState })
process.on('disconnect', () => process.exit())
