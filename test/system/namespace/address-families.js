// @ts-check
// Runs inside a network namespace of its own: a television with nothing configured. Reports, for each address in its arguments,
// the wall clock that a companion is sent to, and who has answered there.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import process from 'node:process'
import Fastify from 'fastify'
import { ciiPlugin, wallClockPlugin } from 'fastify-dvbcss'
import { WebSocket } from 'ws'

const [, , host, ...reached] = process.argv
const app = Fastify()
await app.register(wallClockPlugin, { port: 0 })
await app.register(ciiPlugin, { prefix: '/cii' })
await app.listen({ host: String(host), port: 0 })
const [address] = app.addresses()
const port = typeof address === 'object' ? address.port : 0

/** @type {Record<string, unknown>} */
const report = {}
for (const at of reached) {
  const client = new WebSocket(`ws://${at}:${port}/cii`)
  const [message] = await once(client, 'message')
  client.terminate()
  const { wcUrl } = JSON.parse(String(message))
  const url = new URL(wcUrl.replace('udp:', 'http:'))
  const clockHost = url.hostname.replace(/^\[|\]$/g, '')
  const socket = createSocket(clockHost.includes(':') ? 'udp6' : 'udp4')
  socket.send(new Uint8Array(32), Number(url.port), clockHost)
  const [answer, remote] = await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
  socket.close()
  report[at] = { clock: url.hostname, answeredFrom: remote.address, bytes: answer.length }
}
process.send?.(report)
await app.close()
process.disconnect?.()
