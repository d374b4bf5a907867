// @ts-check
// A CSS-TS server for a player that is not a clock of this package. The player reports its position, and a timeline source forwards
// it to companions. Type "pause", "play" or "seek 90".
//
//   PORT=7681 node examples/ts-server.js

import { createInterface } from 'node:readline'
import Fastify from 'fastify'
import { SystemClock, TimelineSource, tsPlugin } from 'fastify-dvbcss'

/** A timeline in milliseconds, driven by a player. */
class PlayerTimelineSource extends TimelineSource {
  /** @type {import('fastify-dvbcss').ControlTimestamp | undefined} undefined until the player has reported */
  #timestamp

  /** @override @param {string} selector */
  recognises(selector) {
    return selector === 'urn:dvb:css:timeline:mpd:period:rel:1000'
  }

  /** @override */
  controlTimestamp() {
    return this.#timestamp
  }

  /**
   * To be called when the player jumps, pauses or changes speed. Companions extrapolate the position in between.
   * @param {{ seconds: number, speed: number, wallClockNanos: number }} report the position at that time of the wall clock
   */
  report({ seconds, speed, wallClockNanos }) {
    const contentTime = BigInt(Math.round(seconds * 1000))
    this.#timestamp = { contentTime, wallClockTime: BigInt(Math.round(wallClockNanos)), timelineSpeedMultiplier: speed }
    this.changed()
  }
}

// Companions need the same clock over CSS-WC, which wallClockPlugin serves.
const wallClock = new SystemClock()
const app = Fastify({ logger: { level: 'warn' } })
await app.register(tsPlugin, { prefix: '/ts', wallClock, contentId: 'https://example.com/programme.mpd' })

const source = new PlayerTimelineSource()
app.ts.attachTimelineSource(source)

let last = { seconds: 0, speed: 1, wallClockNanos: wallClock.nanos() }
source.report(last)
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, seconds] = line.split(' ')
  const wallClockNanos = wallClock.nanos()
  const here = last.seconds + ((wallClockNanos - last.wallClockNanos) / 1e9) * last.speed
  const speed = { play: 1, pause: 0 }[command ?? ''] ?? last.speed
  last = { seconds: command === 'seek' ? Number(seconds) || 0 : here, speed, wallClockNanos }
  source.report(last)
})

const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`CSS-TS at ${url.replace('http', 'ws')}/ts`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close().then(() => process.exit()))
