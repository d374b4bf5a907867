import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyServerOptions } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ClientOptions } from 'ws'
import {
  type CiiPluginOptions,
  ciiPlugin,
  encodeWallClockMessage,
  FixedTimelineSource,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { has } from '../../helpers/needs.js'
import { makeTestCertificate, type TestCertificate } from '../../helpers/test-certificate.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { WsClient } from '../../helpers/ws-client.js'
import { Nginx } from './nginx.js'

const PAGE = fileURLToPath(new URL('../../../docs/reverse-proxy.md', import.meta.url))
const PTS = 'urn:dvb:css:timeline:pts'
const REQUEST = encodeWallClockMessage({
  type: 0,
  precisionSeconds: 0.001,
  maxFreqErrorPpm: 50,
  originateNanos: 7n,
  receiveNanos: 0n,
  transmitNanos: 0n,
})

interface Advertised {
  wcUrl: string
  tsUrl: string
  private?: { wcUrl: string }[]
}

/** The configuration that the page shows, with what is the reader's own put in place. */
async function documented(changes: readonly [from: string, to: string][]): Promise<string> {
  const [, block = ''] = /```nginx\n([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? []
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`expected ${from} in the configuration of ${PAGE}`)
    return text.replaceAll(from, to)
  }, block)
}

describe.runIf(has('nginx'))('behind an nginx that ends TLS and strips a prefix', () => {
  let certificate: TestCertificate
  const running: Nginx[] = []
  const clients: WsClient[] = []

  beforeAll(async () => {
    certificate = await makeTestCertificate('tv.example')
  })
  afterAll(() => certificate?.remove())
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate()
    await Promise.all(running.splice(0).map((nginx) => nginx.stop()))
  })
  closeAppsAfterEach()

  async function television(options: FastifyServerOptions, cii: CiiPluginOptions = {}) {
    const app = makeApp(options)
    await app.register(wallClockPlugin, { port: 0 })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(ciiPlugin, { prefix: '/cii', ...cii })
    await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1.2.3' })
    const timestamp = { contentTime: 900_000n, wallClockTime: 7n, timelineSpeedMultiplier: 1 }
    app.ts.attachTimelineSource(new FixedTimelineSource(PTS, timestamp))
    const base = await listen(app)
    return { app, base, upstream: new URL(base).port }
  }

  async function proxyOf(upstream: string, changes: readonly [from: string, to: string][] = []): Promise<Nginx> {
    const { certPath, keyPath } = certificate
    const text = await documented([
      ['/etc/ssl/tv.example.crt', certPath],
      ['/etc/ssl/tv.example.key', keyPath],
      ['127.0.0.1:7681', `127.0.0.1:${upstream}`],
      ...changes,
    ])
    const nginx = await Nginx.start((port) => text.replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`))
    running.push(nginx)
    return nginx
  }

  /** Connects through the proxy as a companion does for which tv.example is this machine. */
  async function open(url: string, headers: Record<string, string> = {}): Promise<WsClient> {
    const { protocol, hostname, port, pathname } = new URL(url)
    expect({ protocol, hostname }).toEqual({ protocol: 'wss:', hostname: 'tv.example' })
    const client = await WsClient.open(`wss://127.0.0.1:${port}${pathname}`, {
      ca: certificate.cert,
      servername: 'tv.example',
      headers: { host: `tv.example:${port}`, ...headers },
    } as ClientOptions)
    clients.push(client)
    return client
  }

  /** Asks at every URL that CII advertises. */
  async function askAll({ tsUrl, wcUrl, private: data = [] }: Advertised): Promise<void> {
    const ts = await open(tsUrl)
    ts.send({ contentIdStem: 'dvb://', timelineSelector: PTS })
    expect(await ts.nextJson()).toEqual({ contentTime: '900000', wallClockTime: '7', timelineSpeedMultiplier: 1 })

    const udp = new URL(wcUrl.replace(/^udp:/, 'http:'))
    expect(udp.hostname).toBe('tv.example')
    const udpClient = await UdpClient.open({ address: '127.0.0.1', port: Number(udp.port) })
    expect(await udpClient.request(REQUEST)).toHaveLength(32)
    await udpClient.close()

    expect(data).toHaveLength(1)
    const wc = await open(data[0]?.wcUrl ?? '')
    wc.socket.send(REQUEST)
    expect(await wc.next()).toMatch(/^0001[0-9a-f]{60}$/)
  }

  it('CII advertises the URLs of the proxy from its headers, and each leads to the app', async () => {
    const { upstream } = await television({ trustProxy: '127.0.0.1' })
    const nginx = await proxyOf(upstream)
    const cii = await open(`wss://tv.example:${nginx.port}/css/cii`)
    const advertised = (await cii.nextJson()) as unknown as Advertised
    expect(advertised).toMatchObject({ tsUrl: `wss://tv.example:${nginx.port}/css/ts` })
    await askAll(advertised)
  })

  it('they have the port of TLS when the companion names none', async () => {
    const { upstream } = await television({ trustProxy: '127.0.0.1' })
    const nginx = await proxyOf(upstream)
    const cii = await open(`wss://tv.example:${nginx.port}/css/cii`, { host: 'tv.example' })
    expect(await cii.nextJson()).toMatchObject({ tsUrl: 'wss://tv.example:443/css/ts' })
  })

  it('what a companion puts into these headers itself does not get past the proxy', async () => {
    const { upstream } = await television({ trustProxy: '127.0.0.1' })
    const nginx = await proxyOf(upstream)
    const cii = await open(`wss://tv.example:${nginx.port}/css/cii`, {
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-port': '99',
      'x-forwarded-prefix': '/evil',
    })
    expect(await cii.nextJson()).toMatchObject({ tsUrl: `wss://tv.example:${nginx.port}/css/ts` })
  })

  it('the option publicUrl does the same for a proxy that forwards nothing', async () => {
    const silent = ['For $remote_addr', 'Proto $scheme', 'Host $http_host', 'Prefix /css'].map(
      (header): [string, string] => [`proxy_set_header X-Forwarded-${header};`, ''],
    )
    const publicUrl = 'https://tv.example:8443/css'
    const { upstream } = await television({}, { publicUrl })
    const nginx = await proxyOf(upstream, silent)
    const cii = await open(`wss://tv.example:${nginx.port}/css/cii`)
    const advertised = JSON.stringify(await cii.nextJson())
    expect(advertised).toContain('wss://tv.example:8443/css/ts')
    // The port was not known before nginx had it.
    await askAll(JSON.parse(advertised.replaceAll(':8443', `:${nginx.port}`)) as Advertised)
  })

  it('a companion that connects without the proxy gets the URLs of the app itself', async () => {
    const { base, upstream } = await television({ trustProxy: '127.0.0.1' })
    await proxyOf(upstream)
    const client = await WsClient.open(`${base}/cii`)
    clients.push(client)
    expect(await client.nextJson()).toMatchObject({ tsUrl: `${base}/ts` })
  })

  it('connections last over changes, and end with the code that the app gives', async () => {
    const { app, upstream } = await television({ trustProxy: '127.0.0.1' })
    const nginx = await proxyOf(upstream)
    const cii = await open(`wss://tv.example:${nginx.port}/css/cii`)
    await cii.next()
    app.cii.update({ presentationStatus: ['okay'] })
    expect(await cii.nextJson()).toEqual({ presentationStatus: 'okay' })
    await app.close()
    expect((await cii.closed).code).toBe(1001)
  })
})
