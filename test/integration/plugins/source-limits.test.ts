import fastifyWebsocket from '@fastify/websocket'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ciiPlugin,
  type EndpointServer,
  endpointPlugin,
  IsolatedWallClockServer,
  SystemClock,
  tsPlugin,
  UdpRequestServer,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { has } from '../../helpers/needs.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { until } from '../../helpers/until.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

const hasIPv6 = has('ipv6')

closeAppsAfterEach()

const clients: UdpClient[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

async function ciiApp(options: object, appOptions: object = {}) {
  const app = makeApp(appOptions)
  await app.register(ciiPlugin, { prefix: '/cii', ...options })
  return { app, url: `${await listen(app)}/cii`, statistics: app.cii.statistics }
}

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

describe('rates of an endpoint', () => {
  // Time stands still, so that no bucket is refilled while a busy machine takes its time.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('limit the handshakes of an address with 429, and not those of another', async () => {
    const { app, url, statistics } = await ciiApp({ maxHandshakesPerSecond: 2 }, { trustProxy: true })
    for (let n = 0; n < 2; n += 1) await (await WsClient.open(url, from('192.0.2.1'))).close()
    const refused = await refusal(url, from('::ffff:c000:201'))
    expect(refused).toMatchObject({ status: 429, body: { code: 'FST_DVBCSS_ERR_RATE_LIMITED', statusCode: 429 } })
    expect(refused.headers['retry-after']).toBe('1')
    expect(statistics.refused['rate-limited']).toBe(1)
    expect(app.cii.canAllocateConnection('192.0.2.1')).toBe(false)
    expect(app.cii.canAllocateConnection('192.0.2.2')).toBe(true)
    await WsClient.open(url, from('192.0.2.2'))
    vi.advanceTimersByTime(500)
    await WsClient.open(url, from('192.0.2.1'))
  })

  it('count handshakes that are refused, by a limit or by a hook of the app', async () => {
    const app = makeApp()
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers.authorization !== 'Bearer right') return reply.code(401).header('connection', 'close').send()
      return undefined
    })
    await app.register(ciiPlugin, { prefix: '/cii', maxHandshakesPerSecond: 2, maxConnections: 0 })
    const url = `${await listen(app)}/cii`
    const right = { headers: { authorization: 'Bearer right' } }
    expect((await refusal(url, right)).status).toBe(503)
    app.cii.maxConnections = 1
    expect((await refusal(url, { headers: { authorization: 'Bearer guess' } })).status).toBe(401)
    await until(() => !app.cii.canAllocateConnection('127.0.0.1'))
    expect((await refusal(url, right)).status).toBe(429)
    expect(app.cii.statistics.refused).toMatchObject({ full: 1, 'rate-limited': 1 })
  })

  it('limit the handshakes of all addresses together with 503', async () => {
    const { url, statistics } = await ciiApp({ maxHandshakesPerSecondTotal: 3 }, { trustProxy: true })
    for (let n = 1; n <= 3; n += 1) await WsClient.open(url, from(`192.0.2.${n}`))
    const refused = await refusal(url, from('192.0.2.4'))
    expect(refused).toMatchObject({ status: 503, body: { code: 'FST_DVBCSS_ERR_OVERLOADED' } })
    expect(refused.headers['retry-after']).toBe('1')
    expect(statistics.refused['rate-limited-total']).toBe(1)
  })

  it('limit the messages of all clients together, without closing anyone for it', async () => {
    const { app, url, statistics } = await ciiApp({ maxMessagesPerSecondTotal: 5, maxBadMessages: 2 })
    const all = [await WsClient.open(url), await WsClient.open(url)]
    for (const client of all) for (let n = 0; n < 50; n += 1) client.send('{}')
    await until(() => statistics.messagesIn === 100)
    expect(statistics.dropped).toMatchObject({ ignored: 5, 'rate-limited-total': 95, 'rate-limited': 0 })
    expect(app.cii.connections.size).toBe(2)
  })

  it('are shared by all clients whose forwarded address is not an IP address', async () => {
    const limits = { maxConnectionsPerAddress: 1, maxMessagesPerSecond: 5, maxBadMessages: 100 }
    const { url, statistics } = await ciiApp(limits, { trustProxy: true })
    const client = await WsClient.open(url, from(`${'z'.repeat(10_000)}1`))
    for (const other of ['unknown', 'evil.example', 'z', '1.2.3.4.5']) {
      expect((await refusal(url, from(other))).status).toBe(429)
    }
    for (let n = 0; n < 20; n += 1) client.send('{}')
    await until(() => statistics.messagesIn === 20)
    expect(statistics.dropped['rate-limited']).toBe(15)
  })
})

describe('allow and deny of an endpoint', () => {
  it.each([
    ['ciiPlugin', ciiPlugin, 'cii'],
    ['tsPlugin', tsPlugin, 'ts'],
    ['wallClockWebSocketPlugin', wallClockWebSocketPlugin, 'wallClockWebSocket'],
  ] as const)('answer 403 to clients that are denied, and count them: %s', async (_name, plugin, decorator) => {
    const app = makeApp()
    await app.register(plugin as typeof ciiPlugin, { prefix: '/x', allow: ['127.0.0.0/8'], deny: ['127.0.0.2'] })
    const url = `${await listen(app)}/x`
    await WsClient.open(url)
    await WsClient.open(url, { localAddress: '127.0.0.3' })
    const refused = await refusal(url, { localAddress: '127.0.0.2' })
    expect(refused).toMatchObject({ status: 403, body: { code: 'FST_DVBCSS_ERR_DENIED', statusCode: 403 } })
    expect(refused.headers['retry-after']).toBeUndefined()
    const server = app[decorator] as EndpointServer
    expect(server.statistics.refused).toMatchObject({ denied: 1, disabled: 0 })
    expect(server.canAllocateConnection('127.0.0.2')).toBe(false)
    expect(server.canAllocateConnection('127.0.0.1')).toBe(true)
  })

  it('mean the address that a trusted proxy names', async () => {
    const { url } = await ciiApp({ deny: ['192.0.2.0/24', '2001:db8::/32'] }, { trustProxy: true })
    await WsClient.open(url, from('198.51.100.1'))
    for (const denied of ['192.0.2.9', '::ffff:c000:209', '2001:DB8::1', 'not an address']) {
      expect((await refusal(url, from(denied))).status).toBe(403)
    }
  })

  it.runIf(hasIPv6)('know IPv4, IPv4-mapped and IPv6 clients apart on a dual-stack socket', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', deny: ['127.0.0.0/8'] })
    await listen(app, '::')
    const { port } = app.server.address() as { port: number }
    await WsClient.open(`ws://[::1]:${port}/cii`)
    expect((await refusal(`ws://127.0.0.1:${port}/cii`)).status).toBe(403)
  })
})

describe('allow and deny of the wall clock', () => {
  for (const isolate of [false, true]) {
    it(`drop requests from denied sources, and count them (isolate: ${isolate})`, async () => {
      const app = makeApp()
      const lists = { allow: ['127.0.0.0/8'], deny: ['127.0.0.2'] }
      await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, isolate, ...lists })
      await app.ready()
      const target = { address: '127.0.0.1', port: app.wallClockServer.address?.port ?? 0 }
      const denied = await UdpClient.open(target, { host: '127.0.0.2' })
      const allowed = await UdpClient.open(target)
      clients.push(denied, allowed)
      await denied.send(new Uint8Array(32))
      expect(await allowed.request(new Uint8Array(32))).toHaveLength(32)
      await until(() => app.wallClockServer.statistics.dropped.denied === 1)
      expect(app.wallClockServer.statistics).toMatchObject({ requests: 2, answers: 1 })
      expect(denied.queued).toBe(0)
    })

    it.runIf(hasIPv6)(`know an IPv4 address on a dual-stack socket (isolate: ${isolate})`, async () => {
      const app = makeApp()
      await app.register(wallClockPlugin, { host: '::', port: 0, isolate, allow: ['127.0.0.1'] })
      await app.ready()
      const port = app.wallClockServer.address?.port ?? 0
      const byIpv4 = await UdpClient.open({ address: '127.0.0.1', port })
      const byIpv6 = await UdpClient.open({ address: '::1', port }, { host: '::1' })
      clients.push(byIpv4, byIpv6)
      await byIpv6.send(new Uint8Array(32))
      expect(await byIpv4.request(new Uint8Array(32))).toHaveLength(32)
      await until(() => app.wallClockServer.statistics.dropped.denied === 1)
    })
  }
})

describe('the rate of all wall clock requests together', () => {
  it.each([false, true])('leaves what is beyond it unanswered, and counts it (isolate: %s)', async (isolate) => {
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, isolate, maxRequestsPerSecondTotal: 2 })
    await app.ready()
    const target = { address: '127.0.0.1', port: app.wallClockServer.address?.port ?? 0 }
    for (let n = 1; n <= 20; n += 1) {
      const client = await UdpClient.open(target, { host: `127.0.0.${n}` })
      clients.push(client)
      await client.send(new Uint8Array(32))
    }
    await until(() => app.wallClockServer.statistics.requests === 20)
    const { answers, dropped } = app.wallClockServer.statistics
    expect(answers).toBeGreaterThanOrEqual(2)
    expect(dropped['rate-limited-total']).toBe(20 - answers)
    expect(dropped['rate-limited-total']).toBeGreaterThan(0)
  })
})

const escaped = (text: string) => text.replace(/[[\].*+?^${}()|\\]/g, '\\$&')

describe('wrong limits on sources', () => {
  const networks = 'list of IP addresses and networks, such as "192.0.2.1" or "2001:db8::/32"'

  it.each([
    ['maxHandshakesPerSecond', 0, 'a positive integer or Infinity; received 0'],
    ['maxHandshakesPerSecondTotal', 1.5, 'a positive integer or Infinity; received 1.5'],
    ['maxMessagesPerSecondTotal', '5', 'a positive integer or Infinity; received "5"'],
    ['allow', ['10.0.0.0/8', '10.0.0.0/33'], `${networks}; received "10.0.0.0/33"`],
    ['deny', ['television.local'], `${networks}; received "television.local"`],
    ['allow', [], `${networks}; received []`],
  ])('are refused by name at an endpoint: %s %j', async (option, value, message) => {
    const app = makeApp()
    const expected = new RegExp(`^"${option}" must be .*${escaped(message)}`)
    await expect(app.register(endpointPlugin, { [option]: value }).ready()).rejects.toThrow(expected)
  })

  it.each([
    ['maxRequestsPerSecondTotal', 0, 'a positive integer or Infinity; received 0'],
    ['allow', ['192.0.2.1/32/1'], `${networks}; received "192.0.2.1/32/1"`],
    ['deny', '192.0.2.1', `${networks}; received "192.0.2.1"`],
  ])('are refused by name at the wall clock: %s %j', async (option, value, message) => {
    const app = makeApp()
    const expected = new RegExp(`^"${option}" must be .*${escaped(message)}`)
    await expect(app.register(wallClockPlugin, { port: 0, [option]: value }).ready()).rejects.toThrow(expected)
    const handler = { handle: (request: Uint8Array) => request }
    expect(() => new UdpRequestServer(handler, { [option]: value })).toThrow(expected)
    expect(() => new IsolatedWallClockServer(new SystemClock(), { [option]: value })).toThrow(expected)
  })
})

describe('limits that contradict each other', () => {
  it('are refused when the app itself lets no such long messages through', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket, { options: { maxPayload: 1000 } })
    const expected =
      '"maxMessageBytes" must be at most 1000, the maxPayload with which this app has registered @fastify/websocket; received 1001'
    await expect(app.register(endpointPlugin, { maxMessageBytes: 1001 }).ready()).rejects.toThrow(expected)
  })

  it.each([
    ['the same', { maxPayload: 1000 }, 1000],
    ['no limit of ws', { maxPayload: 0 }, 1001],
    ['the default of ws', {}, 1_000_000],
  ])('are accepted when it does: %s', async (_name, options, maxMessageBytes) => {
    const app = makeApp()
    await app.register(fastifyWebsocket, { options })
    await app.register(endpointPlugin, { prefix: '/x', maxMessageBytes })
    // The default of 65536 is above the first of these limits: the lower one applies.
    await app.register(endpointPlugin, { prefix: '/y' })
    await app.ready()
  })

  it('apply as the lower one, where one is within the other', async () => {
    const limits = { maxConnections: 1, maxConnectionsPerAddress: 5, maxHandshakesPerSecondTotal: 4 }
    const { url } = await ciiApp({ ...limits, maxHandshakesPerSecond: 1000 })
    await WsClient.open(url)
    expect((await refusal(url)).body.code).toBe('FST_DVBCSS_ERR_FULL')
  })

  it('are refused when deny leaves nothing of allow', async () => {
    const lists = { allow: ['10.0.0.0/8'], deny: ['10.0.0.0/8'] }
    for (const plugin of [endpointPlugin, wallClockPlugin]) {
      const app = makeApp()
      const expected = '"deny" must leave something of "allow" (["10.0.0.0/8"]); received ["10.0.0.0/8"]'
      await expect(app.register(plugin as typeof endpointPlugin, lists).ready()).rejects.toThrow(expected)
    }
  })
})
