import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { type TelevisionPluginOptions, televisionPlugin } from '../../../plugins/television.js'
import { Companion } from '../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { until } from '../../helpers/until.js'

const TEST_TIMEOUT_MILLIS = 120_000
const PATIENCE = { timeout: 40_000 }
/** A hand-over from within 35 ms, and what a busy machine adds. */
const JUMP_SECONDS = 0.1
const CLIP = fileURLToPath(new URL('../../../media/test-clip.mp4', import.meta.url))
const PTS = 'urn:dvb:css:timeline:pts'

/** Runs in the page: as a browser that forbids sound, or all playback, before the first click. */
function forbid(all: boolean): void {
  let isAllowed = false
  document.addEventListener(
    'click',
    () => {
      isAllowed = true
    },
    true,
  )
  const { play } = HTMLMediaElement.prototype
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    if (isAllowed || (this.muted && !all)) return play.call(this)
    return Promise.reject(new DOMException('no gesture yet', 'NotAllowedError'))
  }
}

closeAppsAfterEach()

describe.runIf(has('chromium'))('who watches the picture', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let browser: Browser
  let app: FastifyInstance
  let url: string
  const tabs: Page[] = []

  beforeAll(async () => {
    browser = await launchChromium(['--autoplay-policy=no-user-gesture-required'])
  }, TEST_TIMEOUT_MILLIS)
  afterAll(() => browser?.close())
  afterEach(async () => {
    await Promise.all(tabs.splice(0).map((tab) => tab.close()))
  })

  async function start(options: TelevisionPluginOptions = {}): Promise<void> {
    app = makeApp({ forceCloseConnections: true })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { friendlyName: 'Lab', ...options })
    url = (await listen(app)).replace('ws:', 'http:')
  }

  async function open({ path = '/tv', forbidding }: { path?: string; forbidding?: 'sound' | 'all' } = {}) {
    const tab = await browser.newPage()
    tabs.push(tab)
    if (forbidding !== undefined) await tab.addInitScript(forbid, forbidding === 'all')
    await tab.goto(`${url}${path}`)
    return tab
  }

  const drives = (tab: Page) => tab.getByText('this page drives').waitFor(PATIENCE)
  const media = (tab: Page) =>
    tab.evaluate(() => {
      const { currentTime = Number.NaN, paused = true, muted = true } = document.querySelector('video') ?? {}
      return { currentTime, paused, muted }
    })

  it('sees it without sound where sound needs a click, and hears it after that', async () => {
    await start()
    const tab = await open({ forbidding: 'sound' })
    await drives(tab)
    expect(await media(tab)).toMatchObject({ paused: false, muted: true })
    expect(await tab.getByText('browsers pause a hidden tab').count()).toBe(1)
    await tab.getByRole('button', { name: 'Sound on' }).click()
    await expect.poll(() => media(tab), PATIENCE).toMatchObject({ paused: false, muted: false })
    expect(await tab.getByRole('button', { name: 'Sound on' }).count()).toBe(0)
    expect(app.television.playback.speed).toBe(1)
  })

  it.each(['/tv', '/tv?clean'])('is asked for a click at %s where even a silent picture needs one', async (path) => {
    await start()
    const tab = await open({ path, forbidding: 'all' })
    const button = tab.locator('.notices').getByRole('button', { name: 'Play' })
    await button.waitFor(PATIENCE)
    // The television goes on without this page.
    expect(app.television.playback.isDriven).toBe(false)
    expect(app.television.playback.speed).toBe(1)
    await button.click()
    await until(() => app.television.playback.isDriven)
    expect(await media(tab)).toMatchObject({ paused: false, muted: false })
    expect(await button.count()).toBe(0)
  })

  it('need not wait until the picture is in step', async () => {
    await start()
    const tab = await open()
    await expect
      .poll(() => tab.evaluate(() => document.querySelector('video')?.readyState ?? 0), PATIENCE)
      .toBeGreaterThan(0)
    await tab.getByRole('slider', { name: 'Position' }).press('Home')
    await tab.keyboard.press('ArrowRight')
    await tab.keyboard.press('ArrowRight')
    await drives(tab)
    await until(() => app.television.playback.isDriven)
    await expect.poll(async () => (await media(tab)).currentTime, PATIENCE).toBeGreaterThan(9)
  })

  it('is told that browsers are not as fast as the television', async () => {
    await start()
    const tab = await open()
    await drives(tab)
    await until(() => app.television.playback.isDriven)
    app.television.execute({ name: 'speed', speed: 8 })
    await until(() => app.television.playback.speed === 4)
    await tab.getByText('at most at 4 times normal speed').waitFor(PATIENCE)
    await tab.getByText('at most at 4 times normal speed').waitFor({ ...PATIENCE, state: 'detached' })
  })

  it('sees each programme from its beginning, also the same once more', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dvbcss-media-'))
    try {
      for (const name of ['first', 'second']) await copyFile(CLIP, join(folder, `${name}.mp4`))
      await start({ media: folder })
      const tab = await open()
      await drives(tab)
      await until(() => app.television.playback.positionSeconds > 4)
      for (const id of ['second', 'first', 'first']) {
        const before = app.television.playback.positionSeconds
        app.television.execute({ name: 'programme', programme: id })
        await tab.getByText('Switching').waitFor(PATIENCE)
        await until(() => app.television.playback.positionSeconds < before - 2)
        await tab.getByText('Switching').waitFor({ ...PATIENCE, state: 'detached' })
        await until(() => app.television.playback.isDriven && app.television.playback.positionSeconds > 4)
        const { currentTime } = await media(tab)
        expect(Math.abs(app.television.playback.positionSeconds - currentTime)).toBeLessThan(0.3)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('has a companion that notices no jump when the page takes over, and none when it is closed', async () => {
    await start()
    app.television.playback.seek(5)
    const companion = new Companion(`${url.replace('http:', 'ws:')}/cii`, { timelineSelector: PTS })
    companion.start()
    try {
      await until(() => companion.position()?.available === true)
      // Where the timeline would have been at a time of the wall clock that never changes, if nothing had been changed.
      const origin = () => {
        const position = companion.position()
        return position === undefined ? Number.NaN : position.seconds - Number(position.wallClockNanos) / 1e9
      }
      const before = origin()
      const tab = await open()
      await drives(tab)
      await until(() => app.television.playback.isDriven)
      await until(() => app.television.playback.positionSeconds > 12)
      const driven = origin()
      expect(Math.abs(driven - before)).toBeLessThan(JUMP_SECONDS)
      await tab.close()
      await until(() => !app.television.playback.isDriven)
      await until(() => app.television.playback.positionSeconds > 15)
      expect(Math.abs(origin() - driven)).toBeLessThan(JUMP_SECONDS)
    } finally {
      companion.stop()
    }
  })
})
