import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { HOSTILE } from '../../helpers/hostile-text.js'
import { has } from '../../helpers/needs.js'
import { dvbcss, endToolsAfterEach, scriptedServer } from '../cli/tools.js'

const HOSTILE_URI = `<script>alert(1)</script><img src="http://192.0.2.1/x">${HOSTILE}${'x'.repeat(400)}`

describe.runIf(has('chromium'))('the HTML report of a hostile television', { timeout: 120_000 }, () => {
  let browser: Browser
  let folder: string

  endToolsAfterEach()
  beforeAll(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'dvbcss-report-'))
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('loads nothing, runs nothing, fits the window, and follows the colour scheme', async () => {
    const server = await scriptedServer()
    const cii = { protocolVersion: HOSTILE_URI, contentId: HOSTILE_URI, contentIdStatus: 'final', tsUrl: HOSTILE_URI }
    void (async () => {
      for (;;) (await server.connection()).send(JSON.stringify(cii))
    })()
    const file = join(folder, 'report.html')
    const checking = dvbcss('check', server.url, '--seconds', '0.2', '--no-garbage', '--report', file)
    expect(await checking.exited).toBe(1)

    const page = await browser.newPage()
    const requests: string[] = []
    const problems: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => problems.push(message.text()))
    page.on('dialog', (dialog) => {
      problems.push(dialog.message())
      void dialog.dismiss()
    })
    const backgrounds = new Set<string>()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [360, 1000]) {
        await page.setViewportSize({ width, height: 800 })
        await page.goto(pathToFileURL(file).href)
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      }
      backgrounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
    }
    expect(backgrounds.size).toBe(2)
    expect(await page.textContent('body')).toContain('<script>alert(1)</script><img')
    expect(new Set(requests)).toEqual(new Set([pathToFileURL(file).href]))
    expect(problems).toEqual([])
    await page.close()
  })
})
