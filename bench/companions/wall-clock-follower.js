// @ts-check
// A companion that compares its wall clock with the television's. Both processes read the same monotonic clock of the machine, so the
// two should be equal.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { SystemClock } from 'fastify-dvbcss'
import { WallClockClient, WebSocketWallClockTransport } from 'fastify-dvbcss/client'
import { answerQuestions, startOptions } from '../answering.js'

const AVAILABLE_WITHIN_MILLIS = 20_000
const SAMPLE_MILLIS = 10

/** @typedef {{ errorSeconds: number, dispersionSeconds: number }} Sample */

/** @type {{ client: 'ours' | 'dvbcss-protocols', over?: 'udp' | 'binary' | 'json', udpPort: number, port: number }} */
const { client, over = 'udp', udpPort, port } = startOptions()

/** @returns {Promise<() => Sample>} */
async function ours() {
  const parentClock = new SystemClock()
  const transport =
    over === 'udp'
      ? `udp://127.0.0.1:${udpPort}`
      : new WebSocketWallClockTransport(`ws://127.0.0.1:${port}/wc`, { encoding: over })
  const client = new WallClockClient({ transport, parentClock })
  const available = client.next('available')
  client.start()
  await Promise.race([available, sleep(AVAILABLE_WITHIN_MILLIS, undefined, { ref: false })])
  return () => {
    const { clock } = client
    if (!clock.available) return { errorSeconds: Number.POSITIVE_INFINITY, dispersionSeconds: Number.POSITIVE_INFINITY }
    // The television's clock reads what our parent clock reads.
    const truth = parentClock.now()
    const read = clock.fromParent(truth)
    return { errorSeconds: Math.abs(read - truth) / 1e9, dispersionSeconds: clock.dispersionAt(read) }
  }
}

/** @returns {Promise<() => Sample>} */
async function theirs() {
  // It publishes no types.
  const load = /** @type {(name: string) => any} */ (createRequire(import.meta.url))
  const clocks = load('dvbcss-clocks')
  const { WallClock } = load('dvbcss-protocols')
  const wallClock = new clocks.CorrelatedClock(new clocks.DateNowClock(), { tickRate: 1e9 })
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  WallClock.createBinaryUdpClient(socket, wallClock, { dest: { address: '127.0.0.1', port: udpPort } })
  await once(wallClock, 'available')
  return () => {
    const before = process.hrtime.bigint()
    const read = wallClock.now()
    const truth = Number(before + process.hrtime.bigint()) / 2
    return { errorSeconds: Math.abs(read - truth) / 1e9, dispersionSeconds: wallClock.dispersionAtTime(read) }
  }
}

/** @type {(() => Sample) | undefined} */
let sample

answerQuestions({
  start: async () => {
    sample = await (client === 'ours' ? ours() : theirs())
  },
  /** @param {{ seconds: number }} details */
  follow: async ({ seconds }) => {
    if (sample === undefined) throw new Error('not started')
    const samples = []
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      await sleep(SAMPLE_MILLIS)
      samples.push(sample())
    }
    return {
      errors: samples.map(({ errorSeconds }) => errorSeconds),
      dispersions: samples.map(({ dispersionSeconds }) => dispersionSeconds),
      beyond: samples.filter(({ errorSeconds, dispersionSeconds }) => errorSeconds > dispersionSeconds).length,
    }
  },
})
