import dns from 'node:dns'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it, vi } from 'vitest'
import { ciiPlugin, metricsPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { handshake, RawClient } from '../../helpers/raw-client.js'
import { shorten } from '../../helpers/shorten.js'
import { makeTestCertificate } from '../../helpers/test-certificate.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

/** Of all that an app waits for at its end this is the longest; 800 ms as it is. */
const CLOSE_TIMEOUT = 200
shorten({ closeTimeoutSeconds: CLOSE_TIMEOUT / 1000 })

/** What docs/operations.md promises, in milliseconds, less the time that is saved here. */
const PROMISE = 2000 - (800 - CLOSE_TIMEOUT)

const POST = 'POST /cii HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n'

async function closeWithinPromise(app: FastifyInstance) {
  const start = performance.now()
  await app.close()
  expect(performance.now() - start).toBeLessThan(PROMISE)
}

/** Resolves once the server has that many TCP connections. */
async function connections(app: FastifyInstance, count: number) {
  const open = () =>
    new Promise<number>((resolve, reject) => {
      app.server.getConnections((error, connected) => (error === null ? resolve(connected) : reject(error)))
    })
  while ((await open()) < count) await new Promise((resolve) => setImmediate(resolve))
}

describe('an app on Fastify defaults closes in time', () => {
  it.each([
    ['has sent nothing', ''],
    ['has sent half a header', 'GET /cii HTTP/1.1\r\nHost: x\r\n'],
    ['has sent half of its second header', 'GET /cii HTTP/1.1\r\nHost: x\r\n\r\nGET /cii HTTP/1.1\r\nHost'],
    ['has been answered, and is kept alive', 'GET /cii HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['has sent half a body to an endpoint', `${POST}{"a"`],
    ['has sent half a body to a path that nobody has', `${POST.replace('/cii', '/nobody')}{"a"`],
    ['has sent half a body in chunks', POST.replace('Content-Length: 10', 'Transfer-Encoding: chunked')],
    ['waits to be told to send its body', POST.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n')],
    ['waits in a hook of the app, at an endpoint', 'GET /cii HTTP/1.1\r\nHost: x\r\nX-Hold: 1\r\n\r\n'],
    ['waits in a hook of the app, with a handshake', handshake('/cii', 'X-Hold: 1\r\n')],
    ['waits in a hook of the app, for the metrics', 'GET /metrics HTTP/1.1\r\nHost: x\r\nX-Hold: 1\r\n\r\n'],
    ['has pipelined a handshake', `GET /nobody HTTP/1.1\r\nHost: x\r\n\r\n${handshake('/cii')}`],
    [
      'has pipelined a handshake behind a request that waits in a hook',
      `GET /cii HTTP/1.1\r\nHost: x\r\nX-Hold: 1\r\n\r\n${handshake('/cii')}`,
    ],
    ['asked for h2c', 'GET /cii HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ])('when a connection %s', async (_name, text) => {
    const app = makeApp()
    app.addHook('onRequest', async (request) => {
      if (request.headers['x-hold'] !== undefined) await new Promise(() => {})
    })
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(metricsPlugin)
    const url = await listen(app)
    const client = new RawClient(url, text)
    if (text === '') await connections(app, 1)
    else await Promise.race([readOf(app), client.closed])
    await closeWithinPromise(app)
    await client.closed
  })

  /** Resolves once the server has read something, and what follows from it has happened. */
  async function readOf(app: FastifyInstance) {
    const [socket] = (await once(app.server, 'connection')) as [Socket]
    await until(() => socket.bytesRead > 0)
    await new Promise((resolve) => setImmediate(resolve))
  }

  it('when TLS handshakes are half done', async () => {
    const { cert, key } = await certificate()
    const app = makeApp({ https: { key, cert } } as object)
    await app.register(ciiPlugin, { prefix: '/cii' })
    const url = await listen(app)
    const silent = new RawClient(url, '')
    const halfway = new RawClient(url, '\x16\x03\x01')
    const open = await WsClient.open(`${url.replace('ws:', 'wss:')}/cii`, { rejectUnauthorized: false })
    await connections(app, 3)
    await closeWithinPromise(app)
    await Promise.all([silent.closed, halfway.closed])
    expect((await open.closed).code).toBe(1001)
  })

  it('when an HTTP/2 session is idle beside the WebSockets', async () => {
    const { cert, key } = await certificate()
    const app = makeApp({ http2: true, https: { key, cert, allowHTTP1: true } } as object)
    await app.register(ciiPlugin, { prefix: '/cii' })
    const url = (await listen(app)).replace('ws:', 'wss:')
    const client = await WsClient.open(`${url}/cii`, { rejectUnauthorized: false })
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
    const session = connectHttp2(url.replace('wss:', 'https:'), { rejectUnauthorized: false })
    await once(session, 'connect')
    const sessionClosed = once(session, 'close')
    await closeWithinPromise(app)
    await sessionClosed
    expect((await client.closed).code).toBe(1001)
  })

  it('and ends what is left on the second address of localhost', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    // For Fastify it has two; usually the second is ::1, which not every machine has.
    const { lookup } = dns
    const all = [{ address: '127.0.0.1' }, { address: '127.0.0.2' }]
    const spy = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((host: string, options: { all?: boolean }, done: never) =>
        options.all && host === 'localhost'
          ? (done as (error: null, addresses: object[]) => void)(null, all)
          : lookup(host, options, done)) as never)
    await app.listen({ host: 'localhost', port: 0 })
    spy.mockRestore()
    const addresses = app.addresses() as { address: string; port: number }[]
    expect(addresses).toHaveLength(2)
    const urls = addresses.map(({ address, port }) => `ws://${address}:${port}`)
    const clients = urls.flatMap((url) => [new RawClient(url, ''), new RawClient(url, POST)])
    const open = await Promise.all(urls.map((url) => WsClient.open(`${url}/cii`)))
    await closeWithinPromise(app)
    await Promise.all(clients.map(({ closed }) => closed))
    for (const client of open) expect((await client.closed).code).toBe(1001)
  })

  async function certificate() {
    const made = await makeTestCertificate('localhost')
    const key = await readFile(made.keyPath, 'utf8')
    await made.remove()
    return { cert: made.cert, key }
  }
})

describe('what other plugins hold', () => {
  it('is not cut when the app closes, but named in the log', async () => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'warn', stream } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    let answer = (_text: string) => {}
    app.get('/poll', () => new Promise((resolve) => (answer = resolve)))
    app.post('/upload', async () => 'thanks')
    const tunnels: Socket[] = []
    app.server.on('connect', (_request, socket: Socket) => {
      tunnels.push(socket)
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.on('data', (data) => socket.write(data))
    })
    let proceed = () => {}
    app.server.on('checkContinue', (_request, response) => {
      proceed = () => response.end('continued')
    })
    const url = await listen(app)
    const poll = new RawClient(url, 'GET /poll?token=secret HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(app.server, 'request')
    const upload = new RawClient(url, POST.replace('/cii', '/upload'))
    await once(app.server, 'request')
    const idle = new RawClient(url, '')
    const tunnel = new RawClient(url, 'CONNECT there:80 HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => tunnels.length === 1)
    const expecting = once(app.server, 'checkContinue')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const patient = new RawClient(url, POST.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'))
    await expecting
    try {
      const closing = app.close()
      await until(() => vi.getTimerCount() > 0)
      vi.advanceTimersByTime(5000)
      const remoteAddress = '127.0.0.1'
      expect(await stream.message('app.close() is waiting for connections of other plugins')).toMatchObject({
        level: 40,
        requests: 3,
        upgradedSockets: 1,
        http2Sessions: 0,
        connections: [
          { kind: 'request', method: 'GET', path: '/poll', remoteAddress },
          { kind: 'request', method: 'POST', path: '/upload', remoteAddress },
          { kind: 'upgraded socket', method: 'CONNECT', path: 'there:80', remoteAddress },
          { kind: 'request', method: 'POST', path: '/cii', remoteAddress },
        ],
      })
      await idle.closed
      tunnel.socket.write('still here')
      await until(() => tunnel.received.endsWith('still here'))
      for (const socket of tunnels) socket.destroy()
      proceed()
      await patient.closed
      expect(patient.received).toMatch(/continued/)
      answer('at last')
      upload.socket.write('"12345678"')
      await Promise.all([closing, poll.closed, upload.closed])
    } finally {
      vi.useRealTimers()
    }
    expect(poll.received).toMatch(/^HTTP\/1\.1 200 [\s\S]*at last$/)
    expect(upload.received).toMatch(/^HTTP\/1\.1 200 [\s\S]*thanks$/)
  })

  it('is reported as a hook when no connection is left', async () => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'warn', stream } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    let finish = () => {}
    app.addHook('preClose', () => new Promise<void>((resolve) => (finish = resolve)))
    await listen(app)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const closing = app.close()
      await until(() => vi.getTimerCount() > 0)
      vi.advanceTimersByTime(5000)
      await stream.message('app.close() is waiting for a preClose or onClose hook; no connection is open')
      finish()
      await closing
    } finally {
      vi.useRealTimers()
    }
  })

  it('keeps its upgraded sockets, and those that nobody takes are refused', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    const taken: Socket[] = []
    app.server.on('upgrade', (request, socket: Socket) => {
      if (request.url !== '/proxy') return
      taken.push(socket)
      socket.on('data', (data) => socket.write(data))
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    })
    let finish = () => {}
    app.addHook('preClose', () => new Promise<void>((resolve) => (finish = resolve)))
    const url = await listen(app)
    const closing = app.close()
    // The websocket plugin has left by then.
    await until(() => app.server.listeners('upgrade').every(({ name }) => name !== 'onUpgrade'))
    const proxied = new RawClient(url, handshake('/proxy'))
    const [ours, nobodys] = [new RawClient(url, handshake('/cii')), new RawClient(url, handshake('/nobody'))]
    await Promise.all([ours.closed, nobodys.closed])
    expect([ours.received, nobodys.received]).toEqual(
      Array(2).fill(expect.stringMatching(/^HTTP\/1\.1 503 Service Unavailable/)),
    )
    proxied.socket.write('still here')
    await until(() => proxied.received.endsWith('still here'))
    finish()
    for (const socket of taken) socket.destroy()
    await closing
  })

  it('in the same process is not mistaken for the app', async () => {
    const other = createServer((socket) => socket.pipe(socket))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    await listen(app)
    const { port } = other.address() as { port: number }
    const client = new RawClient(`http://127.0.0.1:${port}`, 'one')
    await until(() => client.received === 'one')
    const idle = new RawClient(await waitingUrl(app), '')
    await connections(app, 1)
    await app.close()
    await idle.closed
    client.socket.write('two')
    await until(() => client.received === 'onetwo')
    client.socket.destroy()
    other.close()
    await once(other, 'close')
  })

  async function waitingUrl(app: FastifyInstance) {
    const [address] = app.addresses() as { port: number }[]
    return `http://127.0.0.1:${address?.port}`
  }
})
