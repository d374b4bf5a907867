// @ts-check
// What a CII client costs that has stopped reading, while the state goes on changing: beside a server that sends every
// change to everybody, as a bare ws loop does. Run: npm run build && node bench/stalled.js
import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { ciiPlugin } from 'fastify-dvbcss'
import { WebSocket, WebSocketServer } from 'ws'

const STALLED = 20
const CHANGES = 1000
const STATE_BYTES = 32 * 1024
/** Loopback takes some megabytes for each client before anything waits in the process. */
const CHANGES_BEFORE = 400
const stateOf = (/** @type {number} */ n) => `ws://${'x'.repeat(STATE_BYTES - 100)}/${n}`

/** @typedef {{ url: string, change: (state: string) => void, buffered: () => number[], close: () => Promise<unknown> }} Server */

/** @returns {Promise<Server>} */
async function ours() {
  const app = Fastify()
  // They are to stay, for this once.
  await app.register(ciiPlugin, { prefix: '/cii', sendTimeout: Number.POSITIVE_INFINITY })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `${address.replace('http', 'ws')}/cii`,
    change: (teUrl) => app.cii.update({ teUrl }),
    buffered: () => [...app.cii.connections.keys()].map(({ bufferedAmount }) => bufferedAmount),
    close: () => app.close(),
  }
}

/** @returns {Promise<Server>} */
async function bare() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `ws://127.0.0.1:${port}`,
    change: (teUrl) => {
      const text = JSON.stringify({ teUrl })
      for (const client of server.clients) client.send(text)
    },
    buffered: () => [...server.clients].map(({ bufferedAmount }) => bufferedAmount),
    close: async () => {
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

/** @param {string} name @param {Server} server */
async function measure(name, server) {
  const clients = fork(fileURLToPath(import.meta.url), ['clients', server.url])
  await once(clients, 'message')
  let n = 0
  for (const end = CHANGES_BEFORE + CHANGES; n < end; n += 1) {
    server.change(stateOf(n))
    await turn()
  }
  const buffered = server.buffered()
  clients.disconnect()
  await server.close()
  const most = Math.max(...buffered)
  console.log(
    `${name.padEnd(16)}${String(buffered.length).padStart(8)}${(most / 1024).toFixed(0).padStart(16)}${(most / STATE_BYTES).toFixed(1).padStart(18)}`,
  )
}

if (process.argv[2] === 'clients') {
  const sockets = Array.from({ length: STALLED }, () => new WebSocket(process.argv[3] ?? ''))
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
  for (const socket of sockets) socket.pause()
  process.on('disconnect', () => process.exit())
  process.send?.({})
} else {
  console.log(`${CHANGES} changes of ${STATE_BYTES / 1024} KiB to ${STALLED} clients that do not read`)
  console.log('server           clients   KiB waiting, each   of one message')
  await measure('fastify-dvbcss', await ours())
  await measure('bare ws loop', await bare())
  process.exit()
}
