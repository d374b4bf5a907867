import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { closeAppsAfterEach } from '../../helpers/app.js'
import { type Browser, launchChromium } from '../../helpers/chromium.js'
import { has } from '../../helpers/needs.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'
import { barriers } from './barriers.js'
import { ControlTelevision, PTS } from './control-television.js'

closeAppsAfterEach()

describe.runIf(has('chromium'))('the control page', () => {
  let browser: Browser
  let television: ControlTelevision
  const pages: Page[] = []
  /** What the browser reports: errors of scripts, and violations of the content security policy. */
  const complaints: string[] = []

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
  })

  afterEach(async () => {
    television.stopCompanions()
    await Promise.all(pages.splice(0).map((page) => page.close()))
    expect(complaints.splice(0)).toEqual([])
  })

  async function open(url = television.controlUrl): Promise<Page> {
    const page = await browser.newPage()
    pages.push(page)
    page.setDefaultTimeout(20_000)
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(url)
    return page
  }

  function companions(page: Page): Locator {
    return page.locator('tbody.companion')
  }

  it('shows a companion, its presentation and its connections', async () => {
    television = await ControlTelevision.start()
    television.connect()
    const page = await open()
    const companion = companions(page)
    await companion.waitFor()
    await companion.getByText('WebSocket').waitFor()
    await companion.locator('[data-label="Timeline"]').getByText('pts').waitFor()
    await companion.locator('[data-label="Stem"]').getByText('any').waitFor()
    await companion.locator('[data-label="Presents"]').getByText('ms').waitFor()
    await companion.locator('[data-label="Round trip"]').getByText('ms').waitFor()
    await companion.getByRole('button', { expanded: false }).click()
    const names = companion.getByRole('heading', { level: 3 })
    expect((await names.allInnerTexts()).map((text) => text.split(' ')[0])).toEqual(['CSS-CII', 'CSS-TS', 'CSS-WC'])
    await companion.getByText(`"timelineSelector":"${PTS}"`).first().waitFor()
    expect(await page.getByRole('status').allInnerTexts()).toContain('1 connected')
    television.stopCompanions()
    await page.getByText('No companion is connected.').waitFor()
  })

  it('plays, pauses, seeks and changes the speed', async () => {
    television = await ControlTelevision.start()
    const companion = television.connect()
    const page = await open()
    const position = () => companion.position()
    await until(() => position()?.available === true)
    await page.getByRole('button', { name: 'Pause', exact: true }).first().click()
    await until(() => position()?.speed === 0)
    await page.getByLabel('Seek to second').fill('90.5')
    await page.getByRole('button', { name: 'Seek' }).click()
    await until(() => Math.abs((position()?.seconds ?? 0) - 90.5) < 0.001)
    await page.locator('.timecode', { hasText: '00:01:30.500' }).waitFor()
    await page.getByTitle('10 seconds forward').click()
    await until(() => Math.abs((position()?.seconds ?? 0) - 100.5) < 0.001)
    await page.getByLabel('Position in the programme').focus()
    await page.keyboard.press('Home')
    await until(() => position()?.seconds === 0)
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    await until(() => position()?.speed === 1)
    await page.getByLabel('Speed 2').click()
    await until(() => position()?.speed === 2)
    await page.getByLabel(/^Speed \(/).fill('0.75')
    await page.getByLabel('Set speed').click()
    await until(() => position()?.speed === 0.75)
  })

  it('changes programme, content, status and timelines', async () => {
    television = await ControlTelevision.start()
    const companion = television.connect()
    const page = await open()
    await until(() => companion.cii.state.contentId === 'dvb://233a.1004.1044')
    await page.getByLabel('Presentation status').selectOption('fault')
    await page.getByLabel('Further status words').fill('no signal')
    await page.getByLabel('Set status').click()
    await until(() => companion.cii.state.presentationStatus?.join(' ') === 'fault no signal')
    await page.getByLabel('temi:1:1').click()
    const listed = () => companion.cii.state.timelines?.map(({ timelineSelector }) => timelineSelector) ?? []
    await until(() => !listed().includes('urn:dvb:css:timeline:temi:1:1'))
    await page.getByLabel('temi:1:1').and(page.locator(':not(:checked)')).click()
    await until(() => listed().includes('urn:dvb:css:timeline:temi:1:1'))
    await page.getByLabel('Programme', { exact: true }).selectOption('A film')
    await page.getByRole('button', { name: 'Switch' }).click()
    await until(() => companion.cii.state.contentId === 'https://broadcaster.example/film')
    await page.getByLabel(/^Content id/).fill('dvb://233a.1004.1099')
    await page.getByRole('button', { name: 'Change' }).click()
    await until(() => companion.cii.state.contentId === 'dvb://233a.1004.1099')
  })

  it('says where a command was given why it was not executed', async () => {
    television = await ControlTelevision.start()
    const page = await open()
    await page.getByLabel(/^Content id/).fill('not a uri')
    await page.getByRole('button', { name: 'Change' }).click()
    const form = page.locator('form', { has: page.getByRole('button', { name: 'Change' }) })
    await form.getByRole('alert').getByText('expected a URI').waitFor()
    await page.getByLabel(/^Speed \(/).fill('100')
    await page.getByLabel('Set speed').click()
    await page.getByRole('alert').getByText('expected a speed from').waitFor()
  })

  it('shows a companion that presents late, and one that has lost its clock', async () => {
    television = await ControlTelevision.start()
    const good = television.connect()
    const late = television.connect()
    late.present(() => -0.2)
    const lost = television.connect()
    await until(() => [good, late, lost].every((each) => each.position()?.available === true))
    const page = await open()
    await page.getByText('It presents 200 ms later than the television.').waitFor()
    expect(await page.locator('.problems').count()).toBe(1)
    lost.wallClock?.stop()
    await page
      .getByText(/has sent no wall clock request for|has not reported what it presents for/)
      .first()
      .waitFor()
    expect(await page.locator('tbody.troubled').count()).toBe(2)
    await page.getByText('3 connected, 2 with problems').waitFor()
    late.present(() => 0)
    await page.getByText('3 connected, 1 with problems').waitFor()
  })

  it('filters messages, and pauses them', async () => {
    television = await ControlTelevision.start()
    const page = await open()
    await page.getByText('Live', { exact: true }).waitFor()
    const client = await WsClient.open(television.endpoint('/ts'))
    client.socket.send('nonsense')
    client.send({ contentIdStem: '', timelineSelector: PTS })
    const messages = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
    await messages.filter({ hasText: 'nonsense' }).getByText('rejected: not-json').waitFor()
    await messages.filter({ hasText: 'contentTime' }).waitFor()
    await page.getByLabel('Direction of the messages').selectOption('Sent')
    await messages.filter({ hasText: 'nonsense' }).waitFor({ state: 'detached' })
    expect(await messages.count()).toBe(1)
    await page.getByLabel('Direction of the messages').selectOption('Both ways')
    await page.getByLabel('Text of the messages').fill('TIMELINESELECTOR')
    await messages.filter({ hasText: 'nonsense' }).waitFor({ state: 'detached' })
    expect(await messages.count()).toBe(1)
    await page.getByLabel('Text of the messages').fill('')
    await page.getByLabel('Endpoint of the messages').selectOption('CII')
    await page.getByText('No message passes the filter yet.').waitFor()
    await page.getByLabel('Endpoint of the messages').selectOption('All endpoints')
    await messages.nth(2).waitFor()
    await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Pause' }).click()
    client.socket.send('more nonsense')
    await page.getByText('1 since the pause').waitFor()
    expect(await messages.count()).toBe(3)
    await page.getByRole('button', { name: 'Continue' }).click()
    await messages.filter({ hasText: 'more nonsense' }).waitFor()
    client.socket.close()
  })

  it('stays usable and bounded under a flood of messages', async () => {
    television = await ControlTelevision.start()
    const page = await open()
    await page.getByText('Live', { exact: true }).waitFor()
    const client = await WsClient.open(television.endpoint('/cii'))
    for (let each = 0; each < 5000; each += 1) client.send({ each })
    const messages = page.getByRole('list', { name: 'Messages' }).getByRole('listitem')
    await messages.filter({ hasText: '{"each":4999}' }).waitFor()
    expect(await messages.count()).toBeLessThanOrEqual(500)
    await page
      .getByText(/left out/)
      .first()
      .waitFor()
    client.socket.close()
  })

  it('shows the log from a level on', async () => {
    television = await ControlTelevision.start()
    const page = await open()
    await page.getByText('Live', { exact: true }).waitFor()
    television.app.log.warn({ reason: 'test' }, 'something odd')
    television.app.log.info('something usual')
    const lines = page.getByRole('list', { name: 'Log' }).getByRole('listitem')
    await lines.filter({ hasText: 'something usual' }).waitFor()
    await page.getByLabel('Lowest level of the log').selectOption('warn and above')
    await lines.filter({ hasText: 'something usual' }).waitFor({ state: 'detached' })
    expect(await lines.allInnerTexts()).toEqual([expect.stringMatching(/warn\s+something odd\s+reason=test/)])
  })

  it('says that the television is gone, and shows it again when it is back', async () => {
    television = await ControlTelevision.start({ controlToken: 's3cret' })
    const page = await open(`${television.controlUrl}#token=s3cret`)
    await page.getByText('Live', { exact: true }).waitFor()
    await television.app.close()
    await page.getByText('The television cannot be reached.').waitFor()
    await page.getByRole('button', { name: 'Pause', exact: true }).first().click()
    await page.getByRole('alert').getByText('The television cannot be reached.').waitFor()
    television = await ControlTelevision.start({ controlToken: 's3cret' }, Number(new URL(page.url()).port))
    await page.getByText('Live', { exact: true }).waitFor()
    television.connect()
    await companions(page).waitFor()
    await page.getByRole('list', { name: 'Messages' }).getByRole('listitem').first().waitFor()
    // The browser reports each attempt to connect that fails.
    complaints.splice(0)
  })

  it('takes the token from its address and hides it', async () => {
    television = await ControlTelevision.start({ controlToken: 's3cret' })
    const page = await open(`${television.controlUrl}#token=s3cret`)
    await page.getByText('Live', { exact: true }).waitFor()
    expect(page.url()).toBe(television.controlUrl)
    await page.reload()
    await page.getByText('Live', { exact: true }).waitFor()
  })

  it('asks for the token', async () => {
    television = await ControlTelevision.start({ controlToken: 's3cret' })
    const page = await open()
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('This token is wrong.').waitFor()
    await page.getByLabel('Token').fill('s3cret')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await page.content()).not.toContain('s3cret')
  })

  it('has no barriers where it shows problems and refusals', async () => {
    television = await ControlTelevision.start({ controlToken: 's3cret' })
    television.connect().present(() => -0.2)
    const page = await open()
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('This token is wrong.').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByLabel('Token').fill('s3cret')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.locator('.problems').waitFor()
    await companions(page).getByRole('button').click()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const width of [390, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 })
        expect(await barriers(page), `${colorScheme}, ${width} px`).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(overflow, `${width} px`).toBeLessThanOrEqual(0)
      }
    }
  })
})
