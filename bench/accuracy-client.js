// @ts-check
// One companion of the accuracy measurement: compares its wall clock with the clock that the television reads too.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { SystemClock } from 'fastify-dvbcss'
import { WallClockClient, WebSocketWallClockTransport } from 'fastify-dvbcss/client'

const [whose, how, udpPort, tcpPort, seconds] = process.argv.slice(2)
/** The first seconds are those of any start, and not counted. */
const SETTLE_MILLIS = 3000
const SAMPLE_MILLIS = 10

/** @typedef {{ errorSeconds: number, dispersionSeconds: number }} Sample */

/** @returns {Promise<() => Sample>} */
async function ours() {
  const parentClock = new SystemClock()
  const url = how === 'udp' ? `udp://127.0.0.1:${udpPort}` : `ws://127.0.0.1:${tcpPort}/wc`
  const transport =
    how === 'udp' ? url : new WebSocketWallClockTransport(url, { carriage: how === 'json' ? 'json' : 'binary' })
  const client = new WallClockClient({ transport, parentClock })
  const available = client.next('available')
  client.start()
  await available
  return () => {
    // The television's clock reads what our parent clock reads.
    const truth = parentClock.now()
    const read = client.clock.fromParent(truth)
    return { errorSeconds: (read - truth) / 1e9, dispersionSeconds: client.clock.dispersionAt(read) }
  }
}

/** @returns {Promise<() => Sample>} */
async function theirs() {
  // Its types are not published.
  const load = /** @type {(name: string) => any} */ (createRequire(import.meta.url))
  const clocks = load('dvbcss-clocks')
  const { WallClock } = load('dvbcss-protocols')
  const wallClock = new clocks.CorrelatedClock(new clocks.DateNowClock(), { tickRate: 1e9 })
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  WallClock.createBinaryUdpClient(socket, wallClock, { dest: { address: '127.0.0.1', port: Number(udpPort) } })
  await once(wallClock, 'available')
  return () => {
    const before = process.hrtime.bigint()
    const read = wallClock.now()
    const truth = Number(before + process.hrtime.bigint()) / 2
    return { errorSeconds: (read - truth) / 1e9, dispersionSeconds: wallClock.dispersionAtTime(read) }
  }
}

const sample = await (whose === 'ours' ? ours() : theirs())
await sleep(SETTLE_MILLIS)
const errors = []
const dispersions = []
let beyond = 0
const end = performance.now() + Number(seconds) * 1000
while (performance.now() < end) {
  await sleep(SAMPLE_MILLIS)
  const { errorSeconds, dispersionSeconds } = sample()
  errors.push(Math.abs(errorSeconds))
  dispersions.push(dispersionSeconds)
  if (Math.abs(errorSeconds) > dispersionSeconds) beyond += 1
}
process.send?.({ errors, dispersions, beyond })
process.on('disconnect', () => process.exit())
