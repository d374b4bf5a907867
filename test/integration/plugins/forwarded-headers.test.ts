import { connect } from 'node:net'
import type { FastifyServerOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { type CiiPluginOptions, CiiServer, ciiPlugin, tsPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const PROXY = { 'x-forwarded-for': '192.0.2.9', 'x-forwarded-host': 'tv.example', 'x-forwarded-proto': 'https' }

async function television(options: FastifyServerOptions = { trustProxy: true }, cii: CiiPluginOptions = {}) {
  const app = makeApp(options)
  await app.register(ciiPlugin, { prefix: '/cii', ...cii })
  await app.register(tsPlugin, { prefix: '/ts' })
  const base = await listen(app)
  const tsUrlFor = async (headers: Record<string, string | string[]>): Promise<unknown> => {
    const client = await WsClient.open(`${base}/cii`, { headers } as never)
    const { tsUrl } = (await client.nextJson()) as { tsUrl?: unknown }
    client.socket.terminate()
    return tsUrl
  }
  return { app, base, own: `${base}/ts`, tsUrlFor }
}

describe('behind a proxy that the app trusts', () => {
  it.each([
    ['/css', '/css'],
    ['/css/', '/css'],
    ['css', '/css'],
    [' /css// ', '/css'],
    ['/', ''],
    ['', ''],
    ['/a/b.c/~d', '/a/b.c/~d'],
    ['/caf%C3%A9', '/caf%C3%A9'],
    ['/$&', '/$&'],
    // Each proxy of a chain appends what it strips.
    ['/a, /b', '/a/b'],
    ['/a/,b/', '/a/b'],
    ['/a,,/b', '/a/b'],
  ])('the URLs have the prefix that it strips: %j', async (prefix, path) => {
    const { tsUrlFor } = await television()
    expect(await tsUrlFor({ ...PROXY, 'x-forwarded-prefix': prefix })).toBe(`wss://tv.example:443${path}/ts`)
  })

  it('the prefix of a header that is there several times is all of them', async () => {
    const { tsUrlFor } = await television()
    expect(await tsUrlFor({ ...PROXY, 'x-forwarded-prefix': ['/a', '/b'] })).toBe('wss://tv.example:443/a/b/ts')
  })

  it.each([
    '//evil.example',
    '/a//b',
    '/..',
    '/a/../b',
    '/%2e%2E/b',
    '/a b',
    '/a"b',
    "/a'b",
    '/a\\b',
    '/a?b',
    '/a#b',
    '/%',
    '/%zz',
    '/<script>',
    '/münchen',
    'javascript:alert(1)//"',
    '/ok, //evil',
    '/{{host}}',
    `/${'a'.repeat(513)}`,
    Array.from({ length: 300 }, () => '/ab').join(),
  ])('what is not a path is no prefix: %j', async (prefix) => {
    const { tsUrlFor } = await television()
    const headers = { ...PROXY, 'x-forwarded-prefix': Buffer.from(prefix).toString('latin1') }
    expect(await tsUrlFor(headers)).toBe('wss://tv.example:443/ts')
  })

  it.each([
    ['tv.example', undefined, 'wss://tv.example:443/ts'],
    ['tv.example', '8443', 'wss://tv.example:8443/ts'],
    ['tv.example', '1, 8443', 'wss://tv.example:8443/ts'],
    ['tv.example:99', '8443', 'wss://tv.example:99/ts'],
    ['tv.example:80', undefined, 'wss://tv.example:80/ts'],
    ['tv.example', '0', 'wss://tv.example:443/ts'],
    ['tv.example', '65536', 'wss://tv.example:443/ts'],
    ['tv.example', '-1', 'wss://tv.example:443/ts'],
    ['tv.example', '8443/x', 'wss://tv.example:443/ts'],
    ['[2001:db8::9]', '8443', 'wss://[2001:db8::9]:8443/ts'],
    ['TV.Example.', undefined, 'wss://tv.example.:443/ts'],
  ])('the port is that of the host, or the forwarded one: %s, %s', async (host, port, url) => {
    const { tsUrlFor } = await television()
    const headers = { ...PROXY, 'x-forwarded-host': host, ...(port === undefined ? {} : { 'x-forwarded-port': port }) }
    expect(await tsUrlFor(headers)).toBe(url)
  })

  it.each([
    ['https', 'wss'],
    ['wss', 'wss'],
    ['http, https', 'wss'],
    ['http', 'ws'],
    ['ws', 'ws'],
    ['javascript', 'ws'],
    ['https"', 'ws'],
    ['https://evil', 'ws'],
  ])('the scheme is wss only over TLS: %s', async (proto, scheme) => {
    const { tsUrlFor } = await television()
    const url = `${scheme}://tv.example:${scheme === 'wss' ? 443 : 80}/ts`
    expect(await tsUrlFor({ ...PROXY, 'x-forwarded-proto': proto })).toBe(url)
  })

  it.each([
    'a b',
    '"quoted"',
    "o'clock",
    'user@host',
    'host/path',
    'host?x',
    'javascript:alert(1)',
    '{{host}}',
    'tv..example',
    '.tv',
    '-tv',
    'tv:0',
    'tv:65536',
    'tv:',
    '0.0.0.0',
    '[::]',
    '[fe80::1]',
    '[fe80::1%25eth0]',
    '[::1',
    'a'.repeat(64),
    `${'a.'.repeat(200)}b`,
    '%00',
  ])('what is not a host leaves the app at its own address: %j', async (host) => {
    const { own, tsUrlFor } = await television()
    const headers = { ...PROXY, 'x-forwarded-host': host, 'x-forwarded-prefix': '/css', 'x-forwarded-port': '1' }
    expect(await tsUrlFor(headers)).toBe(own)
  })

  it('believes nobody else', async () => {
    const forged = { ...PROXY, 'x-forwarded-prefix': '/css', 'x-forwarded-port': '1', host: 'evil.example' }
    for (const options of [{}, { trustProxy: '192.0.2.1' }, { trustProxy: false }]) {
      const { own, tsUrlFor } = await television(options)
      expect(await tsUrlFor(forged)).toBe(own)
    }
  })

  it('believes a proxy whatever it forwards, and takes what is missing from the request', async () => {
    const { own, tsUrlFor } = await television({ trustProxy: '127.0.0.1' })
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/css' }
    expect(await tsUrlFor({ host: 'tv.example', ...forwarded })).toBe('wss://tv.example:443/css/ts')
    expect(await tsUrlFor({ 'x-forwarded-prefix': '/css' })).toBe(own.replace('/ts', '/css/ts'))
    expect(await tsUrlFor({ host: 'tv.example', 'x-forwarded-for': '192.0.2.9' })).toBe('ws://tv.example:80/ts')
  })

  it('takes a client that forwards nothing for one that has connected directly', async () => {
    const { own, tsUrlFor } = await television({ trustProxy: '127.0.0.1' })
    expect(await tsUrlFor({ host: 'tv.example' })).toBe(own)
  })

  it('forgets a prefix with its last client', async () => {
    const { app, base } = await television()
    const headers = { ...PROXY, 'x-forwarded-prefix': '/css' }
    const [one, two] = [await WsClient.open(`${base}/cii`, { headers }), await WsClient.open(`${base}/cii`)]
    await Promise.all([one.next(), two.next()])
    app.cii.update({ teUrl: '{{scheme}}://{{host}}:{{port}}{{prefix}}/te' })
    expect(await one.nextJson()).toEqual({ teUrl: 'wss://tv.example:443/css/te' })
    expect(await two.nextJson()).toEqual({ teUrl: `${base}/te` })
  })

  it.each(['x-forwarded-prefix', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto'])(
    'survives 64 KiB of %s',
    async (name) => {
      // More than Node takes by default: an app may take more.
      const { own, tsUrlFor } = await television({ trustProxy: true, http: { maxHeaderSize: 2 ** 17 } } as never)
      const url = String(await tsUrlFor({ ...PROXY, [name]: `/${'a,/'.repeat(2 ** 14)}\u00e9` }))
      expect([own, 'wss://tv.example:443/ts', 'ws://tv.example:80/ts']).toContain(url)
    },
  )

  it('gets no line of its own into a URL by raw bytes', async () => {
    const { app, base } = await television()
    const { port } = new URL(base)
    const socket = connect(Number(port), '127.0.0.1')
    const handshake = [
      'GET /cii HTTP/1.1',
      'Host: tv.example',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
      'X-Forwarded-For: 192.0.2.9',
      'X-Forwarded-Prefix: /a\tb\r\n /folded',
    ]
    socket.write(`${handshake.join('\r\n')}\r\n\r\n`)
    const received: Buffer[] = []
    for await (const chunk of socket) {
      received.push(chunk)
      if (/"tsUrl"|400 Bad/.test(Buffer.concat(received).toString())) break
    }
    socket.destroy()
    expect(Buffer.concat(received).toString()).not.toMatch(/folded/)
    expect(app.cii.statistics.connected).toBeLessThanOrEqual(1)
  })
})

describe('the option publicUrl', () => {
  it.each([
    ['https://tv.example/css', 'wss://tv.example:443/css/ts'],
    ['https://tv.example:8443', 'wss://tv.example:8443/ts'],
    ['http://tv.example/a/b/', 'ws://tv.example:80/a/b/ts'],
    ['WSS://TV.example/css', 'wss://tv.example:443/css/ts'],
    ['http://[2001:db8::9]:81', 'ws://[2001:db8::9]:81/ts'],
  ])('is where clients are sent, whatever they say: %s', async (publicUrl, url) => {
    const { tsUrlFor } = await television({ trustProxy: true }, { publicUrl })
    expect(await tsUrlFor({})).toBe(url)
    expect(await tsUrlFor({ ...PROXY, 'x-forwarded-prefix': '/other' })).toBe(url)
  })

  it.each([
    'tv.example',
    '/css',
    'ftp://tv.example',
    'javascript:alert(1)',
    'https://',
    'https://a b/',
    'https://user:secret@tv.example',
    'https://tv.example/?x',
    'https://tv.example/#x',
    'https://tv.example/a/../b',
    'https://tv.example:0',
    'https://tv.example:99999',
    'https://[::]/',
    'https://tv.example/\r\nx',
    7,
    '',
  ])('takes nothing but a URL at which the app can be reached: %j', async (publicUrl) => {
    const app = makeApp()
    app.register(ciiPlugin, { publicUrl: publicUrl as string })
    await expect(app.ready()).rejects.toThrow(/^"publicUrl" must be /)
    expect(() => new CiiServer({ publicUrl: publicUrl as string })).toThrow(/^"publicUrl" must be /)
  })
})
