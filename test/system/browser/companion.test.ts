import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { app2appPlugin, ciiPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { App2AppApplication } from '../../helpers/app2app-application.js'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { bundleForBrowser } from './bundle.js'
import type { CompanionPage } from './companion-page.js'
import { CompanionTab, type TimedReading } from './companion-tab.js'
import { type BrowserTelevision, PTS, startTelevision } from './companion-television.js'
import { servePage } from './page-server.js'

declare const page: CompanionPage

const TEST_TIMEOUT_MILLIS = 120_000
const MILLISECOND = 0.001
/** What an answer of the wall clock gives on loopback, with a clock that Chromium rounds to a tenth of a millisecond. */
const SURE_SECONDS = 0.75e-3
/** How far Chromium rounds the clock that a page reads, up or down. */
const ROUNDING_NANOS = 100_000

describe.runIf(has('chromium'))('a companion in Chromium', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let server: Awaited<ReturnType<typeof servePage>>
  let browser: Browser
  const tabs: CompanionTab[] = []

  beforeAll(async () => {
    server = await servePage({
      '/': { type: 'text/html', body: '<!doctype html><script src="/page.js"></script>' },
      '/page.js': { type: 'text/javascript', body: await bundleForBrowser('companion-page.ts') },
    })
    browser = await launchChromium()
  }, TEST_TIMEOUT_MILLIS)

  closeAppsAfterEach()
  afterEach(async () => {
    for (const { tab } of tabs.splice(0)) await tab.close()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  async function openTab() {
    const tab = await CompanionTab.open(browser, server.url)
    tabs.push(tab)
    return tab
  }

  it('follows over App2App a television whose wall clock is there over UDP alone', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(ciiPlugin, { prefix: '/cii', cii: { contentId: 'dvb://1.2.3', contentIdStatus: 'final' } })
    await app.register(app2appPlugin, { prefix: '/app2app' })
    const base = await listen(app)
    const application = new App2AppApplication(`${base}/app2app/local/`)
    try {
      const companion = await openTab()
      await companion.start({ ciiUrl: `${base}/cii`, app2appUrl: `${base}/app2app/remote/` })
      expect(await companion.take('route')).toMatchObject({ route: 'native' })
      expect(await companion.take('route')).toMatchObject({
        route: 'app2app',
        reason: expect.stringContaining('UDP is not available here'),
      })
      await companion.take('available')
      const before = application.seconds
      const { seconds, errorSeconds, available } = await companion.read()
      const after = application.seconds
      expect(available).toBe(true)
      expect(errorSeconds).toBeGreaterThan(0.001)
      expect(seconds).toBeGreaterThanOrEqual(before - errorSeconds)
      expect(seconds).toBeLessThanOrEqual(after + errorSeconds)
    } finally {
      application.stop()
    }
  })

  it('shows what is on, and what changes', async () => {
    const { app, base } = await startTelevision()
    const companion = await openTab()
    await companion.start(`${base}/cii`)
    await companion.take('change')
    const said = {
      protocolVersion: '1.1',
      contentId: 'dvb://1.2.3',
      contentIdStatus: 'partial',
      presentationStatus: ['okay'],
      wcUrl: `udp://127.0.0.1:${app.wallClockServer.address?.port}`,
      tsUrl: `${base}/ts`,
      timelines: [{ timelineSelector: PTS, timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 } }],
      private: [{ type: 'urn:x-fastify-dvbcss:wall-clock-websocket', wcUrl: `${base}/wc` }],
    }
    expect(await companion.tab.evaluate(() => page.state())).toEqual(said)
    app.cii.update({ contentId: 'dvb://1.2.3;4~x', contentIdStatus: 'final', presentationStatus: ['okay', 'muted'] })
    expect((await companion.take('change')).changes).toEqual(['contentId', 'contentIdStatus', 'presentationStatus'])
    expect(await companion.tab.evaluate(() => page.state())).toEqual({
      ...said,
      contentId: 'dvb://1.2.3;4~x',
      contentIdStatus: 'final',
      presentationStatus: ['okay', 'muted'],
    })
  })

  describe.each(['binary', 'json'] as const)('with the wall clock in %s', (encoding) => {
    it('asks over the WebSocket that CII names, and is no farther off than it says', async () => {
      const television = await startTelevision()
      const { app, base } = television
      const companion = await openTab()
      const sent: (string | Buffer)[] = []
      companion.tab.on('websocket', (socket) => {
        if (socket.url().endsWith('/wc')) socket.on('framesent', ({ payload }) => sent.push(payload))
      })
      await companion.start(`${base}/cii`, encoding)
      await companion.take('available')
      expect(await companion.tab.evaluate(() => page.wallClockUrl())).toBe(`${base}/wc`)
      expectWithinBound(await companion.read(), television)
      expectWithinBound(await companion.readWithin(SURE_SECONDS), television)
      expect(new Set(sent.map((payload) => typeof payload))).toEqual(
        new Set([encoding === 'json' ? 'string' : 'object']),
      )
      expect(app.wallClockServer.statistics.requests).toBe(0)
    })

    it('says where the content is to a millisecond: playing, paused, elsewhere, and at twice the speed', async () => {
      const television = await startTelevision()
      const companion = await openTab()
      await companion.start(`${television.base}/cii`, encoding)
      await companion.take('available')
      await companion.take('timing')
      await expectAgreement(companion, television, 1)
      for (const [speed, seconds] of [[0], [0, 3723.004], [1], [1, 30], [2], [2, 5400], [-1], [1]] as const) {
        television.move(speed, seconds)
        await companion.take('timing')
        await expectAgreement(companion, television, speed)
      }
    })

    it('has no position to rely on while the television has none', async () => {
      const television = await startTelevision()
      const companion = await openTab()
      await companion.start(`${television.base}/cii`, encoding)
      await companion.take('available')
      await expectAgreement(companion, television, 1)
      television.pts.available = false
      // There was none at the start either, for one reason after another.
      while (!(await companion.take('unavailable')).detail.endsWith(`currently has no ${PTS}`));
      expect((await companion.read()).available).toBe(false)
      television.move(1, 10)
      television.pts.available = true
      await companion.take('available')
      await expectAgreement(companion, television, 1)
    })
  })

  it('says that it could not connect though not why, and comes back with the television', async () => {
    const first = await startTelevision()
    const { port } = first
    const companion = await openTab()
    await first.app.close()
    await companion.start(`${first.base}/cii`)
    const refused = await companion.take('connectFailed')
    expect(refused).toMatchObject({ source: 'cii', url: `${first.base}/cii`, failure: { kind: 'unknown' } })
    expect(refused.retryInSeconds).toBeGreaterThan(0)
    const second = await startTelevision(port)
    await companion.take('available')
    await expectAgreement(companion, second, 1)
  })

  it('follows a television that was away, and came back with another wall clock', async () => {
    const first = await startTelevision()
    const companion = await openTab()
    await companion.start(`${first.base}/cii`)
    await companion.take('available')
    await first.app.close()
    const ended = [await companion.take('disconnected'), await companion.take('disconnected')]
    ended.push(await companion.take('disconnected'))
    expect(ended.map(({ source }) => source).sort()).toEqual(['cii', 'ts', 'wc'])
    for (const { reason } of ended) expect(reason).toMatch(/server going away/)
    // The position is kept while the television may be back in a moment.
    expect((await companion.read()).available).toBe(true)
    const failed = await companion.take('connectFailed')
    expect(failed.failure.kind).toBe('unknown')
    const second = await startTelevision(first.port, 1000)
    second.move(1, 60)
    await companion.take('available')
    // Never with the old clock, from which it would be a thousand seconds off.
    expect(isNear(await companion.read(), second)).toBe(true)
    await expectAgreement(companion, second, 1)
  })
})

/** The page's wall clock is the television's, within the bound that the page states. */
function expectWithinBound(reading: TimedReading, television: BrowserTelevision): void {
  const { wallClockNanos, machineNanos, beforeNanos, afterNanos, dispersionSeconds } = reading
  expect(dispersionSeconds).toBeGreaterThan(0)
  expect(dispersionSeconds).toBeLessThan(1)
  const bound = dispersionSeconds * 1e9
  expect(wallClockNanos).toBeGreaterThanOrEqual(television.wallClockAt(beforeNanos) - bound)
  expect(wallClockNanos).toBeLessThanOrEqual(television.wallClockAt(afterNanos) + bound)
  // What Chromium says of the page's clock is possible, and then it tells the same more sharply.
  expect(machineNanos).toBeGreaterThan(beforeNanos - ROUNDING_NANOS)
  expect(machineNanos).toBeLessThan(afterNanos + ROUNDING_NANOS)
  expect(Math.abs(wallClockNanos - television.wallClockAt(machineNanos))).toBeLessThanOrEqual(bound)
}

function isNear({ wallClockNanos, machineNanos }: TimedReading, television: BrowserTelevision): boolean {
  return Math.abs(wallClockNanos - television.wallClockAt(machineNanos)) < 1e9
}

async function expectAgreement(companion: CompanionTab, television: BrowserTelevision, speed: number): Promise<void> {
  const anyTime = await companion.read()
  const sure = await companion.readWithin(SURE_SECONDS)
  for (const reading of [anyTime, sure]) {
    const { available, seconds, errorSeconds, wallClockNanos, machineNanos } = reading
    expect([available, reading.speed]).toEqual([true, speed])
    expectWithinBound(reading, television)
    // At one time of the wall clock both are at one place, to the tick that the position was sent in.
    expect(Math.abs(seconds - television.secondsAt(wallClockNanos))).toBeLessThan(1.01 / 90_000)
    // And at one moment, however it is called, as near as the page says.
    const apart = Math.abs(seconds - television.secondsAt(television.wallClockAt(machineNanos)))
    expect(apart).toBeLessThanOrEqual(errorSeconds)
  }
  const { seconds, machineNanos } = sure
  const apart = Math.abs(seconds - television.secondsAt(television.wallClockAt(machineNanos)))
  expect(apart).toBeLessThan(MILLISECOND)
}
