import { afterEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import {
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  ciiPlugin,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import type { CompanionOptions } from '../../../src/companion/index.js'
import { Companion, nodePlatform } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { ScriptedServer } from '../../helpers/scripted-server.js'
import { until } from '../../helpers/until.js'

const PTS = 'urn:dvb:css:timeline:pts'
const TEMI = 'urn:dvb:css:timeline:temi:1:1'
const option = (timelineSelector: string, unitsPerSecond: number) => ({
  timelineSelector,
  timelineProperties: { unitsPerTick: 1, unitsPerSecond },
})
const TIMELINES = [option(PTS, 90_000), option(TEMI, 1000)]
const WITHOUT_UDP = { openSocket: nodePlatform.openSocket }
const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }

closeAppsAfterEach()
const companions: Companion[] = []
const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const companion of companions.splice(0)) companion.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

function companionOf(url: string, options: CompanionOptions = {}): Companion {
  const companion = new Companion(url, { cii: QUICK, ts: QUICK, ...options })
  companions.push(companion)
  return companion
}

async function scripted(port = 0) {
  const server = await ScriptedServer.start(port)
  servers.push(server)
  return server
}

/** A television without CII, unless it is to have one. */
async function television({ withCii = true } = {}) {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1.2.3' })
  const cii = { contentId: 'dvb://1.2.3', contentIdStatus: 'final', timelines: TIMELINES } as const
  if (withCii) await app.register(ciiPlugin, { prefix: '/cii', cii: { ...cii, timelines: [...TIMELINES] } })
  const clockAt = (tickRate: number, childTicks: number) => {
    const correlation = new Correlation({ parentTicks: app.wallClock.now(), childTicks })
    return new CorrelatedClock(app.wallClock, { tickRate, correlation })
  }
  const pts = clockAt(90_000, 900_000)
  app.ts.attachTimelineSource(new ClockTimelineSource(PTS, app.wallClock, pts))
  const temi = clockAt(1000, 5_000_000)
  app.ts.attachTimelineSource(new ClockTimelineSource(TEMI, app.wallClock, temi))
  const base = await listen(app)
  const wcUrl = `udp://127.0.0.1:${app.wallClockServer.address?.port}`
  return { app, pts, temi, base, wcUrl, ciiUrl: `${base}/cii`, tsUrl: `${base}/ts` }
}

/** A CII server that says what the test wants, and the companion that has connected to it. */
async function withScriptedCii(options: CompanionOptions = {}) {
  const server = await scripted()
  const companion = companionOf(`ws://127.0.0.1:${server.port}/cii`, options)
  companion.start()
  const cii = await server.connection()
  const says = (state: object) => cii.send(JSON.stringify({ protocolVersion: '1.1', ...state }))
  return { server, companion, cii, says }
}

const available = async (companion: Companion) => {
  if (companion.unavailable !== undefined) await companion.next('available')
}

function expectAt(companion: Companion, clock: CorrelatedClock) {
  const root = clock.root
  const before = root.now()
  const position = companion.position()
  const after = root.now()
  expect(position?.available).toBe(true)
  if (position === undefined) throw new Error('expected a position')
  const { seconds, ticks, errorSeconds, wallClockNanos, speed } = position
  // By the wall clock as the companion takes it, the position is that of the television to the tick.
  expect(Math.abs(ticks - clock.fromParent(wallClockNanos))).toBeLessThanOrEqual(1.001)
  expect(seconds).toBe(ticks / clock.tickRate)
  expect(speed).toBe(clock.speed)
  // And that wall clock is no farther off than the bound says.
  const [low, high] = [clock.fromRoot(before), clock.fromRoot(after)].sort((a, b) => a - b) as [number, number]
  expect(seconds).toBeGreaterThanOrEqual(low / clock.tickRate - errorSeconds)
  expect(seconds).toBeLessThanOrEqual(high / clock.tickRate + errorSeconds)
}

describe('a companion', () => {
  it('finds all servers from CII, and reports the position within its error bound', async () => {
    const { pts, ciiUrl, wcUrl, tsUrl } = await television()
    const companion = companionOf(ciiUrl)
    expect(companion.position()).toBeUndefined()
    expect(companion.unavailable?.reason).toBe('stopped')
    companion.start()
    await available(companion)
    expect(companion.timeline).toEqual({ selector: PTS, tickRate: 90_000 })
    expect(companion.wallClock?.url).toBe(wcUrl)
    expect(companion.ts?.url).toBe(tsUrl)
    expectAt(companion, pts)
  })

  it('follows a pause, a seek and a change of speed', async () => {
    const { app, pts, ciiUrl } = await television()
    const companion = companionOf(ciiUrl)
    companion.start()
    await available(companion)
    for (const [childTicks, speed] of [
      [123_456, 0],
      [9_000_000, 0],
      [9_000_000, 2],
      [1_000_000, -1],
    ] as const) {
      const timing = companion.next('timing')
      pts.setCorrelationAndSpeed(new Correlation({ parentTicks: app.wallClock.now(), childTicks }), speed)
      await timing
      expectAt(companion, pts)
    }
    const timing = companion.next('timing')
    pts.setCorrelationAndSpeed(new Correlation({ parentTicks: app.wallClock.now(), childTicks: 450_000 }), 0)
    await timing
    // Where it stands still, the wall clock does not matter: only the tick to which the position was sent.
    expect(companion.position()).toMatchObject({ seconds: 5, ticks: 450_000, speed: 0, errorSeconds: 1 / 90_000 })
  })

  it('has one clock for the position, in nanoseconds of content', async () => {
    const { app, pts, ciiUrl } = await television()
    const companion = companionOf(ciiUrl)
    const { clock } = companion
    expect(clock.available).toBe(false)
    companion.start()
    await available(companion)
    expect(clock.available).toBe(true)
    const timing = companion.next('timing')
    pts.setCorrelationAndSpeed(new Correlation({ parentTicks: app.wallClock.now(), childTicks: 90_000 }), 0)
    await timing
    expect(companion.clock).toBe(clock)
    expect(clock.now()).toBe(1e9)
    companion.stop()
    expect(clock.available).toBe(false)
    expect(clock.now()).toBe(1e9)
  })

  it.each([
    ['that is asked for', { timelineSelector: TEMI }, TEMI, 1000],
    ['that CII does not list, at the tick rate given', { timelineSelector: 'urn:x', tickRate: 5 }, 'urn:x', 5],
  ])('requests the timeline %s', async (_name, options, selector, tickRate) => {
    const { ciiUrl } = await television()
    const companion = companionOf(ciiUrl, options)
    const picked = companion.next('timeline')
    companion.start()
    expect((await picked).timeline).toEqual({ selector, tickRate })
  })

  it('has no position while other content than requested is on', async () => {
    const { app, ciiUrl } = await television()
    const companion = companionOf(ciiUrl, { contentIdStem: 'dvb://9.' })
    companion.start()
    await until(() => companion.unavailable?.detail.includes('has no') === true)
    expect(companion.unavailable?.reason).toBe('timeline')
    app.ts.contentId = 'dvb://9.9.9'
    await available(companion)
    const lost = companion.next('unavailable')
    app.ts.contentId = 'dvb://1.2.3'
    expect(await lost).toMatchObject({ reason: 'timeline' })
    expect(companion.position()?.available).toBe(false)
  })

  it('uses a WebSocket for the wall clock where UDP is unavailable', async () => {
    const { pts, ciiUrl, base } = await television()
    const companion = companionOf(ciiUrl, { platform: WITHOUT_UDP })
    companion.start()
    await available(companion)
    expect(companion.wallClock?.url).toBe(`${base}/wc`)
    expectAt(companion, pts)
  })

  it('reports that neither UDP nor a WebSocket is available', async () => {
    const { companion, says } = await withScriptedCii({ platform: WITHOUT_UDP })
    const change = companion.next('change')
    says({ wcUrl: 'udp://127.0.0.1:6677', tsUrl: 'ws://127.0.0.1:1/', timelines: TIMELINES })
    await change
    expect(companion.unavailable).toMatchObject({ reason: 'no-udp' })
    expect(companion.wallClock).toBeUndefined()
  })

  it('uses the wall clock from its options, whatever CII states', async () => {
    const { base, tsUrl, pts } = await television({ withCii: false })
    const { companion, says } = await withScriptedCii({ wallClockUrl: `${base}/wc` })
    says({ wcUrl: 'udp://192.0.2.1:6677', tsUrl, timelines: TIMELINES })
    await available(companion)
    expectAt(companion, pts)
  })

  it('can be restarted, and has the earlier state immediately', async () => {
    const { pts, ciiUrl } = await television()
    const companion = companionOf(ciiUrl)
    companion.start()
    await available(companion)
    const stopped = companion.next('unavailable')
    companion.stop()
    expect(await stopped).toMatchObject({ reason: 'stopped' })
    expect([companion.ts, companion.wallClock]).toEqual([undefined, undefined])
    companion.start()
    await available(companion)
    expectAt(companion, pts)
  })

  it('leaves no sockets or timers behind', async () => {
    const { ciiUrl } = await television()
    // Sockets and timers of the runner come and go too: as many as before, sooner or later, is all that can be asked.
    const open = () => process.getActiveResourcesInfo().filter((kind) => /UDP|TCPSocket|Timeout/.test(kind)).length
    const before = open()
    const companion = companionOf(ciiUrl)
    companion.start()
    await available(companion)
    expect(open()).toBeGreaterThan(before)
    companion.stop()
    await until(() => open() <= before)
  })

  it.each([
    [{ timelineSelector: '' }, /timelineSelector/],
    [{ tickRate: 5 }, /tickRate/],
    [{ timelineSelector: 'urn:x', tickRate: 0 }, /tickRate/],
    [{ contentIdStem: 7 }, /contentIdStem/],
    [{ wallClockUrl: 'http://x' }, /wallClockUrl/],
    [{ parentClock: {} }, /parentClock/],
    [{ ts: { thresholdSeconds: -1 } }, /thresholdSeconds/],
    [{ wallClock: { requestIntervalSeconds: 0 } }, /requestIntervalSeconds/],
    [{ cii: { backoff: { initialSeconds: 0 } } }, /initialSeconds/],
  ])('rejects %j at construction', (options, message) => {
    expect(() => new Companion('ws://x/', options as CompanionOptions)).toThrow(message)
  })
})

describe('when the television moves its servers, a companion', () => {
  it('follows wcUrl and tsUrl, and keeps connections that are unaffected', async () => {
    const first = await television({ withCii: false })
    const second = await television({ withCii: false })
    const { companion, says } = await withScriptedCii()
    says({ wcUrl: first.wcUrl, tsUrl: first.tsUrl, timelines: TIMELINES })
    await available(companion)
    const { clock, wallClock, ts } = companion

    const again = companion.next('change')
    says({ wcUrl: first.wcUrl, tsUrl: first.tsUrl, mrsUrl: 'http://m/' })
    await again
    expect([companion.wallClock, companion.ts]).toEqual([wallClock, ts])

    says({ tsUrl: second.tsUrl })
    await companion.next('unavailable')
    await available(companion)
    expect(companion.wallClock).toBe(wallClock)
    expect(companion.ts).not.toBe(ts)
    expect(second.app.ts.connections.size).toBe(1)
    expectAt(companion, second.pts)

    says({ wcUrl: second.wcUrl })
    await companion.next('unavailable')
    await available(companion)
    expect(companion.wallClock?.url).toBe(second.wcUrl)
    expect(companion.clock).toBe(clock)
    expectAt(companion, second.pts)
    await until(() => first.app.ts.connections.size === 0)
  })

  it('follows a timeline that is offered later, and another one when it is withdrawn', async () => {
    const { wcUrl, tsUrl, pts, temi } = await television({ withCii: false })
    const { companion, says } = await withScriptedCii()
    const change = companion.next('change')
    says({ wcUrl, tsUrl })
    await change
    expect(companion.unavailable?.reason).toBe('no-timeline')
    says({ timelines: [option(TEMI, 1000)] })
    await available(companion)
    expectAt(companion, temi)
    const kept = companion.next('change')
    says({ timelines: [option(PTS, 90_000), option(TEMI, 1000)] })
    await kept
    expect(companion.timeline?.selector).toBe(TEMI)
    expectAt(companion, temi)
    says({ timelines: [option(PTS, 90_000)] })
    expect((await companion.next('timeline')).timeline).toEqual({ selector: PTS, tickRate: 90_000 })
    await available(companion)
    expectAt(companion, pts)
  })

  it('disconnects from servers that CII no longer names', async () => {
    const { wcUrl, tsUrl } = await television({ withCii: false })
    const { companion, says } = await withScriptedCii()
    says({ wcUrl, tsUrl, timelines: TIMELINES })
    await available(companion)
    const noWallClock = companion.next('unavailable')
    says({ wcUrl: null })
    await noWallClock
    await until(() => companion.unavailable?.reason === 'no-wall-clock')
    expect([companion.wallClock, companion.ts]).toEqual([undefined, undefined])
    says({ wcUrl, tsUrl: null })
    await until(() => companion.unavailable?.reason === 'no-ts')
    expect(companion.ts).toBeUndefined()
  })

  it('reaches a server whose URL names no particular host, and reports that once', async () => {
    const { wcUrl, tsUrl, pts } = await television({ withCii: false })
    const { companion, says } = await withScriptedCii()
    const told: string[] = []
    companion.on('protocolError', ({ reason }) => told.push(reason))
    says({
      wcUrl: wcUrl.replace('127.0.0.1', '0.0.0.0'),
      tsUrl: tsUrl.replace('127.0.0.1', '[::]'),
      timelines: TIMELINES,
    })
    await available(companion)
    expectAt(companion, pts)
    expect(told).toEqual(['unspecified-host', 'unspecified-host'])
    const change = companion.next('change')
    says({ mrsUrl: 'http://m/' })
    await change
    expect(told).toHaveLength(2)
  })
})

describe('when servers go away, a companion', () => {
  it('keeps its position without CII, and reconnects', async () => {
    const { wcUrl, tsUrl, pts } = await television({ withCii: false })
    const { companion, says, server, cii } = await withScriptedCii()
    says({ wcUrl, tsUrl, timelines: TIMELINES })
    await available(companion)
    const { ts } = companion
    const disconnected = companion.next('disconnected')
    cii.close(1001)
    expect(await disconnected).toMatchObject({ source: 'cii', retryInSeconds: expect.any(Number) })
    expectAt(companion, pts)
    const back = await server.connection()
    const change = companion.next('change')
    back.send(JSON.stringify({ protocolVersion: '1.1', wcUrl, tsUrl, timelines: TIMELINES, mrsUrl: 'http://m/' }))
    await change
    expect(companion.ts).toBe(ts)
    expectAt(companion, pts)
  })

  it('has no position without CSS-TS, and recovers when it returns', async () => {
    const { wcUrl } = await television({ withCii: false })
    const tsServer = await scripted()
    const { port } = tsServer
    const { companion, says } = await withScriptedCii({ ts: { ...QUICK, holdSeconds: 0.05 } })
    says({ wcUrl, tsUrl: tsServer.url, timelines: TIMELINES })
    const answer = (socket: WebSocket) => {
      socket.send('{"contentTime":"90000","wallClockTime":"0","timelineSpeedMultiplier":0}')
    }
    answer(await tsServer.connection())
    await available(companion)
    expect(companion.position()).toMatchObject({ available: true, seconds: 1 })
    const lost = companion.next('unavailable')
    const failed = companion.next('connectFailed')
    await tsServer.stop()
    expect(await lost).toMatchObject({ reason: 'ts' })
    expect(await failed).toMatchObject({ source: 'ts', failure: { kind: 'refused' } })
    expect(companion.position()).toMatchObject({ available: false, seconds: 1 })
    answer(await (await scripted(port)).connection())
    await available(companion)
    expect(companion.position()).toMatchObject({ available: true, seconds: 1 })
  })

  it.each([
    ['nothing listens', 'ws://127.0.0.1:1/', 'refused'],
    ['the name is unknown', 'ws://no-such-host.invalid/', 'dns'],
  ])('reports why CII cannot be reached: %s', async (_name, url, kind) => {
    const companion = companionOf(url)
    const failed = companion.next('connectFailed')
    companion.start()
    expect(await failed).toMatchObject({ source: 'cii', failure: { kind }, retryInSeconds: expect.any(Number) })
    expect(companion.unavailable?.reason).toBe('cii')
  })

  it('reports that the host of the wall clock cannot be resolved', async () => {
    const { companion, says } = await withScriptedCii()
    const failed = companion.next('connectFailed')
    says({ wcUrl: 'udp://no-such-host.invalid:6677' })
    expect(await failed).toMatchObject({ source: 'wc', failure: { message: expect.stringContaining('no-such-host') } })
  })
})

describe('a server that sends invalid messages', () => {
  it('is reported, and changes nothing', async () => {
    const { base, tsUrl, pts } = await television({ withCii: false })
    const { companion, says, cii } = await withScriptedCii()
    says({ wcUrl: `${base}/wc`, tsUrl, timelines: TIMELINES })
    await available(companion)
    for (const nonsense of [
      '{',
      '[]',
      '{"wcUrl":7}',
      '{"timelines":[{}]}',
      '{"timelines":[{"timelineSelector":""}]}',
    ]) {
      const error = companion.next('protocolError')
      cii.send(nonsense)
      expect(await error).toMatchObject({ source: 'cii', reason: expect.any(String), detail: expect.any(String) })
    }
    const binary = companion.next('protocolError')
    cii.send(Buffer.from([0xff]))
    expect(await binary).toMatchObject({ source: 'cii', reason: 'binary' })
    expectAt(companion, pts)
  })

  it('is reported for invalid addresses', async () => {
    const { companion, says } = await withScriptedCii()
    const told: string[] = []
    companion.on('protocolError', ({ source, detail }) => told.push(`${source} ${detail}`))
    const change = companion.next('change')
    says({ wcUrl: 'gopher://x', tsUrl: 'mailto:x', timelines: TIMELINES })
    await change
    expect(told.sort()).toEqual([
      expect.stringContaining('cii tsUrl must be ws://'),
      expect.stringContaining('cii wcUrl must be udp://'),
    ])
    expect(companion.unavailable?.reason).toBe('no-wall-clock')
  })

  it('is reported for CSS-TS', async () => {
    const { wcUrl } = await television({ withCii: false })
    const tsServer = await scripted()
    const { companion, says } = await withScriptedCii()
    says({ wcUrl, tsUrl: tsServer.url, timelines: TIMELINES })
    const socket = await tsServer.connection()
    for (const nonsense of ['null', '{"contentTime":7}', `{"contentTime":"${'9'.repeat(400)}","wallClockTime":"0"}`]) {
      const error = companion.next('protocolError')
      socket.send(nonsense)
      expect(await error).toMatchObject({ source: 'ts' })
    }
    expect(companion.position()).toBeUndefined()
  })

  it('is reported for CSS-WC', async () => {
    const wcServer = await scripted()
    const { companion, says } = await withScriptedCii()
    says({ wcUrl: wcServer.url, timelines: TIMELINES })
    const socket = await wcServer.connection()
    for (const nonsense of ['x', Buffer.alloc(31), Buffer.alloc(5000)]) {
      const error = companion.next('protocolError')
      socket.send(nonsense)
      expect(await error).toMatchObject({ source: 'wc' })
    }
  })
})

describe('a companion that is stopped by one of its listeners', () => {
  it.each(['disconnected', 'unavailable'] as const)('leaves nothing running (%s)', async (event) => {
    const { wcUrl, tsUrl } = await television({ withCii: false })
    const other = await television({ withCii: false })
    const { companion, says } = await withScriptedCii()
    says({ wcUrl, tsUrl, timelines: TIMELINES })
    await available(companion)
    const stopped = new Promise<void>((resolve) => {
      companion.on(event, () => {
        companion.stop()
        resolve()
      })
    })
    says({ wcUrl: other.wcUrl, tsUrl, timelines: TIMELINES })
    await stopped
    await until(() => companion.ts === undefined && companion.wallClock === undefined)
    expect(companion.unavailable?.reason).toBe('stopped')
    expect(other.app.wallClockServer.statistics.requests).toBe(0)
  })

  it('can be restarted there, and then follows the television', async () => {
    const { wcUrl, tsUrl } = await television({ withCii: false })
    const other = await television({ withCii: false })
    const { server, companion, says } = await withScriptedCii()
    says({ wcUrl, tsUrl, timelines: TIMELINES })
    await available(companion)
    const off = companion.on('unavailable', () => {
      off()
      companion.stop()
      companion.start()
    })
    says({ wcUrl: other.wcUrl, tsUrl: other.tsUrl, timelines: TIMELINES })
    const again = await server.connection()
    again.send(JSON.stringify({ protocolVersion: '1.1', wcUrl: other.wcUrl, tsUrl: other.tsUrl, timelines: TIMELINES }))
    await until(() => companion.wallClock?.url === other.wcUrl && companion.unavailable === undefined)
    expectAt(companion, other.pts)
    companion.stop()
    expect([companion.ts, companion.wallClock]).toEqual([undefined, undefined])
  })
})

describe('a wall clock that is replaced by another', () => {
  it('makes the companion request its timeline again, also on an open connection', async () => {
    const { wcUrl } = await television({ withCii: false })
    const tsServer = await scripted()
    const { companion, says } = await withScriptedCii()
    says({ wcUrl, tsUrl: tsServer.url, timelines: TIMELINES })
    const first = await tsServer.connection()
    first.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await available(companion)
    // As the client tells it when three answers of another clock have agreed.
    const { wallClock } = companion
    if (wallClock === undefined) throw new Error('expected a wall clock client')
    const stepped = { stepSeconds: 1000, slewSeconds: 0, stepped: true, dispersionSeconds: 1e-3 }
    ;(wallClock as unknown as { emit(name: string, event: object): void }).emit('adjusted', stepped)
    await tsServer.connection()
    expect(companion.unavailable?.reason).not.toBeUndefined()
  })
})
