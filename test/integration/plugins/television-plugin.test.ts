import { get } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, tsPlugin, wallClockPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { type TelevisionPluginOptions, televisionPlugin } from '../../../plugins/television.js'
import type { Programme } from '../../../src/television/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const CLIP: Programme = {
  id: 'clip',
  title: 'A clip',
  contentId: 'dvb://233a.1004.1044',
  durationSeconds: 40,
  sources: [{ url: 'media/clip.webm', type: 'video/webm' }],
  alternatives: [],
}
const FILM: Programme = { ...CLIP, id: 'film', title: 'A film', contentId: 'dvb://233a.1004.1045', durationSeconds: 90 }

async function television(options: TelevisionPluginOptions = {}): Promise<{ app: FastifyInstance; url: string }> {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
  await app.register(ciiPlugin, { prefix: '/cii' })
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  await app.register(tsPlugin, { prefix: '/ts' })
  await app.register(televisionPlugin, { programmes: [CLIP, FILM], friendlyName: 'Lab', ...options })
  return { app, url: await listen(app) }
}

/** A page, as far as its connection goes. */
class Page {
  readonly client: WsClient
  /** The latest of each section. */
  readonly sections: Record<string, unknown> = {}
  readonly others: Record<string, unknown>[] = []

  constructor(client: WsClient) {
    this.client = client
    client.socket.on('message', (data) => {
      const { type, ...content } = JSON.parse(String(data))
      if (type === 'update') Object.assign(this.sections, content)
      else this.others.push({ type, ...content })
    })
  }

  static async open(url: string, hello: object, origin?: string): Promise<Page> {
    const page = new Page(await WsClient.open(`${url}/pages/live`, origin === undefined ? {} : { origin }))
    page.client.send({ type: 'hello', ...hello })
    await until(() => page.sections.setting !== undefined || page.others.length > 0)
    return page
  }

  get state(): { positionSeconds: number; speed: number; driver: string; programme: string; contentId: string } {
    return this.sections.state as never
  }

  get drives(): boolean {
    return (this.sections.seat as { drives: boolean }).drives
  }

  report(app: FastifyInstance, mediaSeconds: number, parts: object = {}): void {
    this.client.send({
      type: 'playback',
      programme: 'clip',
      state: 'playing',
      mediaSeconds,
      wallClockNanos: String(Math.round(app.wallClock.nanos())),
      speed: 1,
      durationSeconds: 40,
      ...parts,
    })
  }

  async command(command: object): Promise<string | undefined> {
    const count = this.others.length
    this.client.send({ type: 'command', id: 7, command })
    await until(() => this.others.length > count)
    return this.others.at(-1)?.error as string | undefined
  }
}

/** Over HTTP with any Host header. */
function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url.replace('ws:', 'http:'), { headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }).on('error', reject)
  })
}

describe('the pages of a television', () => {
  it.each(['tv', 'companion', 'control'])(
    'include /%s, with a strict policy and nothing from other hosts',
    async (page) => {
      const { url } = await television({ prefix: '/lab' })
      const response = await fetch(`${url.replace('ws:', 'http:')}/lab/${page}`)
      const text = await response.text()
      expect(response.status).toBe(200)
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
      expect(text).toContain(`src="pages/${page}.js"`)
      expect(text).not.toMatch(/https?:\/\//)
      for (const [, path] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
        expect(await statusOf(`${url}/lab/${path}`), path).toBe(200)
      }
    },
  )

  it('include a QR code, and know where a companion finds the endpoints', async () => {
    const { url } = await television({ prefix: '/lab' })
    expect(await statusOf(`${url}/lab/pages/companion-qr.svg`)).toBe(200)
    const { sections } = await Page.open(`${url}/lab`, { role: 'companion' })
    expect(sections.setting).toEqual({
      role: 'companion',
      friendlyName: 'Lab',
      ciiPath: '/cii',
      tsPath: '/ts',
      wallClockPath: '/wc',
      timelineSelector: 'urn:dvb:css:timeline:pts',
      companionUrl: `${url.replace('ws:', 'http:')}/lab/companion`,
    })
    expect(sections.programmes).toEqual([CLIP, FILM])
    expect(sections).not.toHaveProperty('companions')
  })

  it('are refused to pages of other sites, whatever the role', async () => {
    const { url } = await television()
    for (const role of ['tv', 'companion', 'control']) {
      const page = await Page.open(url, { role }, 'http://other.example')
      expect(page.others).toMatchObject([{ type: 'refused', reason: 'origin' }])
      expect(await page.client.closed).toEqual({ code: 1008, reason: 'origin' })
    }
    const own = await Page.open(url, { role: 'tv' }, url.replace('ws:', 'http:'))
    expect(own.drives).toBe(true)
  })
})

describe('the page of the picture', () => {
  it('drives the timeline: companions follow what its element does', async () => {
    const { app, url } = await television()
    const page = await Page.open(url, { role: 'tv' })
    expect(page.state).toMatchObject({ programme: 'clip', driver: 'clock', speed: 1 })
    const companion = await WsClient.open(`${url}/ts`)
    companion.send({ contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' })
    await companion.next()
    page.report(app, 30)
    const { contentTime, timelineSpeedMultiplier } = await companion.nextJson()
    expect(Number(contentTime) / 90_000).toBeCloseTo(30, 0)
    expect(timelineSpeedMultiplier).toBe(1)
    page.report(app, 31, { state: 'paused', speed: 0 })
    expect(await companion.nextJson()).toMatchObject({ contentTime: String(31 * 90_000), timelineSpeedMultiplier: 0 })
    expect(app.television.state()).toMatchObject({ driver: 'page', speed: 0, positionSeconds: 31 })
  })

  it('hands over to the clock without a jump when it is closed', async () => {
    const { app, url } = await television()
    const page = await Page.open(url, { role: 'tv' })
    page.report(app, 20)
    await until(() => app.television.playback.isDriven)
    await page.client.close()
    await until(() => !app.television.playback.isDriven)
    expect(app.television.playback.positionSeconds).toBeGreaterThan(20)
    expect(app.television.playback.positionSeconds).toBeLessThan(25)
  })

  it('is one: a second page is told so, and takes over when it asks to or when the first is closed', async () => {
    const { app, url } = await television()
    const first = await Page.open(url, { role: 'tv' })
    const second = await Page.open(url, { role: 'tv' })
    expect([first.drives, second.drives]).toEqual([true, false])
    expect(second.sections.seat).toEqual({ drives: false, driver: '127.0.0.1' })
    second.report(app, 39)
    await second.client.roundTrip()
    expect(app.television.playback.isDriven).toBe(false)
    second.client.send({ type: 'drive' })
    await until(() => second.drives && !first.drives)
    await second.client.close()
    await until(() => first.drives)
  })

  it('does what the remote control says, and the timeline follows when it has done it', async () => {
    const { app, url } = await television()
    const picture = await Page.open(url, { role: 'tv' })
    const control = await Page.open(url, { role: 'control' })
    picture.report(app, 20)
    await until(() => app.television.playback.isDriven)
    expect(await control.command({ name: 'seek', seconds: 5 })).toBeUndefined()
    await until(() => picture.others.length > 0)
    expect(picture.others).toEqual([{ type: 'action', action: { name: 'seek', seconds: 5 } }])
    expect(app.television.playback.positionSeconds).toBeGreaterThan(19)
    expect(await control.command({ name: 'speed', speed: -1 })).toContain('cannot play backwards')
  })

  it('leaves the timeline to the clock when it cannot play the programme any more', async () => {
    const { app, url } = await television()
    const picture = await Page.open(url, { role: 'tv' })
    picture.report(app, 20)
    picture.report(app, 20.1, { state: 'waiting', speed: 0 })
    await until(() => app.television.playback.speed === 0)
    picture.client.send({ type: 'media-failed', programme: 'clip', detail: 'broken' })
    await until(() => app.television.playback.speed === 1)
    expect(app.television.state().driver).toBe('clock')
  })

  it('shows another programme, and what it still says of the last one is ignored', async () => {
    const { app, url } = await television()
    const picture = await Page.open(url, { role: 'tv' })
    const control = await Page.open(url, { role: 'control' })
    expect(await control.command({ name: 'programme', programme: 'film' })).toBeUndefined()
    await until(() => picture.state.programme === 'film' && picture.state.contentId === FILM.contentId)
    picture.report(app, 33)
    await picture.client.roundTrip()
    expect(app.television.playback.isDriven).toBe(false)
    picture.report(app, 33, { programme: 'film', durationSeconds: 91 })
    await until(() => app.television.playback.isDriven)
    await until(() => (control.sections.programmes as Programme[])[1]?.durationSeconds === 91)
  })
})

describe('the control page', () => {
  it('moves a television that no page drives', async () => {
    const { app, url } = await television()
    const control = await Page.open(url, { role: 'control' })
    expect(await control.command({ name: 'pause' })).toBeUndefined()
    expect(await control.command({ name: 'seek', seconds: 12 })).toBeUndefined()
    await until(() => control.state.positionSeconds === 12 && control.state.speed === 0)
    expect(await control.command({ name: 'status', presentationStatus: ['fault', 'no-signal'] })).toBeUndefined()
    expect(app.cii.cii.presentationStatus).toEqual(['fault', 'no-signal'])
    const selector = 'urn:dvb:css:timeline:temi:1:1'
    expect(await control.command({ name: 'timeline', selector, available: false })).toBeUndefined()
    expect(app.cii.cii.timelines?.map((each) => each.timelineSelector)).not.toContain(selector)
  })

  it.each([
    [{ name: 'status', presentationStatus: ['splendid'] }, 'first word'],
    [{ name: 'timeline', selector: 'urn:none', available: true }, 'there is no timeline "urn:none"'],
    [{ name: 'programme', programme: 'none' }, 'there is no programme "none"'],
    [{ name: 'content', contentId: 'no uri' }, 'expected a URI, received "no uri"'],
    [{ name: 'speed', speed: 100 }, 'expected a speed from -16 to 16'],
  ])('is told why %j was not executed', async (command, text) => {
    const { url } = await television()
    const control = await Page.open(url, { role: 'control' })
    expect(await control.command(command)).toContain(text)
  })

  it('needs the token where there is one, which no log contains', async () => {
    const lines: string[] = []
    const app = makeApp({ logger: { level: 'trace', stream: { write: (line: string) => lines.push(line) } } })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0 })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(televisionPlugin, { controlToken: 'open-sesame' })
    const url = await listen(app)
    for (const hello of [{ role: 'control' }, { role: 'control', token: 'open-sesam' }]) {
      const page = await Page.open(url, hello)
      expect(page.others).toMatchObject([{ type: 'refused', reason: 'token' }])
    }
    const page = await Page.open(url, { role: 'control', token: 'open-sesame' })
    expect(page.sections.companions).toEqual([])
    expect(lines.join('')).toContain('page refused')
    expect(lines.join('')).not.toContain('open-sesam')
  })

  it('is not served at a name that somebody else leads to this machine', async () => {
    const { url } = await television()
    expect(await statusOf(`${url}/control`, { host: 'rebound.example' })).toBe(403)
    const { port } = new URL(url)
    const client = await WsClient.open(`${url}/pages/live`, { headers: { host: `rebound.example:${port}` } })
    client.send({ type: 'hello', role: 'control' })
    expect(await client.nextJson()).toMatchObject({ type: 'refused', reason: 'remote' })
  })
})

describe('the calibration of a companion page', () => {
  it('is shown to control pages beside the companion of the same address and browser', async () => {
    const { url } = await television()
    const headers = { 'user-agent': 'Phone/1' }
    const control = await Page.open(url, { role: 'control' })
    const ts = await WsClient.open(`${url}/ts`, { headers })
    ts.send({ contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' })
    const page = new Page(await WsClient.open(`${url}/pages/live`, { headers }))
    page.client.send({ type: 'hello', role: 'companion' })
    page.client.send({ type: 'calibration', renderingLatencySeconds: 0.3 })
    const companions = () => control.sections.companions as { calibrationSeconds: number; problems: string[] }[]
    await until(() => companions()[0]?.calibrationSeconds === 0.3)
    expect(companions()[0]?.problems.join()).toContain('Its calibration makes it play 300 ms early')
    page.client.send({ type: 'calibration', renderingLatencySeconds: 0.02 })
    await until(() => companions()[0]?.calibrationSeconds === 0.02)
    expect(companions()[0]?.problems.join()).not.toContain('calibration')
  })
})

describe('what pages send', () => {
  it.each([
    ['{"type":"playback"}', 'before hello'],
    ['not json', 'no JSON'],
    ['{"type":"hello","role":"cook"}', 'a role that there is not'],
  ])('is rejected and counted: %s, %s', async (message) => {
    const { app, url } = await television()
    const client = await WsClient.open(`${url}/pages/live`)
    client.send(message)
    await client.roundTrip()
    expect(client.queued).toBe(0)
    expect(app.television.playback.isDriven).toBe(false)
  })

  it('is nothing that a page of its role may not say', async () => {
    const { app, url } = await television()
    const companion = await Page.open(url, { role: 'companion' })
    companion.client.send({ type: 'command', id: 1, command: { name: 'pause' } })
    companion.client.send({ type: 'drive' })
    companion.report(app, 3)
    await companion.client.roundTrip()
    expect(companion.others).toEqual([])
    expect(app.television.state()).toMatchObject({ speed: 1, driver: 'clock' })
  })
})

describe('televisionPlugin', () => {
  it('says which plugins it needs', async () => {
    const app = makeApp()
    app.register(televisionPlugin)
    await expect(app.ready()).rejects.toThrow(
      'expected app.cii; register ciiPlugin, tsPlugin and wallClockPlugin before',
    )
  })

  it.each([[null], [{}], [{ ...CLIP, alternatives: undefined }], [{ ...CLIP, alternatives: [null] }]])(
    'takes no programme like %j',
    async (programme) => {
      const programmes = [programme] as unknown as Programme[]
      await expect(television({ programmes })).rejects.toThrow('"programmes" must be a list of programmes')
    },
  )

  it('does not open the control page to others without a token', async () => {
    await expect(television({ controlHost: '0.0.0.0' })).rejects.toThrow('"controlHost" requires controlToken')
  })
})
