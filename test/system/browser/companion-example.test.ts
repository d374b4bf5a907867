import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { RunningExample, stopExamplesAfterEach } from '../../helpers/running-example.js'
import { servePage } from './page-server.js'
import { sineWav } from './sine-wav.js'

const TEST_TIMEOUT_MILLIS = 120_000
const PATIENCE = { timeout: 30_000 }

describe.runIf(has('chromium'))('the page of the example', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let browser: Browser

  stopExamplesAfterEach()
  beforeAll(async () => {
    browser = await launchChromium(['--autoplay-policy=no-user-gesture-required'])
  }, TEST_TIMEOUT_MILLIS)
  afterAll(() => browser?.close())

  it('shows what is on and where, and goes along with what is typed', async () => {
    const example = new RunningExample('browser-companion', { WC_PORT: '0' })
    const { tab, errors } = await open(await example.url())
    await expectText(tab, '#content', 'dvb://233a.1004.1044 (okay)')
    await expectText(tab, '#state', 'playing')
    await expectText(tab, '#timeline', 'urn:dvb:css:timeline:pts')
    await expectText(tab, '#error', /^\d+\.\d ms$/)
    example.type('pause')
    await expectText(tab, '#state', 'paused')
    example.type('seek 3723.004')
    await expectText(tab, '#position', '1:02:03.004')
    example.type('seek -1.5')
    await expectText(tab, '#position', '−0:00:01.500')
    example.type('speed 2')
    await expectText(tab, '#state', 'playing at speed 2')
    await expectText(tab, '#position', /^0:0\d:\d\d\.\d{3}$/)
    example.type('content dvb://1.2.4')
    await expectText(tab, '#content', 'dvb://1.2.4 (okay)')
    expect(await tab.locator('main.lost').count()).toBe(0)
    expect(await example.stop()).toBe(0)
    await expectText(tab, '#state', /^no connection to ws:/)
    expect(await tab.locator('main.lost').count()).toBe(1)
    expect(errors).toEqual([])
    expect(example.stderr).toBe('')
    await tab.close()
  })

  it('keeps a sound in step', async () => {
    const media = await servePage({ '/sine.wav': { type: 'audio/wav', body: sineWav(60) } })
    try {
      const example = new RunningExample('browser-companion', { WC_PORT: '0' })
      const { tab, errors } = await open(`${await example.url()}/?media=${encodeURIComponent(`${media.url}/sine.wav`)}`)
      await expectText(tab, '#media', /^locked, -?\d+ ms apart$/)
      example.type('pause')
      example.type('seek 20')
      await expectText(tab, '#media', 'paused, 0 ms apart')
      expect(errors).toEqual([])
      await tab.close()
    } finally {
      await media.close()
    }
  })

  async function open(url: string): Promise<{ tab: Page; errors: Error[] }> {
    const tab = await browser.newPage()
    const errors: Error[] = []
    tab.on('pageerror', (error) => errors.push(error))
    await tab.goto(url)
    return { tab, errors }
  }
})

async function expectText(tab: Page, selector: string, text: string | RegExp): Promise<void> {
  const matches = typeof text === 'string' ? (found: string) => found === text : (found: string) => text.test(found)
  let found = ''
  await expect
    .poll(async () => {
      found = (await tab.textContent(selector)) ?? ''
      return matches(found) ? text : found
    }, PATIENCE)
    .toBe(text)
}
