import { afterEach, describe, expect, it } from 'vitest'
import {
  app2appPlugin,
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  ciiPlugin,
  tsPlugin,
  wallClockPlugin,
} from '../../../plugins/index.js'
import type { CompanionEvents, CompanionOptions, CompanionTarget } from '../../../src/companion/index.js'
import { Companion, nodePlatform } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { App2AppApplication } from '../../helpers/app2app-application.js'
import { until } from '../../helpers/until.js'

const PTS = 'urn:dvb:css:timeline:pts'
const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.05 }, handshakeTimeoutSeconds: 1 }

closeAppsAfterEach()
const companions: Companion[] = []
const applications: App2AppApplication[] = []
afterEach(() => {
  for (const companion of companions.splice(0)) companion.stop()
  for (const application of applications.splice(0)) application.stop()
})

async function relay() {
  const app = makeApp()
  await app.register(app2appPlugin, { prefix: '/app2app' })
  const url = await listen(app)
  return { app, url, app2appUrl: `${url}/app2app/remote/`, localUrl: `${url}/app2app/local/` }
}

function application(...args: ConstructorParameters<typeof App2AppApplication>): App2AppApplication {
  const made = new App2AppApplication(...args)
  applications.push(made)
  return made
}

function companionOf(target: string | CompanionTarget, options: CompanionOptions = {}) {
  const companion = new Companion(target, { cii: QUICK, ts: QUICK, ...options })
  companions.push(companion)
  const routes: CompanionEvents['route'][] = []
  companion.on('route', (route) => routes.push(route))
  companion.start()
  return { companion, routes }
}

const isAvailable = async (companion: Companion) => {
  if (companion.unavailable !== undefined) await companion.next('available')
}

function expectInStep(companion: Companion, television: { readonly seconds: number }): void {
  const before = television.seconds
  const position = companion.position()
  const after = television.seconds
  expect(position?.available).toBe(true)
  const { seconds = Number.NaN, errorSeconds = Number.NaN } = position ?? {}
  // A tick of the timeline is 11 µs.
  expect(seconds).toBeGreaterThanOrEqual(before - errorSeconds - 0.000_02)
  expect(seconds).toBeLessThanOrEqual(after + errorSeconds + 0.000_02)
  expect(errorSeconds).toBeGreaterThanOrEqual(0.001)
}

describe('a companion over App2App', () => {
  it('follows an application on the television within its error bound', async () => {
    const { app2appUrl, localUrl, app } = await relay()
    const television = application(localUrl)
    const { companion, routes } = companionOf({ app2appUrl })
    await isAvailable(companion)
    expectInStep(companion, television)
    expect(companion.cii.state.contentId).toBe('https://example.com/a.mpd')
    expect(routes).toEqual([{ route: 'app2app', url: `${app2appUrl}hbbtv-sync-cii`, reason: undefined }])
    expect(television.setups[0]).toMatchObject({ contentIdStem: '', timelineSelector: PTS })
    television.pause()
    await companion.next('timing')
    await until(() => companion.position()?.speed === 0)
    expectInStep(companion, television)
    expect(app.app2app.remote.statistics.dropped.unpaired).toBe(0)
  })

  it('follows an application with the deviations seen in the field within its error bound, and reports them', async () => {
    const { app2appUrl, localUrl } = await relay()
    const television = application(localUrl, { isOdd: true, offsetMillis: Date.now(), resolutionMillis: 0.1 })
    const { companion } = companionOf({ app2appUrl })
    await isAvailable(companion)
    for (let look = 0; look < 5; look++) {
      expectInStep(companion, television)
      television.pause()
      await until(() => companion.position()?.speed === 0)
      expectInStep(companion, television)
      television.play()
      await until(() => companion.position()?.speed === 1)
    }
    const { cii, ts } = companion.forgiven
    expect(Object.keys(cii).sort()).toEqual(['list-for-string', 'object-for-list', 'unknown-word'])
    expect(ts['number-for-string']).toBeGreaterThan(0)
  })

  it('uses the prefix of its channels, and base URLs without a slash at the end or with a query', async () => {
    const { app2appUrl, localUrl } = await relay()
    application(localUrl, { prefix: 'dvbcss' })
    const target = { app2appUrl: `${app2appUrl.slice(0, -1)}?token=1`, channelPrefix: 'dvbcss' }
    const { companion } = companionOf(target)
    await isAvailable(companion)
    expect(companion.ts?.url).toBe(`${app2appUrl}dvbcss-ts?token=1`)
  })

  it('waits for the application and reports that', async () => {
    const { app2appUrl, localUrl } = await relay()
    const { companion } = companionOf({ app2appUrl }, { cii: { ...QUICK, handshakeTimeoutSeconds: 0.2 } })
    const { source, failure } = await companion.next('connectFailed')
    expect({ source, kind: failure.kind }).toEqual({ source: 'cii', kind: 'not-paired' })
    expect(failure.message).toMatch(/no application on the television has joined ws:.*hbbtv-sync-cii within 0.2 s/)
    application(localUrl)
    await isAvailable(companion)
  })

  it('continues after a restart of the application', async () => {
    const { app2appUrl, localUrl } = await relay()
    const first = application(localUrl)
    const { companion } = companionOf({ app2appUrl }, { ts: { ...QUICK, holdSeconds: 0 } })
    await isAvailable(companion)
    first.stop()
    await companion.next('unavailable')
    const second = application(localUrl, { offsetMillis: 5e11 })
    await isAvailable(companion)
    await until(() => companion.cii.connected && companion.ts?.connected === true)
    expectInStep(companion, second)
  })

  it('serves several companions at once', async () => {
    const { app2appUrl, localUrl } = await relay()
    const television = application(localUrl)
    const { companion: one } = companionOf({ app2appUrl })
    const { companion: other } = companionOf({ app2appUrl })
    await Promise.all([isAvailable(one), isAvailable(other)])
    expectInStep(one, television)
    expectInStep(other, television)
    expect(television.count('ts')).toBe(2)
  })

  it('sends wall clock requests that both JSON formats understand', async () => {
    const { app2appUrl, localUrl } = await relay()
    const television = application(localUrl)
    companionOf({ app2appUrl })
    await until(() => television.requests.length > 0)
    const [request] = television.requests
    expect(request).toEqual({
      v: 0,
      t: 0,
      p: expect.any(Number),
      mfe: expect.any(Number),
      otvs: expect.any(Number),
      otvn: expect.any(Number),
      rt: 0,
      tt: 0,
      id: expect.any(Number),
      ot: request?.id,
    })
    expect(Number.isSafeInteger(request?.id)).toBe(true)
  })

  it.each([
    [
      'id alone, with another ot and fractions',
      ({ id }, nanos) => ({ v: 0, t: 1, id, ot: 1, rt: nanos + 0.5, tt: nanos }),
    ],
    ['ot alone, as text', ({ ot }, nanos) => ({ t: 1, ot: String(ot), rt: String(nanos), tt: String(nanos) })],
    ['one time alone', ({ id }, nanos) => ({ v: 1, id, tt: nanos })],
    ['precision 0', ({ id }, nanos) => ({ v: 0, t: 1, p: 0, mfe: 0, id, rt: nanos, tt: nanos })],
    ['precision null', ({ id }, nanos) => ({ v: 0, t: 1, p: null, mfe: '500', id, rt: nanos, tt: nanos })],
    [
      'the format of CSS-WC in JSON',
      ({ otvs, otvn }, nanos) => ({ v: 0, t: 1, p: 0.002, mfe: 500, otvs, otvn, rt: nanos / 1e9, tt: nanos / 1e9 }),
    ],
  ] as [string, (request: Record<string, unknown>, nanos: number) => Record<string, unknown>][])(
    'understands answers with %s, within the bound',
    async (_name, answer) => {
      const { app2appUrl, localUrl } = await relay()
      const television = application(localUrl, { answer })
      const { companion } = companionOf({ app2appUrl })
      await isAvailable(companion)
      for (let look = 0; look < 5; look++) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        expectInStep(companion, television)
      }
    },
  )

  it('keeps its error bound if the clock of the application has a resolution of milliseconds', async () => {
    const { app2appUrl, localUrl } = await relay()
    const television = application(localUrl, { resolutionMillis: 1 })
    const { companion } = companionOf({ app2appUrl })
    await isAvailable(companion)
    for (let look = 0; look < 20; look++) {
      television.pause()
      await until(() => companion.position()?.speed === 0)
      expectInStep(companion, television)
      television.play()
      await until(() => companion.position()?.speed === 1)
      expectInStep(companion, television)
    }
  })

  it.each([
    ['rubbish', () => ({ nonsense: true })],
    ['times that are not numbers', ({ id }) => ({ v: 0, t: 1, id, rt: 'soon', tt: null })],
    ['negative times', ({ id }) => ({ v: 0, t: 1, id, rt: -1, tt: -1 })],
    ['times too large', ({ id }) => ({ v: 0, t: 1, id, rt: 1e300, tt: 1e300 })],
    ['its own requests', ({ id, ...rest }) => ({ id, ...rest, otvs: undefined, t: 0 })],
  ] as [string, (request: Record<string, unknown>) => Record<string, unknown>][])(
    'has no position where the wall clock answers with %s, and reports it',
    async (_name, answer) => {
      const { app2appUrl, localUrl } = await relay()
      application(localUrl, { answer })
      const { companion } = companionOf({ app2appUrl })
      const { source, reason } = await companion.next('protocolError')
      expect(source).toBe('wc')
      expect(reason).toMatch(/^(missing|wrong-type|invalid-value)$/)
      expect(companion.position()?.available ?? false).toBe(false)
    },
  )

  it('ignores answers to requests that are not its own', async () => {
    const { app2appUrl, localUrl } = await relay()
    application(localUrl, { answer: (_request, nanos) => ({ v: 0, t: 1, id: 7, ot: 7, rt: nanos, tt: nanos }) })
    const { companion } = companionOf({ app2appUrl })
    await until(() => (companion.wallClock?.status().ignored.stranger ?? 0) > 0)
    expect(companion.wallClock?.clock.available).toBe(false)
  })
})

describe('a companion of a television with CSS-CII and App2App', () => {
  /** A television that serves CSS natively at `/cii`, if it is to. */
  async function both({ native }: { native: 'whole' | 'without wall clock' | 'silent' | 'absent' }) {
    const app = makeApp()
    await app.register(app2appPlugin, { prefix: '/app2app' })
    if (native === 'whole') await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    if (native !== 'absent' && native !== 'silent') {
      await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1.2.3' })
      const timelines = [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }]
      const cii = { contentId: 'dvb://1.2.3', contentIdStatus: 'final', timelines } as const
      await app.register(ciiPlugin, { prefix: '/cii', cii })
    }
    // A WebSocket that nobody answers.
    if (native === 'silent') app.get('/cii', { websocket: true }, () => {})
    if (native === 'whole') {
      const correlation = new Correlation({ parentTicks: app.wallClock.now(), childTicks: 0 })
      const clock = new CorrelatedClock(app.wallClock, { tickRate: 90_000, correlation })
      app.ts.attachTimelineSource(new ClockTimelineSource(PTS, app.wallClock, clock))
    }
    const url = await listen(app)
    const television = application(`${url}/app2app/local/`)
    return { app, television, ciiUrl: `${url}/cii`, app2appUrl: `${url}/app2app/remote/` }
  }

  it('follows it natively if that works', async () => {
    const { ciiUrl, app2appUrl, app } = await both({ native: 'whole' })
    const { companion, routes } = companionOf({ ciiUrl, app2appUrl })
    await isAvailable(companion)
    expect(routes).toEqual([{ route: 'native', url: ciiUrl, reason: undefined }])
    expect(companion.route).toBe('native')
    expect(companion.cii.state.contentId).toBe('dvb://1.2.3')
    expect(app.app2app.remote.statistics.connected).toBe(0)
  })

  it('follows it over App2App if CSS-CII cannot be reached, and reports why', async () => {
    const { ciiUrl, app2appUrl, television } = await both({ native: 'absent' })
    const { companion, routes } = companionOf({ ciiUrl, app2appUrl })
    await isAvailable(companion)
    expectInStep(companion, television)
    expect(routes).toEqual([{ route: 'app2app', url: `${app2appUrl}hbbtv-sync-cii`, reason: expect.any(String) }])
    expect(routes[0]?.reason).toContain('404')
  })

  it('follows it over App2App if CSS-CII sends nothing', async () => {
    const { ciiUrl, app2appUrl, television } = await both({ native: 'silent' })
    const { companion, routes } = companionOf({ ciiUrl, app2appUrl })
    await isAvailable(companion)
    expectInStep(companion, television)
    expect(routes.map(({ route, reason }) => [route, reason])).toEqual([['app2app', 'no CII within 5 s']])
  })

  it('follows it over App2App if its native wall clock is unusable', async () => {
    const { ciiUrl, app2appUrl, television } = await both({ native: 'without wall clock' })
    const { companion, routes } = companionOf({ ciiUrl, app2appUrl })
    await isAvailable(companion)
    expectInStep(companion, television)
    expect(routes.map(({ route }) => route)).toEqual(['native', 'app2app'])
    expect(routes[1]?.reason).toContain('no wcUrl')
    expect(companion.cii.state.contentId).toBe('https://example.com/a.mpd')
  })

  it('follows it over App2App on a platform without UDP', async () => {
    const { ciiUrl, app2appUrl, television } = await both({ native: 'whole' })
    const platform = { openSocket: nodePlatform.openSocket }
    const { companion, routes } = companionOf({ ciiUrl, app2appUrl }, { platform })
    await isAvailable(companion)
    expectInStep(companion, television)
    expect(routes.map(({ route }) => route)).toEqual(['native', 'app2app'])
  })

  it('returns to whichever route works', async () => {
    const { ciiUrl, app2appUrl, television, app } = await both({ native: 'whole' })
    app.cii.enabled = false
    const { companion, routes } = companionOf({ ciiUrl, app2appUrl })
    await isAvailable(companion)
    app.cii.enabled = true
    television.stop()
    await until(() => routes.length === 2)
    await isAvailable(companion)
    expect(routes.map(({ route }) => route)).toEqual(['app2app', 'native'])
    expect(companion.cii.state.contentId).toBe('dvb://1.2.3')
  })

  it('keeps trying both in turn, with pauses', async () => {
    const app = makeApp()
    const url = await listen(app)
    const target = { ciiUrl: `${url}/cii`, app2appUrl: `${url}/app2app` }
    const { companion, routes } = companionOf(target, { cii: { backoff: { initialSeconds: 0.1, maxSeconds: 0.1 } } })
    const tried: [string, boolean][] = []
    companion.on('connectFailed', ({ url: each, retryInSeconds }) => tried.push([each, retryInSeconds === 0]))
    await until(() => tried.length === 4)
    const [cii, channel] = [target.ciiUrl, `${target.app2appUrl}/hbbtv-sync-cii`]
    expect(tried).toEqual([
      [cii, true],
      [channel, false],
      [cii, true],
      [channel, false],
    ])
    expect(routes).toEqual([])
    companion.stop()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(tried).toHaveLength(4)
  })

  it('requires at least one of the two URLs, and rejects invalid ones', () => {
    expect(() => new Companion({})).toThrow('"ciiUrl" is required, unless there is an app2appUrl')
    expect(() => new Companion({ app2appUrl: 'http://tv/' })).toThrow('"app2appUrl" must be')
    expect(() => new Companion({ app2appUrl: 'ws://tv/', channelPrefix: '' })).toThrow('"channelPrefix" must be')
    expect(() => new Companion(undefined as never)).toThrow('"ciiUrl" must be')
  })
})

describe('a companion with the URL of an App2App channel as its CSS-CII URL', () => {
  it('follows it, and repeats the requests that were lost before the pairing', async () => {
    const { app2appUrl, localUrl } = await relay()
    const cii = { wcUrl: `${app2appUrl}hbbtv-sync-wc`, tsUrl: `${app2appUrl}hbbtv-sync-ts` }
    const { companion, routes } = companionOf(`${app2appUrl}hbbtv-sync-cii`)
    await companion.next('connected')
    const television = application(localUrl, { cii })
    await isAvailable(companion)
    expect(routes.map(({ route }) => route)).toEqual(['native'])
    expect(television.setups[0]).toMatchObject({ timelineSelector: PTS })
    expect(television.requests[0]).toMatchObject({ t: 0, id: expect.any(Number) })
    expect(companion.forgiven.cii['pairing-completed']).toBe(1)
    const { seconds = Number.NaN, errorSeconds = Number.NaN } = companion.position() ?? {}
    expect(Math.abs(seconds - television.seconds)).toBeLessThan(errorSeconds + 0.1)
  })
})
