import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { FastifyServerOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { ClientOptions } from 'ws'
import {
  ciiPlugin,
  encodeWallClockMessage,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { hostOfAddress, hostsOf, neighboursOf } from '../../../plugins/machine-addresses.js'
import { wallClockUrl } from '../../../plugins/wall-clock-url.js'
import { closeAppsAfterEach, makeApp } from '../../helpers/app.js'
import { has, linkLocalAddress } from '../../helpers/needs.js'
import { WsClient } from '../../helpers/ws-client.js'

const hasIPv6 = has('ipv6')

closeAppsAfterEach()

const REQUEST = encodeWallClockMessage({
  type: 0,
  precisionSeconds: 0.001,
  maxFreqErrorPpm: 50,
  originateNanos: 7n,
  receiveNanos: 0n,
  transmitNanos: 0n,
})
const WEB_SOCKET_CLOCK = 'urn:x-fastify-dvbcss:wall-clock-websocket'

interface Advertised {
  wcUrl?: string
  tsUrl?: string
  private?: { type: string; wcUrl: string }[]
}

/** Where another program than ours finds a host and a port in the URL. */
function target(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url.replace(/^udp:/, 'http:'))
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
}

async function askOverUdp(url: string): Promise<void> {
  const { host, port } = target(url)
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
    socket.send(REQUEST, port, host)
    const [answer, remote] = await answered
    expect(answer).toHaveLength(32)
    expect(remote.address).toBe(host)
  } finally {
    socket.close()
  }
}

/** Asks every URL of a CII message, as a companion would. */
async function askAll({ wcUrl, tsUrl, private: data = [] }: Advertised): Promise<void> {
  const urls = [wcUrl, tsUrl, ...data.map((each) => each.wcUrl)].filter((url) => url !== undefined)
  for (const url of urls) {
    if (url.startsWith('udp:')) await askOverUdp(url)
    else (await WsClient.open(url)).socket.terminate()
  }
}

interface Setup {
  app: string
  wallClock?: string
  isolate?: boolean
  webSocketClock?: boolean
  options?: FastifyServerOptions
}

async function television({ app: host, wallClock, isolate = false, webSocketClock = false, options = {} }: Setup) {
  const app = makeApp(options)
  await app.register(wallClockPlugin, { port: 0, isolate, ...(wallClock === undefined ? {} : { host: wallClock }) })
  await app.register(ciiPlugin, { prefix: '/cii' })
  await app.register(tsPlugin, { prefix: '/ts' })
  if (webSocketClock) await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  await app.listen({ host, port: 0 })
  const [{ port } = { port: 0 }] = app.addresses() as { port: number }[]
  const udpPort = app.wallClockServer.address?.port ?? 0
  const seenAt = async (address: string, headers: Record<string, string> = {}): Promise<Advertised> => {
    const client = await WsClient.open(`ws://${address}:${port}/cii`, { headers })
    const cii = (await client.nextJson()) as Advertised
    client.socket.terminate()
    return cii
  }
  return { app, port, udpPort, seenAt }
}

describe.runIf(hasIPv6)('what CII advertises is an address that answers', () => {
  const everywhere = ['127.0.0.1', '[::1]']
  const cases: [app: string, wallClock: string | undefined, reached: string[], clock: string[]][] = [
    ['::', undefined, everywhere, ['127.0.0.1', '[::1]']],
    ['::1', undefined, ['[::1]'], ['[::1]']],
    ['127.0.0.1', undefined, ['127.0.0.1'], ['127.0.0.1']],
    ['::', '::', everywhere, ['127.0.0.1', '[::1]']],
    ['::', '0.0.0.0', everywhere, ['127.0.0.1', '127.0.0.1']],
    ['::', '127.0.0.1', everywhere, ['127.0.0.1', '127.0.0.1']],
    ['::', '::1', everywhere, ['[::1]', '[::1]']],
    ['::', '::ffff:127.0.0.1', everywhere, ['127.0.0.1', '127.0.0.1']],
    ['::ffff:127.0.0.1', undefined, ['127.0.0.1'], ['127.0.0.1']],
    ['::', 'localhost', everywhere, []],
  ]
  for (const isolate of [false, true]) {
    it.each(cases)(
      `with the app on %s, the wall clock on %s, reached at %j (isolate: ${isolate})`,
      async (host, wallClock, reached, clock) => {
        const { seenAt, udpPort } = await television({ app: host, isolate, ...(wallClock ? { wallClock } : {}) })
        for (const [index, address] of reached.entries()) {
          const cii = await seenAt(address)
          if (clock.length > 0) expect(cii.wcUrl).toBe(`udp://${clock[index]}:${udpPort}`)
          await askAll(cii)
        }
      },
    )
  }

  it('the wall clock over WebSocket where none over UDP can be reached', async () => {
    const { app, seenAt, port, udpPort } = await television({
      app: '::',
      wallClock: '127.0.0.1',
      webSocketClock: true,
      options: { trustProxy: true },
    })
    const here = await seenAt('[::1]')
    expect(here.wcUrl).toBe(`udp://127.0.0.1:${udpPort}`)
    expect(here.private).toEqual([{ type: WEB_SOCKET_CLOCK, wcUrl: `ws://[::1]:${port}/wc` }])
    await askAll(here)
    // To a client behind a proxy a clock on loopback is no use: its own loopback is another.
    const proxied = await seenAt('127.0.0.1', { 'x-forwarded-host': 'tv.example', 'x-forwarded-for': '192.0.2.9' })
    expect(proxied).toMatchObject({ wcUrl: 'ws://tv.example:80/wc' })
    expect(proxied.private).toBeUndefined()
    await app.wallClockServer.stop()
    const stopped = await seenAt('127.0.0.2')
    expect(stopped.wcUrl).toBe(`ws://127.0.0.2:${port}/wc`)
    await askAll(stopped)
  })

  it('and no wall clock at all where there is none over WebSocket either', async () => {
    const { seenAt } = await television({ app: '127.0.0.1', wallClock: '127.0.0.1', options: { trustProxy: true } })
    const headers = { 'x-forwarded-host': 'tv.example', 'x-forwarded-for': '192.0.2.9' }
    expect(await seenAt('127.0.0.1', headers)).toEqual({ protocolVersion: '1.1', tsUrl: 'ws://tv.example:80/ts' })
  })

  it('what the app has set, whatever the wall clock is bound to', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0, host: '127.0.0.1' })
    await app.register(ciiPlugin, {
      prefix: '/cii',
      cii: { wcUrl: 'udp://{{host}}:1', private: [{ type: 'urn:own' }] },
    })
    await app.listen({ host: '::1', port: 0 })
    const [{ port } = { port: 0 }] = app.addresses() as { port: number }[]
    const client = await WsClient.open(`ws://[::1]:${port}/cii`)
    expect(await client.nextJson()).toMatchObject({ wcUrl: 'udp://[::1]:1', private: [{ type: 'urn:own' }] })
  })

  it('in changes too', async () => {
    const { app, port, udpPort } = await television({ app: '::', wallClock: '0.0.0.0' })
    const client = await WsClient.open(`ws://[::1]:${port}/cii`)
    expect(await client.nextJson()).toMatchObject({ wcUrl: `udp://127.0.0.1:${udpPort}` })
    app.cii.update({ presentationStatus: ['okay'] })
    expect(await client.nextJson()).toEqual({ presentationStatus: 'okay' })
    app.cii.update({ wcUrl: null })
    expect(await client.nextJson()).toEqual({ wcUrl: null })
  })
})

describe.runIf(has('link-local'))('an app that is reached at a link-local address', () => {
  const { name = '', address = '' } = linkLocalAddress() ?? {}
  const zoned = `${address}%${name}`

  /** `ws` takes no zone in a URL, as no URL does. */
  async function seenAt(port: number): Promise<Advertised> {
    const createConnection = () => connect({ host: zoned, port })
    const client = await WsClient.open('ws://tv.invalid/cii', { createConnection } as ClientOptions)
    const cii = (await client.nextJson()) as Advertised
    client.socket.terminate()
    return cii
  }

  it('advertises another address of that interface, and every URL answers', async () => {
    const { port } = await television({ app: '::', webSocketClock: true })
    const cii = await seenAt(port)
    expect(JSON.stringify(cii)).not.toMatch(/fe80|%/)
    expect(neighboursOf(zoned).map(hostOfAddress)).toContain(new URL(cii.tsUrl ?? '').hostname)
    expect(cii).toMatchObject({ wcUrl: expect.any(String), private: [expect.anything()] })
    await askAll(cii)
  })

  it('advertises nothing where it listens on no other address', async () => {
    const { port } = await television({ app: zoned, wallClock: zoned, webSocketClock: true })
    expect(await seenAt(port)).toEqual({ protocolVersion: '1.1' })
  })
})

describe('the addresses of a machine', () => {
  const base = { netmask: '', mac: '', cidr: null, internal: false }
  const interfaces = {
    lo: [
      { ...base, address: '127.0.0.1', family: 'IPv4' as const, internal: true },
      { ...base, address: '::1', family: 'IPv6' as const, internal: true, scopeid: 0 },
    ],
    eth0: [
      { ...base, address: '192.0.2.7', family: 'IPv4' as const },
      { ...base, address: '2001:db8::7', family: 'IPv6' as const, scopeid: 0 },
      { ...base, address: 'fe80::7', family: 'IPv6' as const, scopeid: 2 },
    ],
    wlan0: [{ ...base, address: 'fe80::7', family: 'IPv6' as const, scopeid: 3 }],
  }

  it.each([
    ['127.0.0.1', ['::1']],
    ['127.9.9.9', ['127.0.0.1', '::1']],
    ['::1', ['127.0.0.1']],
    ['::ffff:192.0.2.7', ['2001:db8::7']],
    ['2001:db8::7', ['192.0.2.7']],
    ['fe80::7%eth0', ['2001:db8::7', '192.0.2.7']],
    ['fe80::7%2', ['2001:db8::7', '192.0.2.7']],
    ['fe80::7%wlan0', []],
    ['203.0.113.9', []],
  ])('beside %s are %j', (address, expected) => {
    expect(neighboursOf(address, interfaces)).toEqual(expected)
  })

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::7', '[2001:db8::7]'],
    ['2001:db8::7%eth0', '[2001:db8::7]'],
    ['fe80::7%eth0', null],
    ['febf::1', null],
    ['fec0::1', '[fec0::1]'],
  ])('%s is %s in a URL', (address, host) => {
    expect(hostOfAddress(address)).toBe(host)
  })

  it('are those of one family for a server on all of them, without those that no URL can name', () => {
    expect(hostsOf('::', interfaces)).toEqual(['[::1]', '[2001:db8::7]'])
    expect(hostsOf('0.0.0.0', interfaces)).toEqual(['127.0.0.1', '192.0.2.7'])
    expect(hostsOf('fe80::7%eth0', interfaces)).toEqual([])
  })
})

describe('the URL of a wall clock over UDP', () => {
  const udp = (...addresses: string[]) =>
    addresses.map((address) => ({
      address,
      port: 6677,
      family: address.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
    }))
  const tcp = (...addresses: string[]) => addresses.map((address) => ({ address }))
  const both = udp('0.0.0.0', '::')

  it.each([
    ['a name that leads to both families, as the app', both, tcp('::', '0.0.0.0'), 'udp://{{host}}:6677'],
    ['a name, with an app on IPv4 alone', udp('0.0.0.0'), tcp('0.0.0.0'), 'udp://{{host}}:6677'],
    [
      'not a name that may lead to a family without wall clock',
      udp('0.0.0.0'),
      tcp('::', '0.0.0.0'),
      'udp://192.0.2.7:6677',
    ],
  ])('names over TLS %s', (_what, bound, app, url) => {
    const localAuthority = { secure: true, host: 'tv.example', port: 443, localAddress: '192.0.2.7' }
    expect(wallClockUrl(bound, app, localAuthority)).toBe(url)
  })

  it.each([
    ['127.0.0.1', '192.0.2.7', undefined],
    ['127.0.0.1', '127.0.0.1', 'udp://{{host}}:6677'],
    ['::1', '127.0.0.1', 'udp://[::1]:6677'],
    ['192.0.2.8', '192.0.2.7', 'udp://192.0.2.8:6677'],
    ['192.0.2.8', '127.0.0.1', 'udp://192.0.2.8:6677'],
    ['fe80::7%eth0', '192.0.2.7', undefined],
  ])('on %s, for a client at %s, is %s', (address, localAddress, url) => {
    const localAuthority = { secure: false, host: localAddress, port: 80, localAddress }
    expect(wallClockUrl(udp(address), tcp('0.0.0.0'), localAuthority)).toBe(url)
  })

  it.each([
    ['tv.example', both, 'udp://{{host}}:6677'],
    ['tv.example', udp('0.0.0.0'), 'udp://{{host}}:6677'],
    ['tv.example', udp('127.0.0.1'), undefined],
    ['localhost', udp('127.0.0.1'), 'udp://127.0.0.1:6677'],
    ['[2001:db8::9]', udp('0.0.0.0'), undefined],
    ['[2001:db8::9]', both, 'udp://{{host}}:6677'],
    ['192.0.2.9', udp('192.0.2.7'), 'udp://192.0.2.7:6677'],
  ])('behind a proxy that is called %s', (host, bound, url) => {
    expect(wallClockUrl(bound, tcp('127.0.0.1'), { secure: false, host, port: 80 })).toBe(url)
  })
})
