import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { televisionPlugin } from '../../../plugins/television.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { type DashServer, serveDash } from '../../helpers/dash-server.js'
import { has } from '../../helpers/needs.js'

closeAppsAfterEach()

const TIMEOUT_MILLIS = 60_000

describe.runIf(has('chromium') && has('dashjs'))('a DASH stream', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium(['--autoplay-policy=no-user-gesture-required'])
  }, TIMEOUT_MILLIS)

  afterAll(async () => {
    await browser?.close()
  })

  let stream: DashServer
  let url: string

  /** A television that shows the stream. */
  async function start(): Promise<FastifyInstance> {
    stream = await serveDash()
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { mpd: stream.url })
    url = (await listen(app)).replace('ws:', 'http:')
    return app
  }

  afterEach(() => stream.close())

  it(
    'is played by the pages of the television, and its manifest is the content id',
    async () => {
      const app = await start()
      expect(app.cii.cii.contentId).toBe(stream.url)
      expect(app.television.programmes[0]).toMatchObject({ title: 'A stream', durationSeconds: 40, sources: [] })
      const picture = await browser.newPage()
      const companion = await browser.newPage()
      const complaints = [picture, companion].map(complaintsOf)
      await picture.goto(`${url}/tv`)
      await isPlaying(picture, 2)
      await companion.goto(`${url}/companion`)
      await companion.getByRole('button', { name: 'Follow' }).click()
      await isPlaying(companion, 2)
      for (const page of [picture, companion]) {
        const shown = await page.evaluate(() => {
          const video = document.querySelector('video')
          return { width: video?.videoWidth, duration: Math.round(video?.duration ?? 0) }
        })
        expect(shown).toEqual({ width: 320, duration: 40 })
      }
      expect([...stream.asked].sort()).toEqual(['/picture.webm', '/sound.webm', '/stream.mpd'])
      expect(complaints).toEqual([[], []])
    },
    TIMEOUT_MILLIS,
  )

  it(
    'that has gone is reported on the page',
    async () => {
      await start()
      await stream.close()
      const page = await browser.newPage()
      await page.goto(`${url}/tv`)
      const isReported = () => /cannot be played.*stream\.mpd is/s.test(document.body.textContent)
      await page.waitForFunction(isReported, undefined, { timeout: TIMEOUT_MILLIS / 2 })
    },
    TIMEOUT_MILLIS,
  )
})

/** Waits until the picture of the page has moved on by this much. */
async function isPlaying(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 3, undefined, {
    timeout: TIMEOUT_MILLIS / 2,
  })
  const start = await page.evaluate(() => document.querySelector('video')?.currentTime ?? 0)
  await page.waitForFunction(
    ([from, by]) => {
      const now = document.querySelector('video')?.currentTime ?? 0
      return now > from + by || now < from
    },
    [start, seconds] as const,
    { timeout: TIMEOUT_MILLIS / 2 },
  )
}

/** The errors that the page prints, among them violations of its policy. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return complaints
}
