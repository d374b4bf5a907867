import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { ciiPlugin, type DiscoveryPluginOptions, discoveryPlugin } from '../../../plugins/index.js'
import {
  applicationDocument,
  type DiscoveredTelevision,
  discoverTelevisions,
  launchApp,
} from '../../../src/api/client-node.js'
import { until } from '../../helpers/until.js'

const DIAL = 'urn:dial-multiscreen-org:service:dial:1'
const LOOPBACK = ['127.0.0.1']

const apps: FastifyInstance[] = []
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

/** A port of SSDP for one test, so that others on this machine are not asked. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

async function television(options: DiscoveryPluginOptions = {}, lines?: string[]) {
  const port = options.port ?? (await freePort())
  const app = Fastify(lines === undefined ? {} : { logger: { stream: { write: (line: string) => lines.push(line) } } })
  apps.push(app)
  await app.register(ciiPlugin, { prefix: '/cii' })
  await app.register(discoveryPlugin, { friendlyName: 'Test', port, ...options })
  await app.listen({ host: '127.0.0.1', port: 0 })
  if (lines === undefined) await until(() => app.discovery.interfaces.length > 0)
  const { port: http } = app.addresses()[0] as AddressInfo
  return { app, port, url: `http://127.0.0.1:${http}`, ws: `ws://127.0.0.1:${http}` }
}

async function firstOf(port: number): Promise<DiscoveredTelevision | undefined> {
  for await (const found of discoverTelevisions({ port, interfaces: LOOPBACK, timeoutSeconds: 20 })) return found
  return undefined
}

/** Sends a datagram from loopback, and collects what comes back. */
async function ask(port: number, message: string | Buffer) {
  const socket = createSocket('udp4')
  const answers: string[] = []
  socket.on('message', (datagram) => answers.push(datagram.toString()))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  ends.push(() => socket.close())
  socket.setMulticastInterface('127.0.0.1')
  const send = () => socket.send(message, port, '239.255.255.250')
  send()
  return { answers, send }
}

const search = (...headers: string[]) =>
  ['M-SEARCH * HTTP/1.1', 'HOST: 239.255.255.250:1900', ...headers, '', ''].join('\r\n')

describe('a television with discoveryPlugin', () => {
  it('is found by a search, with the URLs at which it was reached', async () => {
    const { port, url, ws, app } = await television()
    expect(await firstOf(port)).toEqual({
      state: 'found',
      name: 'Test',
      location: `${url}/dd.xml`,
      address: '127.0.0.1',
      applicationUrl: `${url}/apps/HbbTV`,
      ciiUrl: `${ws}/cii`,
      userAgent: 'HbbTV/1.5.1 (; fastify-dvbcss; DVB-CSS television; ; ; )',
      manufacturer: 'fastify-dvbcss',
      modelName: 'DVB-CSS television',
      uuid: app.discovery.uuid,
      isRunning: false,
    })
  })

  it('is found without CSS-CII too', async () => {
    const port = await freePort()
    const app = Fastify()
    apps.push(app)
    await app.register(discoveryPlugin, { friendlyName: 'Radio', port })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const found = await firstOf(port)
    expect(found).toMatchObject({ name: 'Radio', state: 'found' })
    expect(found).not.toHaveProperty('ciiUrl')
  })

  it('answers as UPnP wants, with the target as it was asked for', async () => {
    const { port, url, app } = await television()
    const { answers } = await ask(port, search('MAN: "ssdp:discover"', 'MX: 1', `ST: ${DIAL}`))
    await until(() => answers.length === 1)
    const lines = answers[0]?.split('\r\n')
    expect(lines?.slice(0, 6)).toEqual([
      'HTTP/1.1 200 OK',
      'CACHE-CONTROL: max-age=1800',
      'EXT: ',
      `LOCATION: ${url}/dd.xml`,
      expect.stringMatching(/^SERVER: Node\.js\/\d+ UPnP\/1\.1 fastify-dvbcss$/),
      `ST: ${DIAL}`,
    ])
    expect(lines?.[6]).toBe(`USN: uuid:${app.discovery.uuid}::${DIAL}`)
    expect(lines?.[7]).toMatch(/^BOOTID\.UPNP\.ORG: \d+$/)
  })

  it('answers a search for everything, and none for other targets', async () => {
    const { port, app } = await television()
    await ask(port, search('MAN: "ssdp:discover"', 'MX: 1', 'ST: upnp:rootdevice'))
    const { answers } = await ask(port, search('MAN: ssdp:discover', 'ST: ssdp:all'))
    await until(() => answers.length === 1 && app.discovery.statistics.dropped['other-target'] === 1)
    expect(app.discovery.statistics).toMatchObject({ searches: 1, answers: 1 })
  })

  it.each([
    [
      'with a user agent',
      ['MAN: "ssdp:discover"', 'MX: 3', `ST: ${DIAL}`, 'USER-AGENT: Android/14 UPnP/1.1 App/2.0'],
      '\r\n',
    ],
    ['in lower case', ['man: "ssdp:discover"', 'mx: 1', `st: ${DIAL}`], '\r\n'],
    ['with bare line feeds', ['MAN: "ssdp:discover"', 'MX: 1', `ST: ${DIAL}`], '\n'],
    ['without spaces, quotes or MX', ['MAN:ssdp:discover', `ST:${DIAL}`], '\r\n'],
  ])('answers a search as companions send it, %s', async (_how, headers, lineEnd) => {
    const { port } = await television()
    const lines = ['M-SEARCH * HTTP/1.1', 'HOST: 239.255.255.250:1900', ...headers, '', '']
    const { answers } = await ask(port, lines.join(lineEnd))
    await until(() => answers.length === 1)
    expect(answers[0]).toContain(`\r\nST: ${DIAL}\r\n`)
  })

  it.each([
    ['not-ssdp', 'GET / HTTP/1.1\r\n\r\n'],
    ['invalid-search', search(`ST: ${DIAL}`)],
    ['invalid-search', search('MAN: "ssdp:discover"')],
    ['too-large', Buffer.alloc(5000)],
    ['invalid-header', 'M-SEARCH * HTTP/1.1\r\nno colon\r\n\r\n'],
  ] as const)('counts %s', async (reason, message) => {
    const { port, app } = await television()
    await ask(port, message)
    await until(() => app.discovery.statistics.dropped[reason] === 1)
  })

  it('limits its answers to one source', async () => {
    const { port, app } = await television({ maxAnswersPerSecond: 2 })
    const { send } = await ask(port, search('MAN: "ssdp:discover"', `ST: ${DIAL}`))
    for (let times = 0; times < 30; times++) send()
    const { statistics } = app.discovery
    await until(() => statistics.searches === 31)
    expect(statistics.dropped['rate-limited']).toBeGreaterThan(10)
  })

  it('limits the lines about refused requests', async () => {
    const lines: string[] = []
    const { url } = await television({ ssdp: false }, lines)
    for (let times = 0; times < 100; times++) {
      await fetch(`${url}/dd.xml`, { headers: { origin: 'https://elsewhere.example' } })
    }
    const refusals = lines.filter((line) => line.includes('request from a foreign origin refused'))
    expect(refusals.length).toBeGreaterThan(10)
    expect(refusals.length).toBeLessThan(90)
  })

  it('says goodbye when it is closed', async () => {
    const { port, app } = await television()
    const states: string[] = []
    const found = discoverTelevisions({ port, interfaces: LOOPBACK, timeoutSeconds: 30 })
    for await (const { state } of found) {
      states.push(state)
      if (state === 'found') void app.close()
      else break
    }
    expect(states).toEqual(['found', 'gone'])
    expect(found.statistics.televisions).toBe(0)
  })

  it('has the same UUID after a restart, and another under another name', async () => {
    const first = (await television()).app.discovery.uuid
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect((await television()).app.discovery.uuid).toBe(first)
    expect((await television({ friendlyName: 'Other' })).app.discovery.uuid).not.toBe(first)
  })

  it('goes on without SSDP where the port cannot be had', async () => {
    const port = await freePort()
    const other = createSocket('udp4')
    ends.push(() => other.close())
    await new Promise<void>((resolve) => other.bind(port, '0.0.0.0', resolve))
    const lines: string[] = []
    const { app, url } = await television({ port }, lines)
    await until(() => lines.some((line) => /can(not)? be discovered (in part|by SSDP)/.test(line)))
    await until(() => !app.discovery.interfaces.includes('lo 127.0.0.1'))
    expect((await fetch(`${url}/dd.xml`)).status).toBe(200)
  })

  it('shares its port with another television on the same machine', async () => {
    const { port } = await television({ friendlyName: 'One' })
    await television({ friendlyName: 'Two', port })
    const names = new Set<string>()
    for await (const { name } of discoverTelevisions({ port, interfaces: LOOPBACK, timeoutSeconds: 30 })) {
      names.add(name)
      if (names.size === 2) break
    }
    expect([...names].sort()).toEqual(['One', 'Two'])
  })
})

describe('the resources of DIAL', () => {
  it('refuse pages of other origins, and names that could be made to stand for this machine', async () => {
    const { url, app } = await television({ allowedOrigins: ['https://app.example'], allowedHosts: ['tv.local'] })
    const status = async (headers: Record<string, string>) => (await app.inject({ url: '/dd.xml', headers })).statusCode
    expect(await status({ host: '127.0.0.1:80' })).toBe(200)
    expect(await status({ host: '[::1]:80' })).toBe(200)
    expect(await status({ host: 'TV.local' })).toBe(200)
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ host: '127.0.0.1', origin: 'https://evil.example' })).toBe(403)
    expect(await status({ host: '127.0.0.1', origin: 'null' })).toBe(403)
    expect(await status({ host: '127.0.0.1', origin: 'package:com.example.app' })).toBe(200)
    const allowed = await fetch(`${url}/apps/HbbTV`, { headers: { origin: 'https://app.example' } })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
  })

  it('have one application, and 404 for others', async () => {
    const { url } = await television()
    expect((await fetch(`${url}/apps/HbbTV?clientDialVer=2.1`)).status).toBe(200)
    expect((await fetch(`${url}/apps/YouTube`)).status).toBe(404)
    expect((await fetch(`${url}/dd.xml`)).headers.get('application-url')).toBe(`${url}/apps`)
  })

  it('start and stop an application if the app allows it', async () => {
    const launched: string[] = []
    const { port, app } = await television({
      onLaunch: ({ document }) => {
        launched.push(document)
        return true
      },
      onStop: () => true,
    })
    const found = await firstOf(port)
    if (found === undefined) throw new Error('expected a television')
    const document = applicationDocument({ url: 'https://app.example/a/index.html?x=1&y=2', name: 'A & B' })
    const instance = await launchApp(found, document)
    expect(instance.instanceUrl).toBe(`${found.applicationUrl}/run`)
    expect(launched).toEqual([document])
    expect(document).toContain('<mhp:applicationLocation>index.html?x=1&amp;y=2</mhp:applicationLocation>')
    expect(app.discovery.isRunning).toBe(true)
    await instance.stop()
    expect(app.discovery.isRunning).toBe(false)
    await expect(instance.stop()).rejects.toMatchObject({ code: 'DVBCSS_ERR_LAUNCH' })
  })

  it('refuse to start applications with 403 by default, and documents over 4096 bytes with 413', async () => {
    const { url } = await television()
    const post = async (body: string) => (await fetch(`${url}/apps/HbbTV`, { method: 'POST', body })).status
    expect(await post('<x/>')).toBe(403)
    expect(await post('x'.repeat(4097))).toBe(413)
    await expect(launchApp({ applicationUrl: `${url}/apps/HbbTV` }, '<x/>')).rejects.toThrow(/403: the television/)
    await expect(launchApp({ applicationUrl: `${url}/apps/HbbTV` }, 'x'.repeat(4097))).rejects.toMatchObject({
      code: 'DVBCSS_ERR_INVALID_OPTION',
    })
  })
})

describe('a search among televisions of other makes', () => {
  const application = (http: string) => `<?xml version="1.0"?>
    <d:service xmlns:d="urn:dial-multiscreen-org:schemas:dial" dialVer="1.7"><d:name>HbbTV</d:name>
    <d:options allowStop="false"/><d:state>running</d:state>
    <d:additionalData><h:X_HbbTV_App2AppURL xmlns:h="urn:hbbtv:HbbTVCompanionScreen:2014">${http.replace('http', 'ws')}/remote/
    </h:X_HbbTV_App2AppURL><h:X_HbbTV_InterDevSyncURL xmlns:h="urn:hbbtv:HbbTVCompanionScreen:2014">${http.replace('http', 'ws')}/sync
    </h:X_HbbTV_InterDevSyncURL></d:additionalData></d:service>`

  /** A television with a description, which sends messages of SSDP as told. */
  async function otherTelevision(messageOf: (http: string) => { target: 'asker' | 'group'; text: string }) {
    const server = createServer((request, response) => {
      const isDescription = request.url === '/ssdp/device-desc.xml'
      response.setHeader('Content-Type', 'application/xml')
      if (isDescription) response.setHeader('Application-Url', `${http}/apps/`)
      response.end(
        isDescription ? '<root><device><friendlyName>Bedroom</friendlyName></device></root>' : application(http),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const port = await freePort()
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    await new Promise<void>((resolve) => socket.bind(port, resolve))
    socket.addMembership('239.255.255.250', '127.0.0.1')
    socket.setMulticastInterface('127.0.0.1')
    const { target, text } = messageOf(http)
    socket.on('message', (message, from) => {
      if (!message.toString().startsWith('M-SEARCH')) return
      if (target === 'asker') socket.send(text, from.port, from.address)
      else socket.send(text, port, '239.255.255.250')
    })
    ends.push(() => socket.close())
    ends.push(() => server.close())
    return { port, http }
  }

  it.each([
    [
      'answers in lower case, with bare line feeds',
      (http: string) => ({
        target: 'asker' as const,
        text: `HTTP/1.1 200 OK\nlocation:${http}/ssdp/device-desc.xml\nst:${DIAL}\nusn:uuid:2::${DIAL}\ncache-control:max-age = 60\n\n`,
      }),
    ],
    [
      'answers with many headers of its own',
      (http: string) => ({
        target: 'asker' as const,
        text: [
          'HTTP/1.1 200 OK',
          'CACHE-CONTROL: no-cache="Ext", max-age=1800',
          'DATE: Wed, 25 Nov 2026 12:00:00 GMT',
          'EXT:',
          'OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01',
          '01-NLS: 5f3c',
          `LOCATION:   ${http}/ssdp/device-desc.xml`,
          'SERVER: Linux/4.14 UPnP/1.0 Vendor/1.0',
          `ST: ${DIAL}`,
          `USN: uuid:3::${DIAL}`,
          'X-User-Agent: vendor',
          '',
          '',
        ].join('\r\n'),
      }),
    ],
    [
      'does not answer, but sends notices',
      (http: string) => ({
        target: 'group' as const,
        text: [
          'NOTIFY * HTTP/1.1',
          'HOST: 239.255.255.250:1900',
          'CACHE-CONTROL: max-age=100',
          `LOCATION: ${http}/ssdp/device-desc.xml`,
          `NT: ${DIAL}`,
          'NTS: ssdp:alive',
          `USN: uuid:4::${DIAL}`,
          '',
          '',
        ].join('\r\n'),
      }),
    ],
  ])('finds one that %s', async (_how, messageOf) => {
    const { port, http } = await otherTelevision(messageOf)
    const found = await firstOf(port)
    expect(found).toMatchObject({
      state: 'found',
      name: 'Bedroom',
      applicationUrl: `${http}/apps/HbbTV`,
      ciiUrl: `${http.replace('http', 'ws')}/sync`,
      app2appUrl: `${http.replace('http', 'ws')}/remote/`,
      isRunning: true,
    })
  })
})

describe('a search among hostile devices', () => {
  /** Something that answers every search with this LOCATION, and HTTP requests as told. */
  async function device(
    location: (http: string) => string,
    answer: (path: string, http: string) => { status?: number; headers?: Record<string, string>; body?: string },
  ) {
    const asked: string[] = []
    const server = createServer((request, response) => {
      const path = request.url ?? ''
      asked.push(path)
      const { status = 200, headers = {}, body = '' } = answer(path, http)
      response.writeHead(status, headers).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const port = await freePort()
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    await new Promise<void>((resolve) => socket.bind(port, resolve))
    socket.addMembership('239.255.255.250', '127.0.0.1')
    socket.on('message', (message, from) => {
      if (!message.toString().startsWith('M-SEARCH')) return
      const headers = [`LOCATION: ${location(http)}`, `ST: ${DIAL}`, `USN: uuid:1::${DIAL}`]
      socket.send(['HTTP/1.1 200 OK', ...headers, '', ''].join('\r\n'), from.port, from.address)
    })
    ends.push(() => socket.close())
    ends.push(() => server.close())
    return { port, asked }
  }

  async function rejectedBy(port: number, fault: string) {
    const end = new AbortController()
    const found = discoverTelevisions({
      port,
      interfaces: LOOPBACK,
      timeoutSeconds: 30,
      signal: end.signal,
      requestTimeoutSeconds: 1,
    })
    const televisions: DiscoveredTelevision[] = []
    const ended = (async () => {
      for await (const each of found) televisions.push(each)
    })()
    await until(() => (found.statistics.rejected as Record<string, number>)[fault] !== undefined)
    await until(() => fault !== 'other-host' || found.statistics.televisions === televisions.length)
    end.abort()
    await ended
    return televisions
  }

  const description = '<root><device><friendlyName>x</friendlyName></device></root>'

  it('asks no other host than the one that has answered', async () => {
    const { port, asked } = await device(
      () => 'http://127.0.0.2:1/dd.xml',
      () => ({ body: description }),
    )
    expect(await rejectedBy(port, 'other-host')).toEqual([])
    expect(asked).toEqual([])
  })

  it.each([
    ['other-host', { status: 302, headers: { location: 'http://127.0.0.2:1/' } }],
    ['too-many-redirects', { status: 302, headers: { location: '/again' } }],
    ['too-large', { body: 'x'.repeat(70_000) }],
    ['http-error', { status: 500 }],
    ['not-found', { status: 404 }],
    ['no-application-url', { body: description }],
    ['invalid-xml', { headers: { 'application-url': 'http://127.0.0.1/' }, body: '<!DOCTYPE x><root/>' }],
    ['invalid-url', { status: 301, headers: { location: 'file:///etc/passwd' } }],
  ])('leaves out a device with the fault %s', async (fault, answer) => {
    const { port } = await device(
      (http) => `${http}/dd.xml`,
      () => answer,
    )
    expect(await rejectedBy(port, fault)).toEqual([])
  })

  it('leaves out a device that never completes its description', async () => {
    const server = createServer((_request, response) => response.writeHead(200).write('<root>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ends.push(
      () => server.closeAllConnections(),
      () => server.close(),
    )
    const { port } = await device(
      () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/dd.xml`,
      () => ({}),
    )
    expect(await rejectedBy(port, 'timed-out')).toEqual([])
  })

  it('leaves out URLs that name other hosts', async () => {
    const cii = '<X_HbbTV_InterDevSyncURL>ws://192.0.2.7/cii</X_HbbTV_InterDevSyncURL>'
    const { port } = await device(
      (http) => `${http}/dd.xml`,
      (path, http) =>
        path === '/dd.xml'
          ? { headers: { 'application-url': `${http}/apps/` }, body: description }
          : { body: `<service><state>running</state><additionalData>${cii}</additionalData></service>` },
    )
    const search = discoverTelevisions({ port, interfaces: LOOPBACK, timeoutSeconds: 30 })
    for await (const found of search) {
      expect(found).toMatchObject({ name: 'x', isRunning: true })
      expect(found).not.toHaveProperty('ciiUrl')
      expect(search.statistics.rejected).toEqual({ 'other-host': 1 })
      break
    }
  })

  it('ends with its signal, and without a television', async () => {
    const signal = AbortSignal.timeout(50)
    const found: unknown[] = []
    const search = discoverTelevisions({ port: await freePort(), interfaces: LOOPBACK, signal })
    for await (const each of search) found.push(each)
    expect(found).toEqual([])
    expect(() => discoverTelevisions({ timeoutSeconds: -1 })).toThrow('"timeoutSeconds" must be')
  })
})
