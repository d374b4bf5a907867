import { afterEach, describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  ciiPlugin,
  type PresentationTimestamps,
  tsPlugin,
  wallClockPlugin,
} from '../../../plugins/index.js'
import type { CompanionEvents, CompanionOptions } from '../../../src/companion/index.js'
import { MediaFollower } from '../../../src/companion/media/index.js'
import { Companion } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { SimulatedPlayer } from '../../helpers/simulated-player.js'
import { until } from '../../helpers/until.js'

const PTS = 'urn:dvb:css:timeline:pts'
const TICKS_PER_SECOND = 90_000
const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }

closeAppsAfterEach()
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

interface Received {
  /** By how many seconds what was presented was ahead of the timeline. */
  aheadSeconds: number | undefined
  timestamps: PresentationTimestamps
}

/** @param startSeconds the position at the start */
async function television(startSeconds = 10, onPresentation: (closeConnection: () => void) => void = () => {}) {
  const app = makeApp()
  const received: Received[] = []
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  const correlation = new Correlation({ parentTicks: app.wallClock.now(), childTicks: startSeconds * TICKS_PER_SECOND })
  const pts = new CorrelatedClock(app.wallClock, { tickRate: TICKS_PER_SECOND, correlation })
  await app.register(tsPlugin, {
    prefix: '/ts',
    contentId: 'dvb://1.2.3',
    hooks: {
      onPresentationTimestamps: (connection, timestamps) => {
        const { actual } = timestamps
        const there = actual && pts.fromParent(app.wallClock.fromNanos(Number(actual.wallClockTime)))
        const aheadSeconds = there === undefined ? undefined : (Number(actual?.contentTime) - there) / TICKS_PER_SECOND
        received.push({ aheadSeconds, timestamps })
        onPresentation(() => connection.close(1002))
      },
    },
  })
  const timelines = [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }]
  await app.register(ciiPlugin, {
    prefix: '/cii',
    cii: { contentId: 'dvb://1.2.3', contentIdStatus: 'final', timelines },
  })
  app.ts.attachTimelineSource(new ClockTimelineSource(PTS, app.wallClock, pts))
  return { app, pts, received, url: `${await listen(app)}/cii` }
}

function companionOf(url: string, options: CompanionOptions = {}): Companion {
  const companion = new Companion(url, { cii: QUICK, ts: QUICK, ...options })
  stops.push(() => companion.stop())
  companion.start()
  return companion
}

describe('the presentation timestamps of a companion', () => {
  it('are sent by itself: the position of its clock, and no bounds', async () => {
    const { received, url } = await television()
    companionOf(url)
    await until(() => received.length >= 3)
    const [first] = received
    expect(Math.abs(first?.aheadSeconds ?? 1)).toBeLessThan(0.05)
    expect(first?.timestamps.earliest.wallClockTime).toBe('minusinfinity')
    expect(first?.timestamps.latest.wallClockTime).toBe('plusinfinity')
  })

  it('are sent at a change of the timeline without waiting for the second to end', async () => {
    const { app, pts, received, url } = await television()
    companionOf(url)
    await until(() => received.length > 0)
    const paused = new Correlation({ parentTicks: app.wallClock.now(), childTicks: 50 * TICKS_PER_SECOND })
    pts.setCorrelationAndSpeed(paused, 0)
    await until(() => received.at(-1)?.timestamps.actual?.contentTime === BigInt(50 * TICKS_PER_SECOND))
  })

  it('are not sent with presentationTimestamps: false', async () => {
    const { app, received, url } = await television()
    const companion = companionOf(url, { presentationTimestamps: false })
    await companion.next('available')
    await new Promise((resolve) => setTimeout(resolve, 1200))
    expect(received).toEqual([])
    expect(app.ts.statistics.messagesIn).toBe(1)
  })

  it('say what its media really plays', async () => {
    const { received, url } = await television()
    const companion = companionOf(url)
    await companion.next('available')
    const media = new SimulatedPlayer({ quantumSeconds: 0.001 })
    const follower = new MediaFollower(media, companion, { toleranceSeconds: 0.2, seekThresholdSeconds: 5 })
    stops.push(() => follower.stop())
    follower.start()
    await until(() => follower.status().state === 'locked')
    // Within the tolerance nothing is corrected, and the television is told.
    const { errorSeconds = 0 } = follower.status()
    const before = received.length
    await until(() => received.length > before)
    expect(Math.abs((received.at(-1)?.aheadSeconds ?? 1) - errorSeconds)).toBeLessThan(0.03)
  })

  it('have no actual presentation while its media presents nothing', async () => {
    const { received, url } = await television()
    const companion = companionOf(url)
    const presentation = companion.present(() => undefined)
    await until(() => received.length > 0)
    expect(received[0]?.aheadSeconds).toBeUndefined()
    presentation.end()
    await until(() => received.at(-1)?.aheadSeconds !== undefined)
  })

  it('are again those of the presentation before when the last one ends', async () => {
    const { received, url } = await television()
    const companion = companionOf(url)
    companion.present(() => 3)
    const last = companion.present(() => 7)
    const isReported = (aheadSeconds: number) => Math.abs((received.at(-1)?.aheadSeconds ?? 0) - aheadSeconds) < 0.5
    await until(() => isReported(7))
    last.end()
    await until(() => isReported(3))
  })

  it('count from the beginning again where the timeline wraps', async () => {
    const { received, url } = await television(2 ** 33 / TICKS_PER_SECOND - 0.5)
    companionOf(url)
    await until(() => received.length >= 3)
    const last = received.at(-1)?.timestamps.actual?.contentTime ?? -1n
    expect(last).toBeLessThan(10n * BigInt(TICKS_PER_SECOND))
  })

  it('are sent no more to a television that ends the connection because of them', async () => {
    const { app, received, url } = await television(10, (close) => close())
    const companion = companionOf(url)
    const errors: CompanionEvents['protocolError'][] = []
    companion.on('protocolError', (error) => errors.push(error))
    await until(() => errors.length > 0)
    expect(errors).toMatchObject([{ source: 'ts', reason: 'presentation-timestamps' }])
    expect(received).toHaveLength(2)
    await until(() => companion.position()?.available === true)
    await until(() => app.ts.statistics.open === 1)
    const { connected } = app.ts.statistics
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(app.ts.statistics.connected).toBe(connected)
    expect(received).toHaveLength(2)
  })
})
