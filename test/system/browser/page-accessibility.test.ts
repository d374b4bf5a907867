import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { televisionPlugin } from '../../../plugins/television.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { barriers } from './barriers.js'

const TEST_TIMEOUT_MILLIS = 120_000
const PATIENCE = { timeout: 40_000 }
const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
  { width: 2560, height: 1440 },
] as const

/** Each page, with what brings it into the state that is looked at. */
const STATES: { name: string; path: string; reach: (tab: Page) => Promise<void> }[] = [
  { name: 'the picture', path: '/tv', reach: (tab) => tab.getByText('this page drives').waitFor(PATIENCE) },
  {
    name: 'the companion before it follows',
    path: '/companion',
    reach: (tab) => tab.getByText('Ready').waitFor(PATIENCE),
  },
  {
    name: 'the companion that follows',
    path: '/companion',
    async reach(tab) {
      await tab.getByRole('button', { name: 'Follow' }).click()
      await tab.getByText('In step with the television').waitFor(PATIENCE)
      await tab.locator('summary').first().click()
    },
  },
  {
    name: 'the control page with a companion',
    path: '/control',
    async reach(tab) {
      await tab.getByText('Companions').first().waitFor(PATIENCE)
      const row = tab.locator('button[aria-expanded]').first()
      await row.waitFor(PATIENCE)
      await row.click()
    },
  },
]

closeAppsAfterEach()

describe.runIf(has('chromium'))('the pages of the television', { timeout: TEST_TIMEOUT_MILLIS }, () => {
  let browser: Browser
  let app: FastifyInstance
  let url: string
  let complaints: string[]
  let foreign: string[]
  const tabs: Page[] = []

  beforeAll(async () => {
    browser = await launchChromium(['--autoplay-policy=no-user-gesture-required'])
  }, TEST_TIMEOUT_MILLIS)
  afterAll(() => browser?.close())
  afterEach(async () => {
    await Promise.all(tabs.splice(0).map((tab) => tab.close()))
  })

  async function start(): Promise<void> {
    app = makeApp({ forceCloseConnections: true })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { friendlyName: 'Lab' })
    url = (await listen(app)).replace('ws:', 'http:')
  }

  async function open(path: string): Promise<Page> {
    const tab = await browser.newPage()
    tabs.push(tab)
    complaints = []
    foreign = []
    tab.on('pageerror', (error) => complaints.push(String(error)))
    tab.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    tab.on('request', (request) => {
      const requested = request.url()
      if (!requested.startsWith(url) && !requested.startsWith(url.replace('http:', 'ws:'))) foreign.push(requested)
    })
    await tab.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`content security policy: ${violatedDirective} ${blockedURI}`)
      })
    })
    await tab.goto(`${url}${path}`)
    return tab
  }

  it('report it to this test when they break their policy', async () => {
    await start()
    const tab = await open('/companion')
    await tab.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'globalThis.injected = true'
      document.head.append(script)
      const image = document.createElement('img')
      image.src = 'http://192.0.2.1/x.png'
      document.body.append(image)
    })
    await expect.poll(() => complaints.join('\n'), PATIENCE).toContain('content security policy: script-src')
    await expect.poll(() => complaints.join('\n'), PATIENCE).toContain('content security policy: img-src')
    expect(await tab.evaluate(() => 'injected' in globalThis)).toBe(false)
  })

  for (const { name, path, reach } of STATES) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`have no barriers, errors or foreign requests: ${name}, ${colorScheme}`, async () => {
        await start()
        if (path === '/control') {
          const companion = await open('/companion')
          await companion.getByRole('button', { name: 'Follow' }).click()
        }
        const tab = await open(path)
        await tab.emulateMedia({ colorScheme })
        await reach(tab)
        for (const size of SIZES) {
          await tab.setViewportSize(size)
          expect(await barriers(tab), `${size.width} px`).toEqual([])
          const { width, scrolled } = await tab.evaluate(() => ({
            width: document.documentElement.clientWidth,
            scrolled: document.documentElement.scrollWidth,
          }))
          expect(scrolled, `${size.width} px`).toBeLessThanOrEqual(width)
        }
        expect(complaints).toEqual([])
        expect(foreign).toEqual([])
      })
    }
  }
})
