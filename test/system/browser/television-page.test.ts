import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { type TelevisionPluginOptions, televisionPlugin } from '../../../plugins/television.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { until } from '../../helpers/until.js'

const TEST_TIMEOUT_MILLIS = 120_000
const PATIENCE = { timeout: 40_000 }
/** Far more than a hand-over takes, and far less than a jump. */
const JUMP_SECONDS = 0.3
const UNREACHABLE = /ERR_CONNECTION_REFUSED|WebSocket connection to .* failed/

closeAppsAfterEach()

describe.runIf(has('chromium'))('the page of the picture', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let browser: Browser
  let app: FastifyInstance
  let url: string
  let errors: string[]
  const tabs: Page[] = []

  beforeAll(async () => {
    browser = await launchChromium(['--autoplay-policy=no-user-gesture-required'])
  }, TEST_TIMEOUT_MILLIS)
  afterAll(() => browser?.close())
  afterEach(async () => {
    await Promise.all(tabs.splice(0).map((tab) => tab.close()))
  })

  async function start(options: TelevisionPluginOptions = {}, port = 0): Promise<void> {
    app = makeApp({ forceCloseConnections: true })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { friendlyName: 'Lab', ...options })
    url =
      port === 0
        ? (await listen(app)).replace('ws:', 'http:')
        : (await app.listen({ host: '127.0.0.1', port })).replace(/\/$/, '')
  }

  async function open(path = '/tv'): Promise<Page> {
    const tab = await browser.newPage()
    tabs.push(tab)
    errors = []
    tab.on('pageerror', (error) => errors.push(String(error)))
    tab.on('console', (message) => {
      if (message.type() === 'error' && !UNREACHABLE.test(message.text())) errors.push(message.text())
    })
    await tab.goto(`${url}${path}`)
    return tab
  }

  const drives = (tab: Page) => tab.getByText('this page drives').waitFor(PATIENCE)
  const mediaSeconds = (tab: Page) => tab.evaluate(() => document.querySelector('video')?.currentTime ?? Number.NaN)

  /** The position of the timeline less that of the element, at the same time. */
  async function difference(tab: Page): Promise<number> {
    const before = app.television.playback.positionSeconds
    const media = await mediaSeconds(tab)
    const after = app.television.playback.positionSeconds
    return (before + after) / 2 - media
  }

  it('drives the timeline: what the element does is what companions are told', async () => {
    await start()
    const tab = await open()
    await drives(tab)
    expect(app.television.state()).toMatchObject({ driver: 'page', speed: 1, programme: 'test-clip' })
    await expect.poll(async () => Math.abs(await difference(tab)), PATIENCE).toBeLessThan(0.05)
    await tab.getByRole('button', { name: 'Pause' }).click()
    await until(() => app.television.playback.speed === 0)
    await expect.poll(async () => Math.abs(await difference(tab)), PATIENCE).toBeLessThan(0.001)
    await tab.keyboard.press('Home')
    await until(() => Math.abs(app.television.playback.positionSeconds) < 0.001)
    await tab.keyboard.press('ArrowRight')
    await until(() => Math.abs(app.television.playback.positionSeconds - 5) < 0.001)
    await tab.getByLabel('Speed').selectOption('2')
    await tab.keyboard.press('Escape')
    await tab.getByRole('button', { name: 'Play' }).click()
    await until(() => app.television.playback.speed === 2)
    await expect.poll(async () => Math.abs(await difference(tab)), PATIENCE).toBeLessThan(0.1)
    expect(errors).toEqual([])
  })

  it('begins the programme again at its end, and the timeline with it', async () => {
    await start()
    const tab = await open()
    await drives(tab)
    await tab.evaluate(() => {
      const video = document.querySelector('video')
      if (video !== null) video.currentTime = video.duration - 1
    })
    await until(() => app.television.playback.positionSeconds > 38)
    await until(() => app.television.playback.positionSeconds < 5)
    await expect.poll(async () => Math.abs(await difference(tab)), PATIENCE).toBeLessThan(0.05)
    // The element may have stood still for a moment, on a busy machine.
    await until(() => app.television.playback.isDriven && app.television.playback.speed === 1)
  })

  it('takes over from the clock of the television and hands back to it without a jump', async () => {
    await start()
    app.television.playback.seek(12)
    const expected = () => startedAt + (performance.now() - since) / 1000
    const [startedAt, since] = [app.television.playback.positionSeconds, performance.now()]
    const tab = await open()
    await drives(tab)
    expect(Math.abs(app.television.playback.positionSeconds - expected())).toBeLessThan(JUMP_SECONDS)
    await tab.close()
    await until(() => !app.television.playback.isDriven)
    expect(Math.abs(app.television.playback.positionSeconds - expected())).toBeLessThan(JUMP_SECONDS)
    expect(app.television.playback.speed).toBe(1)
  })

  it('does what the remote control says', async () => {
    await start()
    const tab = await open()
    await drives(tab)
    expect(app.television.execute({ name: 'pause' })).toBeUndefined()
    await expect.poll(() => tab.evaluate(() => document.querySelector('video')?.paused), PATIENCE).toBe(true)
    app.television.execute({ name: 'seek', seconds: 30 })
    await expect.poll(() => mediaSeconds(tab), PATIENCE).toBeCloseTo(30, 3)
    await until(() => Math.abs(app.television.playback.positionSeconds - 30) < 0.001)
    app.television.execute({ name: 'speed', speed: 1.5 })
    await until(() => app.television.playback.speed === 1.5)
  })

  it('is one: a second one says so, shows the same in step, and drives when it is told to', async () => {
    await start()
    const first = await open()
    await drives(first)
    const second = await open()
    await second.getByText('Another page drives this television').waitFor(PATIENCE)
    await expect
      .poll(async () => Math.abs((await mediaSeconds(first)) - (await mediaSeconds(second))), PATIENCE)
      .toBeLessThan(0.1)
    await second.getByRole('button', { name: 'Drive from here' }).click()
    await drives(second)
    await first.getByText('Another page drives this television').waitFor(PATIENCE)
    await second.close()
    await drives(first)
  })

  it('plays on when the television is gone, and drives it again when it is back', async () => {
    await start()
    const tab = await open()
    await drives(tab)
    const { port } = new URL(url)
    await app.close()
    await tab.getByText('The television cannot be reached').waitFor(PATIENCE)
    const before = await mediaSeconds(tab)
    await expect.poll(() => mediaSeconds(tab), PATIENCE).not.toBe(before)
    await start({}, Number(port))
    await drives(tab)
    await until(() => app.television.playback.isDriven)
    await expect.poll(async () => Math.abs(await difference(tab)), PATIENCE).toBeLessThan(0.1)
    expect(errors).toEqual([])
  })

  it('says why there is no picture', async () => {
    const unplayable = { id: 'broken', title: 'Broken', contentId: 'dvb://1.2.3', alternatives: [] }
    await start({ programmes: [{ ...unplayable, sources: [{ url: 'pages/icon.svg', type: 'video/mp4' }] }] })
    const tab = await open()
    await tab.getByText('This programme cannot be played').waitFor(PATIENCE)
    app.television.setContent('dvb://4.5.6')
    await tab.getByText('the content is none of the programmes').waitFor(PATIENCE)
    expect(app.television.playback.isDriven).toBe(false)
  })

  it('shows nothing but the picture with ?clean', async () => {
    await start()
    const tab = await open('/tv?clean')
    await until(() => app.television.playback.isDriven)
    expect(await tab.getByRole('button').count()).toBe(0)
    expect((await tab.locator('main').textContent())?.trim()).toBe('Lab')
    const box = await tab.locator('video').boundingBox()
    expect(box).toMatchObject({ x: 0, y: 0, ...(await tab.viewportSize()) })
  })
})
