// @ts-check
// A companion of the overload measurement: what a request to the wall clock takes, and how far its own wall clock, kept
// by the client of this package, is from the television's. argv: the UDP port, and for how many seconds.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { SystemClock } from 'fastify-dvbcss'
import { WallClockClient } from 'fastify-dvbcss/client'

const [port = 0, seconds = 10] = process.argv.slice(2).map(Number)
/** The first seconds are those of any start, and not counted. */
const SETTLE_MILLIS = 3000
const REQUEST_MILLIS = 20
const SAMPLE_MILLIS = 10
/** How long answers may be late at the end before they count as none. */
const LAST_WAIT_MILLIS = 2000

const parentClock = new SystemClock()
const client = new WallClockClient({ transport: `udp://127.0.0.1:${port}`, parentClock })
const available = client.next('available')
client.start()
await Promise.race([available, sleep(20_000, undefined, { ref: false })])
await sleep(SETTLE_MILLIS)

/** @type {Map<number, number>} when each request was sent */
const waiting = new Map()
/** @type {number[]} */
const roundTrips = []
const socket = createSocket('udp4')
socket.on('message', (answer) => {
  const now = parentClock.nanos()
  const number = answer.readUInt32BE(8)
  const sent = waiting.get(number)
  if (sent !== undefined) roundTrips.push((now - sent) / 1e9)
  waiting.delete(number)
})
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')
const request = Buffer.alloc(32)
let sent = 0
const asking = setInterval(() => {
  sent += 1
  request.writeUInt32BE(sent, 8)
  waiting.set(sent, parentClock.nanos())
  socket.send(Buffer.from(request), port, '127.0.0.1')
}, REQUEST_MILLIS)

const errors = []
const dispersions = []
let beyond = 0
const end = performance.now() + seconds * 1000
while (performance.now() < end) {
  await sleep(SAMPLE_MILLIS)
  // The television's clock reads what our parent clock reads.
  const truth = parentClock.now()
  const read = client.clock.fromParent(truth)
  const error = Math.abs(read - truth) / 1e9
  const dispersion = client.clock.dispersionAt(read)
  errors.push(client.clock.available ? error : Number.POSITIVE_INFINITY)
  dispersions.push(dispersion)
  if (error > dispersion) beyond += 1
}
clearInterval(asking)
for (let waited = 0; waited < LAST_WAIT_MILLIS && waiting.size > 0; waited += 50) await sleep(50)
process.send?.({ roundTrips, unanswered: waiting.size, errors, dispersions, beyond })
process.on('disconnect', () => process.exit())
