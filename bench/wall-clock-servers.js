// @ts-check
// One wall clock server in a process of its own, so that nothing else is in its CPU time. argv: which one.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import process from 'node:process'

const HOST = '127.0.0.1'

/** @type {Record<string, () => Promise<number>>} each starts a server, and gives its port */
const SERVERS = {
  /** The floor: what any server in Node has to pay for a datagram in and a datagram out. */
  async echo() {
    const socket = createSocket('udp4')
    socket.on('message', (message, remote) => socket.send(message, remote.port, remote.address))
    return bind(socket)
  },

  async 'fastify-dvbcss'() {
    const { SystemClock, UdpRequestServer, WallClockHandler } = await import('fastify-dvbcss')
    return start(new UdpRequestServer(new WallClockHandler(new SystemClock()), { host: HOST, port: 0 }))
  },

  /** The same, with a clock that has to be worked out from another at every reading. */
  async 'fastify-dvbcss, correlated clock'() {
    const { CorrelatedClock, SystemClock, UdpRequestServer, WallClockHandler } = await import('fastify-dvbcss')
    const wallClock = new CorrelatedClock(new SystemClock())
    return start(new UdpRequestServer(new WallClockHandler(wallClock), { host: HOST, port: 0 }))
  },

  async 'dvbcss-protocols'() {
    // They publish no types.
    const load = /** @type {(name: string) => any} */ (createRequire(import.meta.url))
    const protocols = load('dvbcss-protocols')
    const clocks = load('dvbcss-clocks')
    const socket = createSocket('udp4')
    const port = await bind(socket)
    const root = new clocks.DateNowClock()
    const wallClock = new clocks.CorrelatedClock(root)
    protocols.WallClock.createBinaryUdpServer(socket, wallClock, {
      precision: root.dispersionAtTime(root.now()),
      maxFreqError: root.getRootMaxFreqError(),
      followup: false,
    })
    return port
  },
}

/** @param {import('node:dgram').Socket} socket */
async function bind(socket) {
  socket.bind(0, HOST)
  await once(socket, 'listening')
  return socket.address().port
}

/** @param {import('fastify-dvbcss').UdpRequestServer} server */
async function start(server) {
  await server.start()
  return server.address?.port ?? 0
}

const run = SERVERS[process.argv[2] ?? '']
if (run === undefined) throw new TypeError(`expected one of ${Object.keys(SERVERS).join(', ')}, got ${process.argv[2]}`)
const port = await run()
process.on('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ micros: user + system })
})
process.send?.({ port })
