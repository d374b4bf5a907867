// @ts-check
// Takes the pictures of the television's pages for the documentation, docs/pictures/. Usage: npm run docs:pictures. Needs Chromium
// (npm run install-browser). The result is committed: run it when the pages look different, and look at what it has made.

import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startTelevision } from '../bench/servers/dvbcss-tv.js'

const OUT = fileURLToPath(new URL('../docs/pictures/', import.meta.url))
const COMMAND = fileURLToPath(new URL('../dist/cli/dvbcss.js', import.meta.url))
const DESKTOP = { width: 1280, height: 720 }
const PHONE = { width: 390, height: 844 }
const WIDE = { width: 2560, height: 1440 }
const ANDROID =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36'

mkdirSync(OUT, { recursive: true })
const television = await startTelevision(COMMAND, ['--friendly-name', 'Living room'])
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium'
const launch = (/** @type {string[]} */ flags) =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...flags] })
const browser = await launch(['--autoplay-policy=no-user-gesture-required'])
const strict = await launch(['--autoplay-policy=user-gesture-required'])

/**
 * @param {import('playwright-core').Browser} from
 * @param {string} path
 * @param {{ width: number, height: number }} viewport
 * @param {'light' | 'dark'} colorScheme
 */
async function open(from, path, viewport, colorScheme) {
  const isPhone = viewport === PHONE
  const context = await from.newContext({
    viewport,
    colorScheme,
    ...(isPhone && { userAgent: ANDROID, hasTouch: true, isMobile: true, deviceScaleFactor: 1.5 }),
  })
  const page = await context.newPage()
  await page.goto(`${television.url}${path}`)
  return page
}

/** @param {import('playwright-core').Page} page @param {string} name @param {boolean} [fullPage] */
async function take(page, name, fullPage = false) {
  await page.screenshot({ path: `${OUT}${name}.jpg`, type: 'jpeg', quality: 78, fullPage })
  console.log(name)
}

/** @param {import('playwright-core').Page} page */
async function follow(page) {
  await page.getByRole('button', { name: 'Follow' }).click()
  await page.getByText('In step with the television').waitFor()
  await page.waitForTimeout(5000)
}

try {
  const muted = await open(strict, '/tv', DESKTOP, 'dark')
  await muted.getByText('this page drives').waitFor()
  await take(muted, 'tv-muted')
  await muted.context().close()

  const tv = await open(browser, '/tv', DESKTOP, 'light')
  await tv.getByText('this page drives').waitFor()
  const ready = await open(browser, '/companion', PHONE, 'light')
  await ready.getByText('Ready').waitFor()
  await take(ready, 'companion-ready')
  await follow(ready)
  await take(ready, 'companion', true)
  const dark = await open(browser, '/companion', PHONE, 'dark')
  await follow(dark)
  await take(dark, 'companion-dark')
  await take(tv, 'tv')
  const wide = await open(browser, '/tv', WIDE, 'dark')
  await wide.getByText('Another page drives this television').waitFor()
  await wide.waitForTimeout(3000)
  await take(wide, 'tv-second')
  await wide.context().close()

  for (const [name, viewport, scheme] of /** @type {const} */ ([
    ['control', DESKTOP, 'dark'],
    ['control-light', DESKTOP, 'light'],
    ['control-phone', PHONE, 'light'],
  ])) {
    const control = await open(browser, '/control', viewport, scheme)
    await control.locator('button[aria-expanded]').first().waitFor()
    await control.waitForTimeout(2500)
    await take(control, name)
    await control.context().close()
  }

  const sound = await open(browser, '/companion', PHONE, 'dark')
  await sound.getByText('Sound in another language').click()
  await follow(sound)
  await take(sound, 'companion-sound')
  const subtitles = await open(browser, '/companion', PHONE, 'light')
  await subtitles.getByText('Subtitles').last().click()
  await subtitles.getByRole('button', { name: 'Follow' }).click()
  await subtitles.waitForTimeout(3000)
  await take(subtitles, 'companion-subtitles')
  await tv.locator('video').evaluate((video) => /** @type {HTMLVideoElement} */ (video).pause())
  await ready.getByText('Paused').first().waitFor()
  await take(ready, 'companion-paused')
  television.type('content dvb://233a.1004.9999')
  await ready.getByText('Nothing to play for this content').waitFor()
  await take(ready, 'companion-no-media')
  await tv.getByText('No picture').waitFor()
  await take(tv, 'tv-no-picture')
  await television.close()
  await tv.getByText('The television cannot be reached').waitFor()
  await take(tv, 'tv-lost')
  await dark.getByText('Connection lost').or(dark.getByText('cannot be reached')).first().waitFor()
  await take(dark, 'companion-lost')
} finally {
  await Promise.all([browser.close(), strict.close(), television.close()])
}
