import { describe, expect, it } from 'vitest'
import {
  ClockTimelineSource,
  type Connection,
  type ControlTimestamp,
  CorrelatedClock,
  Correlation,
  FixedTimelineSource,
  type PresentationTimestamps,
  type SetupData,
  SystemClock,
  TimelineSource,
  type TsConnectionState,
  TsServer,
  tsPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const PTS = 'urn:dvb:css:timeline:pts'
const CONTENT_ID = 'dvb://233a.1004.1044;363a'
const AT_ZERO: ControlTimestamp = { contentTime: 0n, wallClockTime: 10n, timelineSpeedMultiplier: 1 }

async function tsApp(options: Record<string, unknown> = {}, appOptions = {}) {
  const app = makeApp(appOptions)
  await app.register(tsPlugin, { prefix: '/ts', contentId: CONTENT_ID, ...options })
  return { app, url: `${await listen(app)}/ts` }
}

async function follower(url: string, setup: object = { contentIdStem: 'dvb://233a', timelineSelector: PTS }) {
  const client = await WsClient.open(url)
  client.send(setup)
  return client
}

/** What the server knows of its only client. */
function onlyState(ts: TsServer): TsConnectionState {
  const [state] = [...ts.connections.keys()].map((connection) => ts.stateOf(connection))
  if (state === undefined) throw new Error('expected a client')
  return state
}

/** Records what it is told. */
class Recorder extends TimelineSource {
  readonly told: string[] = []
  answer: ControlTimestamp | undefined
  recognises(selector: string) {
    return selector.startsWith('urn:')
  }
  controlTimestamp() {
    return this.answer
  }
  override selectorNeeded(selector: string) {
    this.told.push(`needed ${selector}`)
  }
  override selectorNotNeeded(selector: string) {
    this.told.push(`not needed ${selector}`)
  }
  announce(answer: ControlTimestamp | undefined) {
    this.answer = answer
    this.changed()
  }
}

const UNAVAILABLE = { contentTime: null, wallClockTime: expect.stringMatching(/^\d+$/), timelineSpeedMultiplier: null }

describe('a TS client', () => {
  it('gets a control timestamp after its setup-data, and another when it changes', async () => {
    const { app, url } = await tsApp()
    const source = new FixedTimelineSource(PTS, AT_ZERO)
    app.ts.attachTimelineSource(source)
    const client = await follower(url)
    expect(await client.next()).toBe('{"contentTime":"0","wallClockTime":"10","timelineSpeedMultiplier":1}')
    const big = { contentTime: 123456789012345678901234567890n, wallClockTime: 20n, timelineSpeedMultiplier: 0.5 }
    source.timestamp = big
    expect(await client.nextJson()).toEqual({
      contentTime: '123456789012345678901234567890',
      wallClockTime: '20',
      timelineSpeedMultiplier: 0.5,
    })
  })

  it('never gets the same timestamp twice', async () => {
    const { app, url } = await tsApp()
    const source = new FixedTimelineSource(PTS, AT_ZERO)
    app.ts.attachTimelineSource(source)
    const client = await follower(url)
    await client.next()
    app.ts.updateAllClients()
    source.timestamp = { ...AT_ZERO }
    app.ts.contentId = 'dvb://233a.9999'
    for (const connection of app.ts.connections.keys()) app.ts.updateClient(connection)
    source.timestamp = { ...AT_ZERO, wallClockTime: 11n }
    expect(await client.nextJson()).toMatchObject({ wallClockTime: '11' })
  })

  it('is told that an unknown timeline is not available, once, and stays connected until it is', async () => {
    const { app, url } = await tsApp()
    const client = await follower(url)
    expect(await client.nextJson()).toEqual(UNAVAILABLE)
    app.ts.updateAllClients()
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    expect(await client.nextJson()).toMatchObject({ contentTime: '0' })
  })

  it('has a timeline only while the content id begins with its stem', async () => {
    const { app, url } = await tsApp({ contentId: null })
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    const client = await follower(url)
    expect(await client.nextJson()).toEqual(UNAVAILABLE)
    app.ts.contentId = CONTENT_ID
    expect(await client.nextJson()).toMatchObject({ contentTime: '0' })
    app.ts.contentId = 'http://other/'
    expect(await client.nextJson()).toEqual(UNAVAILABLE)
  })

  it('may leave the stem out, which means any content', async () => {
    const { app, url } = await tsApp()
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    const client = await follower(url, { timelineSelector: PTS })
    expect(await client.nextJson()).toMatchObject({ contentTime: '0' })
  })

  it.each([
    [{ timelineSelector: PTS }, { missing: 1 }, undefined],
    [{ contentIdStem: null, timelineSelector: PTS }, { 'unexpected-null': 1 }, undefined],
    [{ contentIdStem: null, timelineSelector: PTS, private: null }, { 'unexpected-null': 2 }, undefined],
    [{ contentIdStem: '', timelineSelector: PTS, private: {} }, { 'object-for-list': 1 }, []],
    [
      { contentIdStem: '', timelineSelector: PTS, private: { type: 'a:b' } },
      { 'object-for-list': 1 },
      [{ type: 'a:b' }],
    ],
    [{ contentIdStem: '', timelineSelector: PTS }, {}, undefined],
  ])('gets its timeline in spite of a deviation, which is counted: %j', async (setup, forgiven, privateData) => {
    const { app, url } = await tsApp()
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    const client = await follower(url, setup)
    expect(await client.nextJson()).toMatchObject({ contentTime: '0' })
    expect(app.ts.statistics).toMatchObject({ forgiven, dropped: { invalid: 0 } })
    expect(app.ts.statistics.forgiven).toEqual(forgiven)
    const { setup: received } = onlyState(app.ts)
    expect(received?.value).toMatchObject({ contentIdStem: '', timelineSelector: PTS })
    expect(received?.value.private).toEqual(privateData)
  })

  it('hears nothing while a source does not know yet, even if another source knows nothing of the timeline', async () => {
    const { app, url } = await tsApp()
    const source = new Recorder()
    app.ts.attachTimelineSource(new FixedTimelineSource('urn:other', AT_ZERO))
    app.ts.attachTimelineSource(source)
    const client = await follower(url)
    await client.roundTrip()
    expect(client.queued).toBe(0)
    source.announce(AT_ZERO)
    expect(await client.nextJson()).toMatchObject({ contentTime: '0' })
    source.announce({ contentTime: null, wallClockTime: 7n, timelineSpeedMultiplier: null })
    expect(await client.nextJson()).toEqual({ ...UNAVAILABLE, wallClockTime: '7' })
  })

  it('loses the timeline when its source is removed', async () => {
    const { app, url } = await tsApp()
    const source = new FixedTimelineSource(PTS, AT_ZERO)
    app.ts.attachTimelineSource(source)
    const client = await follower(url)
    await client.next()
    app.ts.removeTimelineSource(source)
    expect(await client.nextJson()).toEqual(UNAVAILABLE)
  })
})

describe('a timeline source', () => {
  it('is told once that a selector is needed, and once when its last client has gone', async () => {
    const { app, url } = await tsApp()
    const source = new Recorder()
    app.ts.attachTimelineSource(source)
    const clients = await Promise.all([follower(url), follower(url), follower(url, { timelineSelector: 'urn:b' })])
    await Promise.all(clients.map((client) => client.roundTrip()))
    expect([...source.told].sort()).toEqual(['needed urn:b', `needed ${PTS}`])
    source.told.length = 0
    for (const client of clients) await client.close()
    while (app.ts.connections.size > 0) await new Promise((resolve) => setImmediate(resolve))
    expect([...source.told].sort()).toEqual(['not needed urn:b', `not needed ${PTS}`])
  })

  it('is told when it comes after the client, and when it is removed before it', async () => {
    const { app, url } = await tsApp()
    await (await follower(url)).next()
    const source = new Recorder()
    app.ts.attachTimelineSource(source)
    app.ts.attachTimelineSource(source)
    app.ts.removeTimelineSource(source)
    app.ts.removeTimelineSource(source)
    expect(source.told).toEqual([`needed ${PTS}`, `not needed ${PTS}`])
  })

  it('must be one', async () => {
    const { app } = await tsApp()
    expect(() => app.ts.attachTimelineSource({} as TimelineSource)).toThrow('"source" must be a TimelineSource')
  })

  it('that throws is logged and passed over', async () => {
    const stream = new LogLines()
    const { app, url } = await tsApp({}, { logger: { level: 'error', stream } })
    const broken = new Recorder()
    broken.controlTimestamp = () => {
      throw new Error('on purpose')
    }
    app.ts.attachTimelineSource(broken)
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    expect(await (await follower(url)).nextJson()).toMatchObject({ contentTime: '0' })
    expect(await stream.message('timeline source failed')).toMatchObject({ err: { message: 'on purpose' } })
  })

  it('that follows a clock sends one update for one change, of the clock or of any ancestor', async () => {
    const { app, url } = await tsApp()
    const wallClock = new SystemClock()
    const middle = new CorrelatedClock(wallClock, { tickRate: 1000 })
    const pts = new CorrelatedClock(middle, { tickRate: 90_000 })
    app.ts.attachTimelineSource(new ClockTimelineSource(PTS, wallClock, pts))
    const client = await follower(url)
    await client.next()
    middle.speed = 0
    expect(await client.nextJson()).toMatchObject({ timelineSpeedMultiplier: 0 })
    pts.available = false
    expect(await client.nextJson()).toEqual(UNAVAILABLE)
    pts.available = true
    expect(await client.nextJson()).toMatchObject({ timelineSpeedMultiplier: 0 })
    middle.setCorrelationAndSpeed(new Correlation({ parentTicks: wallClock.now(), childTicks: 5000 }), 2)
    const jumped = await client.nextJson()
    expect(jumped.timelineSpeedMultiplier).toBe(2)
    expect(Math.abs(Number(jumped.contentTime) - 450_000)).toBeLessThanOrEqual(90_000)
    await client.roundTrip()
    expect(client.queued).toBe(0)
  })
})

describe('the app', () => {
  it('is handed setup-data and presentation timestamps, and can ask for the last ones', async () => {
    const heard: unknown[] = []
    class Hooked extends TsServer {
      override onSetup(_connection: Connection, setup: SetupData) {
        heard.push(setup.timelineSelector)
      }
      override onPresentationTimestamps(_connection: Connection, timestamps: PresentationTimestamps) {
        heard.push(timestamps)
      }
    }
    const { app, url } = await tsApp({ handler: Hooked })
    const client = await follower(url)
    client.send({
      actual: { contentTime: '1', wallClockTime: '2' },
      earliest: { contentTime: '3', wallClockTime: 'minusinfinity' },
      latest: { contentTime: '4', wallClockTime: 'plusinfinity' },
    })
    await client.roundTrip()
    const timestamps = {
      actual: { contentTime: 1n, wallClockTime: 2n },
      earliest: { contentTime: 3n, wallClockTime: 'minusinfinity' },
      latest: { contentTime: 4n, wallClockTime: 'plusinfinity' },
    }
    expect(heard).toEqual([PTS, timestamps])
    expect(onlyState(app.ts).presentationTimestamps?.value).toEqual(timestamps)
  })
})

describe('bad input', () => {
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
  it.each([
    ['not JSON', 'hello', 'not-json'],
    ['not an object', '[1]', 'invalid'],
    ['a wrong type', '{"contentIdStem":"","timelineSelector":7}', 'invalid'],
    ['binary', new Uint8Array([1, 2]), 'binary'],
    ['ten thousand levels', deep, 'invalid'],
    [
      'an attack on the prototype',
      '{"__proto__":{"timelineSelector":"x"},"constructor":{"prototype":{"polluted":1}}}',
      'invalid',
    ],
    ['a number beyond all numbers', '{"contentIdStem":"","timelineSelector":1e999}', 'invalid'],
    [
      'deep private data',
      `{"contentIdStem":"","timelineSelector":"x","private":[{"type":"urn:x","a":${deep}}]}`,
      'invalid',
    ],
  ])('is counted with its reason, and the connection stays: %s', async (_name, message, reason) => {
    const { app, url } = await tsApp()
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    const client = await WsClient.open(url)
    client.send(message)
    await client.roundTrip()
    expect(app.ts.statistics.dropped).toMatchObject({ [reason]: 1 })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    client.send({ contentIdStem: '', timelineSelector: PTS })
    expect(await client.nextJson()).toMatchObject({ contentTime: '0' })
  })

  it('of a client that is set up changes nothing for it', async () => {
    const { app, url } = await tsApp()
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, AT_ZERO))
    const client = await follower(url)
    await client.next()
    client.send({ contentIdStem: '', timelineSelector: 'urn:other' })
    client.send({
      earliest: { contentTime: '01', wallClockTime: '1' },
      latest: { contentTime: '1', wallClockTime: '1' },
    })
    client.send({})
    await client.roundTrip()
    expect(app.ts.statistics.dropped).toMatchObject({ 'second-setup-data': 1, invalid: 2 })
    expect(onlyState(app.ts).setup?.value.timelineSelector).toBe(PTS)
    expect(client.queued).toBe(0)
  })

  it('in options is refused by name', async () => {
    const app = makeApp()
    app.register(tsPlugin, { contentId: 7 as never })
    await expect(app.ready()).rejects.toThrow('"contentId" must be a string or null; received 7')
  })
})
