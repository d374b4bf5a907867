import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { bundleForBrowser } from './bundle.js'
import { servePage } from './page-server.js'
import type { WebAudioPage } from './web-audio-page.js'

declare const page: WebAudioPage

const TEST_TIMEOUT_MILLIS = 120_000
const PATIENCE = { timeout: 60_000 }
/** Its goal is 2 ms, which the bench measures. A busy machine interrupts the sound now and then. */
const NEAR_SECONDS = 0.02
/** Half a sample, and what a float of the ramp cannot hold. */
const EXACTLY_SECONDS = 0.0001

/** In the audio thread: the first sample of each block that is rendered, with its time. */
const PROBE = `registerProcessor('probe', class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0] !== undefined) this.port.postMessage({ at: currentTime, sample: input[0][0] })
    return true
  }
})`

const HTML = '<!doctype html><script src="/page.js"></script>'

describe.runIf(has('chromium'))('a Web Audio player in Chromium', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let server: Awaited<ReturnType<typeof servePage>>
  const browsers: Browser[] = []
  let tab: Page

  beforeAll(async () => {
    server = await servePage({
      '/': { type: 'text/html', body: HTML },
      '/probe.js': { type: 'text/javascript', body: PROBE },
      '/page.js': { type: 'text/javascript', body: await bundleForBrowser('web-audio-page.ts') },
    })
  }, TEST_TIMEOUT_MILLIS)
  afterEach(() => Promise.all(browsers.splice(0).map((browser) => browser.close())))
  afterAll(() => server?.close())

  async function open(...flags: string[]): Promise<void> {
    const browser = await launchChromium(flags)
    browsers.push(browser)
    tab = await browser.newPage()
    await tab.goto(server.url)
  }

  const locked = () => expect.poll(() => tab.evaluate(() => page.state()), PATIENCE).toBe('locked')
  const median = (values: number[]) => values.map(Math.abs).sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

  it('is where the timeline is, and plays what it says: after a start, a seek and a change of speed', async () => {
    await open('--autoplay-policy=no-user-gesture-required')
    await tab.evaluate(() => page.jumpTo(10, 1))
    await tab.evaluate(() => page.start())
    for (const [seconds, speed] of [
      [10, 1],
      [35, 1],
      [20, 1.5],
    ] as const) {
      await tab.evaluate(([to, at]) => page.jumpTo(to, at), [seconds, speed] as const)
      await locked()
      const { errors, differences } = await tab.evaluate(() => page.measure(2))
      expect(median(errors)).toBeLessThan(NEAR_SECONDS)
      expect(differences.length).toBeGreaterThan(50)
      expect(median(differences)).toBeLessThan(EXACTLY_SECONDS)
    }
  })

  it('pauses with the timeline, at its position', async () => {
    await open('--autoplay-policy=no-user-gesture-required')
    await tab.evaluate(() => page.jumpTo(10, 1))
    await tab.evaluate(() => page.start())
    await locked()
    await tab.evaluate(() => page.jumpTo(15, 0))
    await expect.poll(() => tab.evaluate(() => page.state()), PATIENCE).toBe('paused')
    await expect.poll(async () => median((await tab.evaluate(() => page.measure(0.2))).errors), PATIENCE).toBe(0)
  })

  it('refuses to play as a media element does, while the browser wants a gesture', async () => {
    await open('--autoplay-policy=document-user-activation-required')
    expect(await tab.evaluate(() => page.refusal)).toBe('NotAllowedError')
  })
})
