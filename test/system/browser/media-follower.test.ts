import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { bundleForBrowser } from './bundle.js'
import type { Measured, MediaPage } from './media-page.js'
import { servePage } from './page-server.js'
import { sineWav } from './sine-wav.js'

declare const page: MediaPage

const MEDIA_SECONDS = 60
/** The follower's own, as it is by default. */
const TOLERANCE = 0.025
/** On a busy machine the sound itself breaks off now and then, and the follower has to begin again. */
const ATTEMPTS = 20
const TEST_TIMEOUT_MILLIS = 120_000
/**
 * Where sound breaks off too often, the follower stops using the means that did not help, for minutes, and is limited: a
 * new one in a new page has all of them again.
 */
const RETRIES = 2

const HTML = '<!doctype html><audio src="/sine.wav" preload="auto"></audio><script src="/page.js"></script>'

const options = { timeout: TEST_TIMEOUT_MILLIS, retry: RETRIES }

describe.runIf(has('chromium'))('a media follower in Chromium', options, () => {
  let server: Awaited<ReturnType<typeof servePage>>
  let browser: Browser
  let tab: Page

  beforeAll(async () => {
    server = await servePage({
      '/': { type: 'text/html', body: HTML },
      '/page.js': { type: 'text/javascript', body: await bundleForBrowser('media-page.ts') },
      '/sine.wav': { type: 'audio/wav', body: sineWav(MEDIA_SECONDS) },
    })
    browser = await launchChromium(['--autoplay-policy=no-user-gesture-required'])
  }, TEST_TIMEOUT_MILLIS)

  beforeEach(async () => {
    tab = await browser.newPage()
    await tab.goto(server.url)
    await tab.evaluate(() => {
      page.jumpTo(10, 1)
      page.start()
    })
  }, TEST_TIMEOUT_MILLIS)

  afterEach(async () => {
    await tab?.close()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('locks an audio element to a timeline, and leaves its rate alone', async () => {
    await lockedSecond(tab)
    await tab.evaluate(() => page.jumpTo(10, 1))
    const { rates, granularity } = await lockedSecond(tab)
    expect(rates).toEqual([1])
    expect(granularity).toBeGreaterThan(0)
  })

  it('follows a seek of the timeline with one or two of its own', async () => {
    await lockedSecond(tab)
    const before = (await tab.evaluate(() => page.status())).seeks
    await tab.evaluate(() => page.jumpTo(30, 1))
    await lockedSecond(tab)
    const { seeks, seekLeadSeconds } = await tab.evaluate(() => page.status())
    expect(seeks).toBeGreaterThan(before)
    expect(seekLeadSeconds).toBeGreaterThan(0)
    expect(await tab.evaluate(() => page.media.currentTime)).toBeGreaterThan(30)
  })

  it('corrects a small error by bending the rate, or by other means where the player bends badly', async () => {
    await tab.evaluate(() => page.jumpTo(10, 1))
    await lockedSecond(tab)
    const { holds, seeks } = await tab.evaluate(() => page.status())
    await tab.evaluate(() => page.jumpTo(page.timelineSeconds() + 0.15, 1))
    const { rates } = await tab.evaluate(() => page.measure(1))
    expect(Math.max(...rates)).toBeLessThanOrEqual(1.04)
    // It ends with the rate of the timeline.
    expect((await lockedSecond(tab)).rates).toEqual([1])
    const after = await tab.evaluate(() => page.status())
    // Which means Chromium obeys depends on how busy the machine is.
    const bent = Math.max(...rates) > 1
    expect(bent || after.holds + after.seeks > holds + seeks).toBe(true)
  })

  it('plays at twice the speed with a timeline that does', async () => {
    await tab.evaluate(() => page.jumpTo(5, 2))
    const { rates } = await lockedSecond(tab, 2)
    expect(rates).toEqual([2])
  })

  it('stands still at the position at which the timeline stands, and goes on with it', async () => {
    await tab.evaluate(() => page.jumpTo(20, 0))
    await expect.poll(() => tab.evaluate(() => page.media.currentTime), { timeout: 10_000 }).toBe(20)
    const { errors, states } = await tab.evaluate(() => page.measure(0.5))
    expect(states).toEqual(['paused'])
    expect(new Set(errors)).toEqual(new Set([0]))
    expect(await tab.evaluate(() => page.media.paused)).toBe(true)
    await tab.evaluate(() => page.jumpTo(20, 1))
    await lockedSecond(tab)
  })

  it('stays at the end when the timeline goes past it, and comes back with it', async () => {
    await tab.evaluate((seconds) => page.jumpTo(seconds - 2, 1), MEDIA_SECONDS)
    await expect.poll(() => tab.evaluate(() => page.status().state), { timeout: 20_000 }).toBe('outside')
    const atEnd = expect.poll(() => tab.evaluate(() => page.media.currentTime), { timeout: 20_000 })
    await atEnd.toBeGreaterThan(MEDIA_SECONDS - 0.5)
    await tab.evaluate(() => page.jumpTo(10, 1))
    await lockedSecond(tab)
  })

  it('is refused before a gesture of the user, and plays after it', async () => {
    const strict = await launchChromium(['--autoplay-policy=user-gesture-required'])
    try {
      const other = await strict.newPage()
      await other.goto(`${server.url}/#start`)
      await expect.poll(() => other.evaluate(() => page.status().state), { timeout: 10_000 }).toBe('blocked')
      await other.evaluate(() => page.measure(1.5))
      expect(await other.evaluate(() => page.blocked())).toEqual(['NotAllowedError'])
      await other.mouse.click(10, 10)
      await lockedSecond(other)
    } finally {
      await strict.close()
    }
  })
})

/** A second in which the media was locked throughout, within the tolerance and as near as its position can be read. */
async function lockedSecond(tab: Page, speed = 1): Promise<Measured> {
  const seen: string[] = []
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const measured = await tab.evaluate(() => page.measure(1))
    const { errors, states, rates, granularity } = measured
    const error = median(errors)
    const isLocked = states.length === 1 && states[0] === 'locked' && rates.length === 1 && rates[0] === speed
    if (isLocked && Math.abs(error) < TOLERANCE * speed + granularity / 2) return measured
    seen.push(`${states.join(' ')} at ${rates.join(' ')}, ${(error * 1000).toFixed(1)} ms`)
  }
  throw new Error(`never locked for a second:\n${seen.join('\n')}`)
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
