import protocols from 'dvbcss-protocols'
import { describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  type Connection,
  CorrelatedClock,
  Correlation,
  type PresentationTimestamps,
  TsServer,
  tsPlugin,
  wallClockPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { expectTimelineInStep, hearsOf, stopPeersAfterEach, timelinePeer, until, wallClockPeer } from './peers.js'

closeAppsAfterEach()
stopPeersAfterEach()

const CONTENT_ID = 'dvb://233a.1004.1044;363a~20130218T0915Z--PT00H45M'
const SELECTOR = 'urn:dvb:css:timeline:pts'
const TICK_RATE = 90_000

class ReportedTo extends TsServer {
  readonly reports: PresentationTimestamps[] = []
  override onPresentationTimestamps(_connection: Connection, timestamps: PresentationTimestamps): void {
    this.reports.push(timestamps)
  }
}

/** A programme that has been on for ten minutes, and a peer that follows it. */
async function followed() {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  const ts = new ReportedTo({ contentId: CONTENT_ID, wallClock: app.wallClock })
  await app.register(tsPlugin, { prefix: '/ts', handler: ts })
  const start = new Correlation({ parentTicks: app.wallClock.now(), childTicks: 600 * TICK_RATE })
  const pts = new CorrelatedClock(app.wallClock, { tickRate: TICK_RATE, correlation: start })
  app.ts.attachTimelineSource(new ClockTimelineSource(SELECTOR, app.wallClock, pts))
  const url = `${await listen(app)}/ts`
  const { address } = app.wallClockServer
  if (address === null) throw new Error('expected the wall clock server to be bound')
  const peer = timelinePeer(url, await wallClockPeer(address), {
    contentIdStem: 'dvb://233a.1004.1044',
    timelineSelector: SELECTOR,
    tickRate: TICK_RATE,
  })
  await until(peer.clock, () => peer.clock.isAvailable())
  const move = (change: { seconds?: number; speed?: number }) => {
    const childTicks = change.seconds === undefined ? pts.now() : change.seconds * TICK_RATE
    pts.setCorrelationAndSpeed(
      new Correlation({ parentTicks: app.wallClock.now(), childTicks }),
      change.speed ?? pts.speed,
    )
  }
  return { app, ts, pts, peer, move, inStep: () => expectTimelineInStep(peer, () => pts.now()) }
}

describe("the clock of dvbcss-protocols' TS client", () => {
  it('is where the programme is', async () => {
    const { peer, inStep } = await followed()
    expect(peer.clock.speed).toBe(1)
    inStep()
  })

  it('follows pause and play', async () => {
    const { peer, pts, move, inStep } = await followed()
    await hearsOf(peer, () => move({ speed: 0 }))
    expect(peer.clock.speed).toBe(0)
    // Nothing moves, so that nothing but the rounding to whole ticks is left.
    expect(Math.abs(peer.clock.now() - pts.now())).toBeLessThanOrEqual(0.5)
    await hearsOf(peer, () => move({ speed: 1 }))
    expect(peer.clock.speed).toBe(1)
    inStep()
  })

  it.each([
    ['forward', 5000],
    ['back to the beginning', 0],
    ['before the beginning', -30],
  ])('follows a seek %s', async (_name, seconds) => {
    const { peer, move, inStep } = await followed()
    await hearsOf(peer, () => move({ seconds }))
    inStep()
  })

  it('follows a seek during a pause', async () => {
    const { peer, pts, move } = await followed()
    await hearsOf(peer, () => move({ speed: 0 }))
    await hearsOf(peer, () => move({ seconds: 1234.5 }))
    expect(peer.clock.now()).toBe(pts.now())
  })

  it.each([2, 0.5, -1])('follows the programme at %s times the normal speed', async (speed) => {
    const { peer, move, inStep } = await followed()
    await hearsOf(peer, () => move({ speed }))
    expect(peer.clock.speed).toBe(speed)
    inStep()
    await hearsOf(peer, () => move({ speed: 1 }))
    inStep()
  })

  it('is not available while the timeline is lost, and right when it is back', async () => {
    const { peer, pts, move, inStep } = await followed()
    pts.available = false
    await until(peer.clock, () => !peer.clock.isAvailable())
    move({ seconds: 90 })
    pts.available = true
    await until(peer.clock, () => peer.clock.isAvailable())
    inStep()
  })

  it('is not available while something else is on', async () => {
    const { app, peer, inStep } = await followed()
    app.ts.contentId = 'dvb://233a.1004.1045'
    await until(peer.clock, () => !peer.clock.isAvailable())
    app.ts.contentId = CONTENT_ID
    await until(peer.clock, () => peer.clock.isAvailable())
    inStep()
  })

  it('is not available when the television has switched the endpoint off', async () => {
    const { app, peer } = await followed()
    app.ts.enabled = false
    await until(peer.clock, () => !peer.clock.isAvailable())
  })
})

it('the presentation timestamps that dvbcss-protocols writes are understood', async () => {
  const { ts, peer } = await followed()
  const { PresentationTimestamp, PresentationTimestamps } = protocols.TimelineSynchronisation
  const actual = new PresentationTimestamp(2 ** 40, 1234)
  const earliest = new PresentationTimestamp(0, 1)
  const latest = new PresentationTimestamp(-5, Number.MAX_SAFE_INTEGER)
  peer.socket.send(new PresentationTimestamps(earliest, latest, actual).serialise())
  const pong = new Promise((resolve) => peer.socket.once('pong', resolve))
  peer.socket.ping()
  await pong
  expect(ts.reports).toEqual([
    {
      actual: { contentTime: 2n ** 40n, wallClockTime: 1234n },
      earliest: { contentTime: 0n, wallClockTime: 1n },
      latest: { contentTime: -5n, wallClockTime: BigInt(Number.MAX_SAFE_INTEGER) },
    },
  ])
})
