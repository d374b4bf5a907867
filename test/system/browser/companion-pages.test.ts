import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ConsoleMessage, Page } from 'playwright-core'
import { renderSVG } from 'uqr'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { televisionPlugin } from '../../../plugins/television.js'
import { Companion } from '../../../src/api/client-node.js'
import type { TelevisionCommand } from '../../../src/television/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { type Browser, launchChromium, PHONE } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { Program } from '../../helpers/program.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'
import { makeMediaFolder } from './companion-media.js'

const DVBCSS = fileURLToPath(new URL('../../../dist/cli/dvbcss.js', import.meta.url))
const TEST_TIMEOUT_MILLIS = 180_000
const PATIENCE = { timeout: 60_000 }
/** Far below what a viewer notices of a picture, and far above what a busy machine adds. */
const IN_STEP_SECONDS = 0.08
/** For browsers an address of the network, where they allow pages less than on loopback. */
const NETWORK_NAME = 'living-room.test'
const UNREACHABLE = /ERR_CONNECTION_REFUSED|WebSocket connection to .* failed/

closeAppsAfterEach()

describe.runIf(has('chromium'))('the companion page', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let browser: Browser
  let media: string
  let television: RunningTelevision
  let tab: Page
  let errors: string[]

  beforeAll(async () => {
    media = await makeMediaFolder()
    const flags = ['--autoplay-policy=user-gesture-required', `--host-resolver-rules=MAP ${NETWORK_NAME} 127.0.0.1`]
    browser = await launchChromium(flags, PHONE)
  }, TEST_TIMEOUT_MILLIS)
  afterAll(async () => {
    await browser?.close()
    await rm(media, { recursive: true, force: true })
  })
  afterEach(async () => {
    await tab?.close()
    await television?.stop()
  })

  it('is joined through the QR code, follows, and comes back by itself after the television has gone', async () => {
    television = await RunningTelevision.start(media)
    const qrCode = await fetch(new URL('/pages/companion-qr.svg', television.companionUrl))
    expect(await qrCode.text()).toBe(renderSVG(television.companionUrl))
    await open(television.companionUrl)
    await expectState('Ready')
    await tab.tap('text=Follow')
    await expectFollowing()
    await expectInStep()
    await television.execute({ name: 'pause' })
    await expectState('Paused with the television')
    await television.execute({ name: 'seek', seconds: 20 })
    await television.execute({ name: 'play' })
    await expectFollowing()
    await expectInStep()

    await television.kill()
    await expectState('Connection lost')
    expect(await text('.state')).toMatch(/Playback continues/)
    const before = await video((element) => element.currentTime)
    await expect.poll(() => video((element) => element.currentTime), PATIENCE).not.toBe(before)
    expect(await video((element) => element.paused)).toBe(false)
    television = await RunningTelevision.start(media, television.port)
    await expectFollowing()
    await expectInStep()
    expect(errors).toEqual([])
  })

  it('follows at a plain http address of the network, where browsers have no wake lock', async () => {
    television = await RunningTelevision.start(media)
    await open(television.companionUrl.replace('127.0.0.1', NETWORK_NAME))
    expect(await tab.evaluate(() => [isSecureContext, 'wakeLock' in navigator])).toEqual([false, false])
    await tab.tap('text=Follow')
    await expectFollowing()
    await expectInStep()
    expect(errors).toEqual([])
  })

  it('goes along with changes of the programme', async () => {
    television = await RunningTelevision.start(media)
    await follow()
    await television.execute({ name: 'content', contentId: 'dvb://1.2.3' })
    await expectState('Nothing to play for this content')
    await television.execute({ name: 'programme', programme: 'unplayable' })
    await expectState('This browser cannot play this version')
    await television.execute({ name: 'programme', programme: 'test-clip' })
    await expectFollowing()
    expect(errors).toEqual([])
  })

  it('plays the sound of another language, alone or with the picture', async () => {
    television = await RunningTelevision.start(media)
    await follow()
    await choose('audio-de')
    await expectFollowing()
    await expect.poll(() => text('.numbers'), PATIENCE).toContain('Web Audio')
    await expectFollowing()
    expect(await video((element) => element.paused)).toBe(true)
    await tab.tap('text=With the picture')
    await expect.poll(() => video((element) => [element.paused, element.muted]), PATIENCE).toEqual([false, true])
    await expectFollowing()
    await choose('programme')
    await expect.poll(() => video((element) => element.muted), PATIENCE).toBe(false)
    expect(errors).toEqual([])
  })

  it('shows subtitles as text, at the position of the television', async () => {
    television = await RunningTelevision.start(media)
    await television.execute({ name: 'pause' })
    await television.execute({ name: 'seek', seconds: 12.5 })
    await open(television.companionUrl)
    await choose('subtitles-en')
    await tab.tap('text=Follow')
    await expectState('Paused with the television')
    await expect.poll(() => text('.cues'), PATIENCE).toBe('12 seconds')
    await television.execute({ name: 'seek', seconds: 30.5 })
    await expect.poll(() => text('.cues'), PATIENCE).toBe('30 seconds')
    expect(errors).toEqual([])
  })

  it('keeps the delay of the device, and plays ahead by it', async () => {
    television = await RunningTelevision.start(media)
    await television.execute({ name: 'pause' })
    await television.execute({ name: 'seek', seconds: 5 })
    await television.execute({ name: 'play' })
    await follow()
    await tab.tap('summary')
    await tab.fill('input[type=number]', '300')
    await tab.press('input[type=number]', 'Enter')
    expect(await text('summary')).toContain('300 ms')
    await expectFollowing()
    await expectInStep(0.3)
    await tab.reload()
    expect(await text('summary')).toContain('300 ms')
    await tab.tap('summary')
    await tab.focus('input[type=range]')
    await tab.press('input[type=range]', 'ArrowLeft')
    expect(await text('summary')).toContain('295 ms')
    await tab.tap('text=Reset')
    expect(await text('summary')).toContain('0 ms')
    await tab.reload()
    expect(await text('summary')).not.toContain('295 ms')
    expect(errors).toEqual([])
  })

  it('says what keeps it from following', async () => {
    television = await RunningTelevision.start(media)
    await follow()
    await television.execute({ name: 'seek', seconds: -60 })
    await expectState('The television is outside this programme')
    expect(await text('.state')).toMatch(/before the beginning/)
    await television.execute({ name: 'seek', seconds: 3 })
    const timeline = { name: 'timeline', selector: 'urn:dvb:css:timeline:pts' } as const
    await television.execute({ ...timeline, available: false })
    await expectState('The television reports no position')
    await television.execute({ ...timeline, available: true })
    await expectFollowing()
    expect(errors).toEqual([])
  })

  it('explains what browsers do to a page in the background', async () => {
    television = await RunningTelevision.start(media)
    await follow()
    await setHidden(true)
    await expectState('In the background')
    await setHidden(false)
    await expect.poll(() => text('.state'), PATIENCE).toMatch(/This page was in the background/)
    await expectFollowing()
  })

  it('remembers what was followed', async () => {
    television = await RunningTelevision.start(media)
    await open(television.companionUrl)
    await choose('audio-de')
    await tab.reload()
    await expect.poll(() => tab.isChecked('input[value="audio-de"]'), PATIENCE).toBe(true)
  })

  it('has a button for when the browser blocks playback', async () => {
    television = await RunningTelevision.start(media)
    const isBlocked = (message: ConsoleMessage) => message.text().startsWith('The browser has blocked playback')
    await open(television.companionUrl, () => {
      // Not by a user: that is what browsers block. Playwright's own looks at the page count as the user's.
      setInterval(() => {
        document.querySelector<HTMLElement>('.follow')?.click()
        console.info(document.title)
      }, 100)
    })
    await tab.waitForEvent('console', isBlocked)
    await tab.tap('.state button')
    await expectFollowing()
    expect(errors).toEqual([])
  })

  it('says that a clock over UDP alone is none for browsers', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { media })
    await open(`${(await listen(app)).replace('ws:', 'http:')}/companion`)
    await tab.tap('text=Follow')
    await expectState('The television has no clock for browsers')
    expect(errors).toEqual([])
  })

  it('says that the clock of the television does not answer', async () => {
    television = await RunningTelevision.start(media)
    await open(television.companionUrl, undefined, async (page) => {
      // The handshake is answered, and nothing else.
      await page.routeWebSocket('**/wc', () => {})
    })
    await tab.tap('text=Follow')
    await expectState('The clock of the television does not answer')
    expect(errors).toEqual([])
  })

  async function open(url: string, script?: () => void, prepare?: (page: Page) => Promise<void>): Promise<void> {
    tab = await browser.newPage()
    errors = []
    tab.on('pageerror', (error) => errors.push(String(error)))
    // Among them what the content security policy blocks.
    tab.on('console', (message) => {
      if (message.type() === 'error' && !UNREACHABLE.test(message.text())) errors.push(message.text())
    })
    if (script !== undefined) await tab.addInitScript(script)
    await prepare?.(tab)
    await tab.goto(url)
  }

  async function follow(): Promise<void> {
    await open(television.companionUrl)
    await tab.tap('text=Follow')
    await expectFollowing()
  }

  /** Headless browsers never hide a page by themselves. */
  async function setHidden(isHidden: boolean): Promise<void> {
    await tab.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, isHidden)
  }

  async function choose(version: string): Promise<void> {
    await tab.tap(`label:has(input[value="${version}"])`)
  }

  async function text(selector: string): Promise<string> {
    return (await tab.textContent(selector)) ?? ''
  }

  /** In step, or as nearly as the browser allows while the machine is busy. */
  async function expectFollowing(): Promise<void> {
    await expect.poll(() => text('.state h2'), PATIENCE).toMatch(/^ ?(In step with the television|Nearly in step)$/)
  }

  async function expectState(title: string): Promise<void> {
    await expect.poll(async () => (await text('.state h2')).trim(), PATIENCE).toBe(title)
  }

  /** Compares with a companion in this process. @param aheadSeconds by how much the media is to be ahead of the television */
  async function expectInStep(aheadSeconds = 0): Promise<void> {
    const companion = new Companion(television.ciiUrl, { timelineSelector: 'urn:dvb:css:timeline:pts' })
    try {
      companion.start()
      await until(() => companion.position()?.available === true)
      const errorSeconds = async () => {
        const before = companion.position()
        const seconds = await video((element) => element.currentTime)
        const after = companion.position()
        if (before === undefined || after === undefined) throw new Error('expected a position')
        return Math.abs(seconds - (before.seconds + after.seconds) / 2 - aheadSeconds)
      }
      await expect.poll(errorSeconds, PATIENCE).toBeLessThan(IN_STEP_SECONDS)
    } finally {
      companion.stop()
    }
  }

  function video<Result>(read: (element: HTMLVideoElement) => Result): Promise<Result> {
    return tab.locator('video').evaluate(read as (element: HTMLElement | SVGElement) => Result)
  }
})

/** `dvbcss tv` with a folder of media, and its remote control. */
class RunningTelevision {
  readonly companionUrl: string
  readonly ciiUrl: string
  readonly #program: Program
  readonly #control: WsClient

  private constructor(program: Program, companionUrl: string, control: WsClient) {
    this.#program = program
    this.companionUrl = companionUrl
    this.ciiUrl = new URL('/cii', companionUrl).href.replace('http:', 'ws:')
    this.#control = control
  }

  static async start(media: string, port = 0): Promise<RunningTelevision> {
    const options = [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--wc-port',
      '0',
      '--no-discovery',
      '--media',
      media,
    ]
    const program = new Program(DVBCSS, ['tv', ...options])
    const [, url = ''] = await program.printed(/follow {3}(http:\S+)/)
    await program.printed(/Type a command/)
    const control = await WsClient.open(new URL('/pages/live', url).href.replace('http:', 'ws:'))
    control.send({ type: 'hello', role: 'control' })
    return new RunningTelevision(program, url, control)
  }

  get port(): number {
    return Number(new URL(this.companionUrl).port)
  }

  async execute(command: TelevisionCommand): Promise<void> {
    this.#control.send({ type: 'command', id: 1, command })
    for (;;) {
      const message = JSON.parse(await this.#control.next()) as { type: string; error?: string }
      if (message.type !== 'answer') continue
      expect(message.error).toBeUndefined()
      return
    }
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    await this.#program.end('SIGKILL')
  }

  async stop(): Promise<void> {
    this.#control.socket.terminate()
    if (this.#program.process.exitCode === null) await this.#program.end('SIGKILL')
  }
}
