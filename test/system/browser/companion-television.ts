import type { FastifyInstance } from 'fastify'
import {
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  ciiPlugin,
  SystemClock,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { makeApp } from '../../helpers/app.js'

export const PTS = 'urn:dvb:css:timeline:pts'
const TICK_RATE = 90_000

export interface BrowserTelevision {
  readonly app: FastifyInstance
  readonly pts: CorrelatedClock
  readonly base: string
  readonly port: number
  /** What the wall clock reads when this machine's clock reads that. */
  wallClockAt(machineNanos: number): number
  /** Where the timeline is when the wall clock reads that, in seconds. */
  secondsAt(wallClockNanos: number): number
  /** Puts the timeline to a second, or leaves it where it is, and to a speed. */
  move(speed: number, seconds?: number): void
}

/**
 * A television in this process, with a wall clock over UDP and over WebSocket, ten minutes into its programme.
 * @param port 0 picks a free one
 * @param aheadSeconds by how much the wall clock is ahead of this machine's clock
 */
export async function startTelevision(port = 0, aheadSeconds = 0): Promise<BrowserTelevision> {
  const app = makeApp()
  const machine = new SystemClock()
  const wallClockAt = (machineNanos: number) => machineNanos + aheadSeconds * 1e9
  const wallClock = new SystemClock({ source: () => wallClockAt(machine.now()) })
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, wallClock })
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1.2.3' })
  await app.register(ciiPlugin, {
    prefix: '/cii',
    cii: {
      contentId: 'dvb://1.2.3',
      contentIdStatus: 'partial',
      presentationStatus: ['okay'],
      timelines: [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: TICK_RATE } }],
    },
  })
  const correlation = new Correlation({ parentTicks: wallClock.now(), childTicks: 600 * TICK_RATE })
  const pts = new CorrelatedClock(wallClock, { tickRate: TICK_RATE, correlation })
  app.ts.attachTimelineSource(new ClockTimelineSource(PTS, wallClock, pts))
  const url = new URL(await app.listen({ host: '127.0.0.1', port }))
  return {
    app,
    pts,
    base: `ws://${url.host}`,
    port: Number(url.port),
    wallClockAt,
    secondsAt: (wallClockNanos) => pts.fromParent(wallClockNanos) / TICK_RATE,
    move(speed, seconds) {
      const parentTicks = wallClock.now()
      const childTicks = seconds === undefined ? pts.fromParent(parentTicks) : seconds * TICK_RATE
      pts.setCorrelationAndSpeed(new Correlation({ parentTicks, childTicks }), speed)
    },
  }
}
