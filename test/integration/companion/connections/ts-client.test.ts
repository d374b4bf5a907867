import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type Clock,
  ClockTimelineSource,
  type Connection,
  CorrelatedClock,
  Correlation,
  SystemClock,
  tsPlugin,
} from '../../../../plugins/index.js'
import type { TsClientSettings } from '../../../../src/companion/connections/ts-client-options.js'
import { TsClient } from '../../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../../helpers/app.js'
import { ScriptedServer } from '../../../helpers/scripted-server.js'

closeAppsAfterEach()

const PTS = 'urn:dvb:css:timeline:pts'
const clients: TsClient[] = []
const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

function follow(
  url: string,
  options: Partial<TsClientSettings & { wallClock: Clock; tickRate: number }> = {},
): TsClient {
  const client = new TsClient(url, {
    wallClock: new SystemClock(),
    contentIdStem: '',
    timelineSelector: PTS,
    tickRate: 90_000,
    backoff: { initialSeconds: 0.01, maxSeconds: 0.02 },
    ...options,
  })
  clients.push(client)
  client.start()
  return client
}

async function scripted() {
  const server = await ScriptedServer.start()
  servers.push(server)
  return server
}

/** A television on the same system clock, so that the truth is known. */
async function television() {
  const app = makeApp()
  await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1.2.3' })
  const wallClock = new SystemClock()
  const pts = new CorrelatedClock(wallClock, {
    tickRate: 90_000,
    correlation: new Correlation({ parentTicks: wallClock.now(), childTicks: 1000 }),
  })
  app.ts.attachTimelineSource(new ClockTimelineSource(PTS, wallClock, pts))
  const move = (ticks: number, speed: number) =>
    pts.setCorrelationAndSpeed(new Correlation({ parentTicks: wallClock.now(), childTicks: ticks }), speed)
  return { app, url: `${await listen(app)}/ts`, pts, move }
}

/** How far apart two clocks are on one and the same moment, in seconds of the timeline. */
function apart(a: CorrelatedClock, b: CorrelatedClock): number {
  const now = new SystemClock().now()
  return Math.abs(a.fromRoot(now) - b.fromRoot(now)) / a.tickRate
}

describe('a TS client', () => {
  it('follows play, pause, seek, double speed and the loss of the timeline', async () => {
    const { app, url, pts, move } = await television()
    const available = follow(url)
    const client = available
    await client.next('available')
    expect(client.clock.available).toBe(true)
    expect(apart(client.clock, pts)).toBeLessThan(1e-6)
    for (const [ticks, speed] of [
      [500_000, 0],
      [9_000_000, 0],
      [9_000_000, 2],
      [0, -1],
      [0, 1],
    ] as const) {
      const timing = client.next('timing')
      move(ticks, speed)
      expect((await timing).applied).toBe(true)
      expect(client.clock.speed).toBe(speed)
      expect(apart(client.clock, pts)).toBeLessThan(1e-6)
    }
    const lost = client.next('unavailable')
    app.ts.contentId = null
    expect(await lost).toEqual({ reason: 'timeline' })
    expect(client.clock.available).toBe(false)
    const found = client.next('available')
    app.ts.contentId = 'dvb://1.2.3'
    await found
    expect(apart(client.clock, pts)).toBeLessThan(1e-6)
  })

  it('reports how far a timestamp has moved the position', async () => {
    const server = await scripted()
    const client = follow(server.url)
    const connection = await server.connection()
    const first = client.next('timing')
    connection.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    expect(await first).toMatchObject({ changeSeconds: Number.POSITIVE_INFINITY, applied: true })
    const second = client.next('timing')
    connection.send('{"contentTime":"9000","wallClockTime":"0","timelineSpeedMultiplier":1}')
    expect((await second).changeSeconds).toBeCloseTo(0.1, 6)
  })

  it('leaves its clock alone under the threshold', async () => {
    const server = await scripted()
    const client = follow(server.url, { thresholdSeconds: 0.01 })
    const connection = await server.connection()
    let changes = 0
    let off = () => {}
    const stamps = [
      ['0', true],
      ['90', false],
      ['9000', true],
    ] as const
    for (const [contentTime, applied] of stamps) {
      const timing = client.next('timing')
      connection.send(`{"contentTime":"${contentTime}","wallClockTime":"0","timelineSpeedMultiplier":1}`)
      expect((await timing).applied).toBe(applied)
      off()
      off = client.clock.on('change', () => {
        changes += 1
      })
    }
    expect(client.clock.correlation.childTicks).toBe(9000)
    expect(changes).toBe(1)
  })

  it('adds a tick to the error of the wall clock, for a server that cuts off fractions', async () => {
    const server = await scripted()
    const wallClock = new SystemClock({ precisionSeconds: 1e-6 })
    const client = follow(server.url, { wallClock, tickRate: 1000 })
    const timing = client.next('timing')
    ;(await server.connection()).send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await timing
    expect(client.clock.dispersionAt(client.clock.now())).toBeCloseTo(0.001001, 9)
  })

  it('is unavailable without a connection, sets up again, and is available when it has heard', async () => {
    const server = await scripted()
    const client = follow(server.url)
    const connection = await server.connection()
    const available = client.next('available')
    connection.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await available
    const lost = client.next('unavailable')
    connection.close(1001)
    expect(await lost).toEqual({ reason: 'disconnected' })
    expect(client.sendPresentationTimestamps(TIMESTAMPS)).toBe(false)
    const again = await server.connection()
    const [setup] = (await once(again, 'message')) as [Buffer]
    expect(JSON.parse(setup.toString())).toEqual({ contentIdStem: '', timelineSelector: PTS })
    const back = client.next('available')
    again.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await back
    expect(client.clock.available).toBe(true)
  })

  it('reports its presentation to the server', async () => {
    const { app, url } = await television()
    const client = follow(url)
    await client.next('available')
    expect(client.sendPresentationTimestamps(TIMESTAMPS)).toBe(true)
    const lost = client.next('unavailable')
    // Sent after the timestamps on the same connection, so that those have been read when it has an effect.
    app.ts.contentId = null
    await lost
    const { until } = await import('../../../helpers/until.js')
    const [connection] = app.ts.connections.keys() as Iterable<Connection>
    const reported = () => app.ts.stateOf(connection as Connection)?.presentationTimestamps
    await until(() => reported() !== undefined)
    expect(reported()?.value).toEqual(TIMESTAMPS)
  })
})

const TIMESTAMPS = {
  earliest: { contentTime: 1n, wallClockTime: 'minusinfinity' as const },
  latest: { contentTime: 2n, wallClockTime: 3n },
}

describe('a server that talks nonsense', () => {
  it.each([
    [
      'a number where a string is due',
      '{"contentTime":5,"wallClockTime":"0","timelineSpeedMultiplier":1}',
      'wrong-type',
      'contentTime',
    ],
    [
      'a wall clock time of null',
      '{"contentTime":"5","wallClockTime":null,"timelineSpeedMultiplier":1}',
      'wrong-type',
      'wallClockTime',
    ],
    [
      'leading zeros',
      '{"contentTime":"05","wallClockTime":"0","timelineSpeedMultiplier":1}',
      'invalid-value',
      'contentTime',
    ],
    [
      'a speed beyond all numbers',
      '{"contentTime":"5","wallClockTime":"0","timelineSpeedMultiplier":1e999}',
      'invalid-value',
      'timelineSpeedMultiplier',
    ],
    [
      'a time beyond all clocks',
      `{"contentTime":"1${'0'.repeat(400)}","wallClockTime":"0","timelineSpeedMultiplier":1}`,
      'invalid-value',
      'contentTime',
    ],
    [
      'a position beyond all clocks',
      '{"contentTime":"5","wallClockTime":"0","timelineSpeedMultiplier":1e308}',
      'invalid-value',
      'a speed of at most 1000000',
    ],
    ['no JSON', '{', 'not-json', 'JSON'],
    ['bytes', Buffer.alloc(3), 'binary', 'binary'],
  ])('causes a protocolError and moves nothing, strictly: %s', async (_name, message, reason, detail) => {
    const server = await scripted()
    const client = follow(server.url, { strict: true })
    const connection = await server.connection()
    const available = client.next('available')
    connection.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await available
    const before = client.clock.correlation
    const error = client.next('protocolError')
    connection.send(message)
    const event = await error
    expect(event.reason).toBe(reason)
    expect(event.detail).toContain(detail)
    expect(client.clock.correlation).toBe(before)
    expect(client.clock.available).toBe(true)
  })

  it('cannot be made deaf by a listener of its clock that throws', async () => {
    const handlers = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
    const server = await scripted()
    const client = follow(server.url)
    const connection = await server.connection()
    const available = client.next('available')
    connection.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await available
    const off = client.clock.on('change', () => {
      off()
      throw new Error('on purpose')
    })
    for (const contentTime of ['90000', '180000']) {
      const timing = client.next('timing')
      connection.send(`{"contentTime":"${contentTime}","wallClockTime":"0","timelineSpeedMultiplier":1}`)
      await timing
      expect(client.clock.correlation.childTicks).toBe(Number(contentTime))
    }
    expect(await caught).toMatchObject({ message: 'on purpose' })
    for (const handler of handlers) process.on('uncaughtException', handler)
  })

  it('is told apart from an app that gives wrong options', () => {
    const options = { wallClock: new SystemClock(), contentIdStem: '', timelineSelector: PTS, tickRate: 90_000 }
    expect(() => new TsClient('ws://x/', { ...options, timelineSelector: '' })).toThrow(/timelineSelector/)
    expect(() => new TsClient('ws://x/', { ...options, tickRate: 0 })).toThrow(/tickRate/)
    expect(() => new TsClient('ws://x/', { ...options, thresholdSeconds: -1 })).toThrow(/thresholdSeconds/)
  })
})
