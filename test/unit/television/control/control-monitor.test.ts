import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CorrelatedClock, Correlation } from '../../../../src/clocks/index.js'
import { encodePresentationTimestamps } from '../../../../src/messages/index.js'
import { CiiServer } from '../../../../src/server/cii/index.js'
import type { ConnectionHandlers, EndpointServer } from '../../../../src/server/endpoint/index.js'
import { TsServer } from '../../../../src/server/ts/index.js'
import { WallClockWebSocketServer } from '../../../../src/server/wall-clock/index.js'
import { ControlMonitor } from '../../../../src/television/control/index.js'
import type { CompanionReport } from '../../../../src/television/protocol/index.js'
import { ClockTimelineSource } from '../../../../src/timelines/index.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'
import { type ManualClock, manualClock } from '../../../helpers/manual-clock.js'

const SELECTOR = 'urn:dvb:css:timeline:pts'

interface Client {
  readonly socket: FakeSocket
  readonly handlers: ConnectionHandlers
}

let wallClock: ManualClock
let content: CorrelatedClock
let cii: CiiServer
let ts: TsServer
let wc: WallClockWebSocketServer
let monitor: ControlMonitor

beforeEach(() => {
  vi.useFakeTimers()
  wallClock = manualClock()
  content = new CorrelatedClock(wallClock.clock, { tickRate: 90_000 })
  cii = new CiiServer({ cii: { contentId: 'dvb://1', contentIdStatus: 'final' } })
  ts = new TsServer({ contentId: 'dvb://1', wallClock: wallClock.clock })
  wc = new WallClockWebSocketServer({ wallClock: wallClock.clock })
  for (const server of [cii, ts, wc]) server.log.level = 'silent'
  ts.attachTimelineSource(new ClockTimelineSource(SELECTOR, wallClock.clock, content))
  monitor = new ControlMonitor({
    cii,
    ts,
    wallClockWebSocket: wc,
    timelines: () => [{ selector: SELECTOR, unitsPerSecond: 90_000, available: content.available }],
  })
  monitor.watch(true)
})

afterEach(() => {
  monitor.watch(false)
  vi.useRealTimers()
})

function connect(server: EndpointServer): Client {
  const socket = new FakeSocket()
  return { socket, handlers: server.open(socket) }
}

/** A companion that follows, and its three connections. */
class FollowingCompanion {
  readonly cii = connect(cii)
  readonly ts = connect(ts)
  readonly wc = connect(wc)
  lateSeconds = 0
  presents = true
  asks = true

  constructor(setup = { contentIdStem: 'dvb://', timelineSelector: SELECTOR }) {
    this.ts.handlers.message(JSON.stringify(setup))
  }

  act(): void {
    if (this.asks) this.wc.handlers.message(new Uint8Array(32))
    for (const { socket } of [this.cii, this.ts, this.wc]) socket.arrive()
    if (!this.presents) return
    const actual = {
      contentTime: BigInt(Math.round(content.now())),
      wallClockTime: BigInt(Math.round(wallClock.nanos + this.lateSeconds * 1e9)),
    }
    const any = { contentTime: actual.contentTime }
    this.ts.handlers.message(
      encodePresentationTimestamps({
        actual,
        earliest: { ...any, wallClockTime: 'minusinfinity' },
        latest: { ...any, wallClockTime: 'plusinfinity' },
      }),
    )
  }
}

/** Lets companions act each second, and looks as a page does. @returns the last look */
async function pass(seconds: number, ...companions: FollowingCompanion[]): Promise<CompanionReport[]> {
  let reports = monitor.companions()
  for (let second = 0; second < seconds; second += 1) {
    await vi.advanceTimersByTimeAsync(1000)
    wallClock.advanceSeconds(1)
    for (const companion of companions) companion.act()
    reports = monitor.companions()
  }
  return reports
}

function problemsOf(reports: CompanionReport[]): readonly string[] {
  return reports.flatMap(({ problems }) => problems)
}

describe('the monitor of a television', () => {
  it('shows a companion with its connections, its request and its presentation', async () => {
    const [report, ...others] = await pass(5, new FollowingCompanion())
    expect(others).toEqual([])
    expect(report).toMatchObject({
      remoteAddress: '192.0.2.1',
      userAgent: null,
      page: null,
      timelineSelector: SELECTOR,
      contentIdStem: 'dvb://',
      wallClock: { encoding: 'websocket', requests: 5, isShared: false },
      presentation: { lateSeconds: 0 },
      problems: [],
    })
    expect(report?.connections.map(({ endpoint }) => endpoint)).toEqual(['cii', 'ts', 'wc'])
    expect(report?.connections[1]).toMatchObject({ messagesIn: 6, messagesOut: 1, badMessages: 0 })
    expect(report?.connections[1]?.lastOut?.text).toContain('timelineSpeedMultiplier')
  })

  it('tells two companions of one address apart, and keeps them apart', async () => {
    const first = new FollowingCompanion()
    const second = new FollowingCompanion({ contentIdStem: '', timelineSelector: SELECTOR })
    const before = await pass(2, first, second)
    expect(before.map(({ contentIdStem }) => contentIdStem)).toEqual(['dvb://', ''])
    for (const { handlers } of [first.cii, first.ts, first.wc]) handlers.closed(1000, '')
    const after = await pass(1, second)
    expect(after.map(({ key }) => key)).toEqual([before[1]?.key])
    expect(after[0]?.connections).toHaveLength(3)
  })

  it('knows the pages of its own television', () => {
    for (const url of ['/cii?page=tv', '/cii?page=companion', '/cii?page=other', '/cii']) {
      cii.open(Object.assign(new FakeSocket(), { handshake: { url, headers: { 'user-agent': url } } }))
    }
    expect(monitor.companions().map(({ page }) => page)).toEqual(['tv', 'companion', null, null])
  })

  it('finds within 5 s that a companion presents late', async () => {
    const companion = new FollowingCompanion()
    companion.lateSeconds = 0.2
    const reports = await pass(4, companion)
    expect(reports[0]?.presentation?.lateSeconds).toBeCloseTo(0.2, 3)
    expect(problemsOf(reports)).toEqual(['It presents 200 ms later than the television.'])
  })

  it('does not blame a companion that needs a moment after a seek', async () => {
    const companion = new FollowingCompanion()
    await pass(5, companion)
    content.correlation = new Correlation({ parentTicks: wallClock.clock.now(), childTicks: 9e6 })
    companion.lateSeconds = 3
    expect(problemsOf(await pass(2, companion))).toEqual([])
    companion.lateSeconds = 0
    expect(problemsOf(await pass(5, companion))).toEqual([])
  })

  it('finds within 5 s that a companion has lost its clock', async () => {
    const companion = new FollowingCompanion()
    await pass(5, companion)
    companion.asks = false
    expect(problemsOf(await pass(4, companion))).toEqual(['It has sent no wall clock request for 4 s.'])
    companion.asks = true
    expect(problemsOf(await pass(1, companion))).toEqual([])
  })

  it('does not take the clock of others for that of a companion that has lost its own', async () => {
    const now = () => ({ firstRequestAt: 0, lastRequestAt: Date.now(), requests: 100 })
    const shared = new ControlMonitor({
      cii,
      ts,
      wallClockWebSocket: wc,
      wallClockServer: {
        maxRecentClients: 0,
        recentClients: () => [
          { address: '192.0.2.1', port: 1, ...now() },
          { address: '192.0.2.1', port: 2, ...now() },
        ],
      },
      timelines: () => [{ selector: SELECTOR, unitsPerSecond: 90_000, available: true }],
    })
    shared.watch(true)
    monitor = shared
    const companions = [new FollowingCompanion(), new FollowingCompanion()]
    await pass(5, ...companions)
    for (const companion of companions) companion.wc.handlers.closed(1006, '')
    for (const companion of companions) companion.asks = false
    const reports = await pass(4, ...companions)
    expect(problemsOf(reports)).toEqual(Array(2).fill('It has sent no wall clock request for 4 s.'))
  })

  it('finds within 5 s that a companion no longer presents, but not while there is no timeline', async () => {
    const companion = new FollowingCompanion()
    await pass(5, companion)
    companion.presents = false
    const [problem] = problemsOf(await pass(4, companion))
    expect(problem).toBe('It has not reported what it presents for 4 s, although it did before.')
    content.available = false
    expect(problemsOf(await pass(1, companion))).toEqual([])
  })

  it('names a stem that does not match and a timeline that does not exist', async () => {
    const companion = new FollowingCompanion({ contentIdStem: 'http://', timelineSelector: 'urn:other' })
    companion.presents = false
    expect(problemsOf(await pass(1, companion))).toEqual([
      'It requests the timeline “urn:other”, which this television does not have.',
      'Its stem “http://” does not match the content, so it gets no timeline.',
    ])
  })

  it('finds a companion that does not read, and one that sends nonsense', async () => {
    const companion = new FollowingCompanion()
    await pass(1, companion)
    companion.cii.socket.bufferedAmount = 5000
    monitor.companions()
    expect(problemsOf(monitor.companions())).toEqual(['It reads too slowly: 5000 bytes are waiting.'])
    companion.cii.socket.arrive()
    for (const text of ['one', 'two', 'three']) companion.ts.handlers.message(text)
    expect(problemsOf(monitor.companions())).toEqual(['It has sent 3 invalid messages.'])
  })

  it('lists the messages each way, with the reason for which one was rejected', async () => {
    const companion = new FollowingCompanion()
    await pass(1)
    companion.ts.handlers.message('nonsense\n')
    const { entries } = monitor.messagesSince(0).entries
    expect(entries.map(({ endpoint, direction }) => `${endpoint} ${direction}`)).toEqual([
      'cii out',
      'ts in',
      'ts out',
      'ts in',
    ])
    expect(entries.at(-1)).toMatchObject({ text: 'nonsense\\u000a', rejected: expect.stringContaining('not-json') })
    expect(entries.slice(0, -1).every(({ rejected }) => rejected === null)).toBe(true)
    companion.ts.handlers.failed(new Error('invalid opcode'))
    expect(monitor.messagesSince(0).entries.entries.at(-1)).toMatchObject({
      text: '',
      rejected: 'broken-frame: invalid opcode',
    })
  })

  it('observes nothing when nobody watches', async () => {
    monitor.watch(false)
    const companion = new FollowingCompanion()
    await pass(2, companion)
    expect(monitor.messagesSince(0).entries.entries).toEqual([])
    monitor.watch(true)
    const [report] = await pass(1, companion)
    expect(report?.connections[0]?.lastOut?.text).toContain('contentId')
    expect(report?.presentation?.lateSeconds).toBe(0)
  })
})
