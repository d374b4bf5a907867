import type { CIIMessage } from 'dvbcss-protocols'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { LoggingTsServer } from '../../../src/cli/television/logging-ts-server.js'
import { Television, type TelevisionOptions, TIMELINES } from '../../../src/television/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import {
  CiiPeer,
  expectTimelineInStep,
  hearsOf,
  stopPeersAfterEach,
  timelinePeer,
  until,
  wallClockPeer,
} from './peers.js'

closeAppsAfterEach()
stopPeersAfterEach()

const SERVICE = 'dvb://233a.1004.1044'
const EVENT = `${SERVICE};363a~20130218T0915Z--PT00H45M`

async function televisionOn(options: Partial<TelevisionOptions> = {}) {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  await app.register(ciiPlugin, { prefix: '/cii' })
  await app.register(tsPlugin, { prefix: '/ts', handler: LoggingTsServer })
  const television = new Television(app, {
    contentId: EVENT,
    finalAfterMilliseconds: 20,
    tuneMilliseconds: 20,
    intermittentMilliseconds: 3_600_000,
    ...options,
  })
  app.addHook('onClose', async () => television.stop())
  return { app, television, ciiUrl: `${await listen(app)}/cii` }
}

/**
 * A companion that knows nothing but the URL of CII: it finds the wall clock, the timelines and where to follow them.
 * @param satisfied the state that it waits for before it goes on.
 */
async function companion(ciiUrl: string, satisfied: (cii: CIIMessage) => boolean = () => true) {
  const cii = new CiiPeer(ciiUrl)
  // Kept, because the peer forgets the list of timelines at the next difference that does not carry it.
  const first = await cii.until(satisfied)
  const { hostname, port } = new URL(first.wcUrl ?? 'no wcUrl')
  const wallClock = await wallClockPeer({ address: hostname, port: Number(port) })
  const follow = (timelineSelector: string, contentIdStem = SERVICE) =>
    timelinePeer(first.tsUrl ?? 'no tsUrl', wallClock, {
      contentIdStem,
      timelineSelector,
      tickRate: tickRate(first, timelineSelector),
    })
  return { cii, first, follow }
}

function tickRate({ timelines }: CIIMessage, selector: string): number {
  const timeline = timelines?.find((candidate) => candidate.timelineSelector === selector)
  if (timeline === undefined) throw new Error(`expected the television to offer ${selector}`)
  return timeline.unitsPerSecond / timeline.unitsPerTick
}

describe('a companion made of the three clients of dvbcss-protocols', () => {
  it('learns from CII what is on, and what there is to follow', async () => {
    const { ciiUrl } = await televisionOn()
    const { first } = await companion(ciiUrl)
    // The television knows the service before it knows the event.
    expect([SERVICE, EVENT]).toContain(first.contentId)
    expect(first).toMatchObject({ protocolVersion: '1.1', presentationStatus: 'okay' })
    expect(first.timelines?.map((timeline) => timeline.timelineSelector)).toEqual(
      Object.values(TIMELINES).map((timeline) => timeline.selector),
    )
  })

  it.each([TIMELINES.pts, TIMELINES.temi])('follows the remote control on $selector', async ({ selector }) => {
    const { television, ciiUrl } = await televisionOn()
    const { follow } = await companion(ciiUrl)
    const peer = follow(selector)
    await until(peer.clock, () => peer.clock.isAvailable())
    const inStep = () => expectTimelineInStep(peer, () => television.playback.positionSeconds * peer.clock.tickRate)
    inStep()
    await hearsOf(peer, () => television.playback.pause())
    expect(peer.clock.speed).toBe(0)
    inStep()
    await hearsOf(peer, () => television.playback.seek(1200))
    inStep()
    await hearsOf(peer, () => television.playback.setSpeed(2))
    expect(peer.clock.speed).toBe(2)
    inStep()
    await hearsOf(peer, () => television.playback.seek(30))
    inStep()
    await hearsOf(peer, () => television.playback.setSpeed(1))
    inStep()
  })

  it('loses the timeline that comes and goes, and finds it again', async () => {
    const { television, ciiUrl } = await televisionOn({ intermittentMilliseconds: 250 })
    const offered = ({ timelines }: CIIMessage) =>
      timelines?.some((timeline) => timeline.timelineSelector === TIMELINES.intermittent.selector) ?? false
    const { cii, follow } = await companion(ciiUrl, offered)
    const peer = follow(TIMELINES.intermittent.selector)
    for (const there of [true, false, true]) await until(peer.clock, () => peer.clock.isAvailable() === there)
    expectTimelineInStep(peer, () => television.playback.positionSeconds * peer.clock.tickRate)
    for (const there of [false, true]) await cii.until((state) => offered(state) === there)
  })

  it('gets the timeline that the television has to look for, when it is found', async () => {
    const { app, television, ciiUrl } = await televisionOn({ searchMilliseconds: 100 })
    const { follow } = await companion(ciiUrl)
    const peer = follow(TIMELINES.searched.selector)
    await until(peer.clock, () => peer.clock.isAvailable())
    // One control timestamp, and no word of the timeline while it was looked for.
    expect(app.ts.statistics.messagesOut).toBe(1)
    expectTimelineInStep(peer, () => television.playback.positionSeconds * peer.clock.tickRate)
  })

  it('loses its timeline when the channel is changed, and follows the new channel from its beginning', async () => {
    const { television, ciiUrl } = await televisionOn()
    const { cii, follow } = await companion(ciiUrl)
    const peer = follow(TIMELINES.pts.selector)
    await until(peer.clock, () => peer.clock.isAvailable())
    television.playback.seek(3000)
    const other = 'dvb://233a.1004.1045'
    television.setContent(`${other};7~20130218T1000Z--PT00H30M`)
    await cii.until(({ presentationStatus }) => presentationStatus === 'transitioning')
    const partial = await cii.until(({ presentationStatus }) => presentationStatus === 'okay')
    expect(partial).toMatchObject({ contentId: other, contentIdStatus: 'partial' })
    const final = await cii.until(({ contentIdStatus }) => contentIdStatus === 'final')
    expect(final).toMatchObject({ contentId: `${other};7~20130218T1000Z--PT00H30M`, presentationStatus: 'okay' })
    await until(peer.clock, () => !peer.clock.isAvailable())

    const next = follow(TIMELINES.pts.selector, other)
    await until(next.clock, () => next.clock.isAvailable())
    expect(television.playback.positionSeconds).toBeLessThan(3000)
    expectTimelineInStep(next, () => television.playback.positionSeconds * next.clock.tickRate)
  })
})
