import { EventEmitter } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, metricsPlugin, tsPlugin, wallClockPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

describe('an option that cannot have an effect is refused at registration', () => {
  it('decorateAs of the wall clock, when the name of its server is taken', async () => {
    const app = makeApp()
    app.decorate('clockServer', 'mine')
    const registered = app.register(wallClockPlugin, { port: 0, decorateAs: 'clock' }).ready()
    await expect(registered).rejects.toThrow(/^"decorateAs" must be another name .*clockServer.*; received "clock"$/)
  })

  it('decorateAs, when another plugin of ours has that name', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    const registered = app.register(ciiPlugin, { prefix: '/cii', decorateAs: 'wallClockServer' }).ready()
    await expect(registered).rejects.toThrow(/^"decorateAs" must be another name .*wallClockServer/)
  })

  it.each([
    [wallClockPlugin, 'unknown option "prefix"'],
    [metricsPlugin, 'unknown option "prefix"'],
  ])('prefix of a plugin that has none', async (plugin, message) => {
    const app = makeApp()
    await expect(
      app.register(plugin as FastifyPluginAsync<{ prefix: string }>, { prefix: '/x' }).ready(),
    ).rejects.toThrow(message)
  })

  it('a prefix that is percent-encoded, because Fastify matches decoded paths', async () => {
    const app = makeApp()
    const registered = app.register(ciiPlugin, { prefix: '/c%20ii' }).ready()
    await expect(registered).rejects.toThrow('"prefix" must be a path that begins with "/"')
  })
})

describe('an app on which no WebSocket could connect is refused at registration', () => {
  const UNSUITABLE = { name: 'UnsuitableAppError', code: 'DVBCSS_ERR_UNSUITABLE_APP' }

  async function refusal(app: FastifyInstance) {
    const error = await app.register(ciiPlugin, { prefix: '/cii' }).then(
      () => app.ready(),
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject(UNSUITABLE)
    return (error as Error).message
  }

  it.each([
    ['cleartext HTTP/2', { http2: true }],
    ['HTTP/2 over TLS without HTTP/1.1', { http2: true, https: {} }],
    ['a serverFactory that makes an HTTP/2 server', { serverFactory: (on: never) => createHttp2Server(on) }],
  ])('%s', async (_name, options) => {
    const message = await refusal(makeApp(options as object))
    expect(message).toContain('this app serves HTTP/2 only')
  })

  it('@fastify/websocket in the scope of the endpoint', async () => {
    const app = makeApp()
    app.register(async (scope) => {
      await scope.register(fastifyWebsocket)
      await scope.register(ciiPlugin, { prefix: '/cii' })
    })
    await expect(app.ready()).rejects.toMatchObject({
      ...UNSUITABLE,
      message: expect.stringContaining('register @fastify/websocket on the root instance'),
    })
  })

  it('@fastify/websocket in another scope, where it would answer for the whole app', async () => {
    const app = makeApp()
    await app.register(async (scope) => {
      await scope.register(fastifyWebsocket)
    })
    expect(await refusal(app)).toContain('@fastify/websocket is registered more than once')
  })

  it('@fastify/websocket that takes one path only', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket, { options: { path: '/chat' } as object })
    expect(await refusal(app)).toContain('@fastify/websocket refuses all paths except /chat')
  })

  it('the same path twice', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    const again = app.register(tsPlugin, { prefix: '/cii' }).ready()
    await expect(again).rejects.toMatchObject({ code: 'FST_ERR_DUPLICATED_ROUTE' })
  })
})

describe('what may be meant, but hardly is, gets a warning', () => {
  it('@fastify/websocket on another server', async () => {
    const stream = new LogLines()
    const other = createServer()
    const app = makeApp({ logger: { level: 'warn', stream } })
    await app.register(fastifyWebsocket, { options: { server: other } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    expect(await stream.line(({ msg }) => `${msg}`.includes('is registered with options.server'))).toBeDefined()
  })

  it('a server that Node did not make', async () => {
    const stream = new LogLines()
    class Foreign extends EventEmitter {
      readonly #server
      constructor(listener: RequestListener) {
        super()
        this.#server = createServer(listener)
      }
      close(done: () => void) {
        this.#server.close(done)
      }
    }
    const serverFactory = (listener: RequestListener) => new Foreign(listener)
    const app = makeApp({
      logger: { level: 'warn', stream },
      forceCloseConnections: false,
      serverFactory,
    } as unknown as object)
    await app.register(ciiPlugin, { prefix: '/cii' })
    expect(await stream.line(({ msg }) => `${msg}`.includes('was not made by Node'))).toBeDefined()
  })
})

describe('the log level of a registration', () => {
  it('is that of the endpoint, and of nothing else', async () => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'info', stream } })
    await app.register(ciiPlugin, { prefix: '/cii', logLevel: 'warn' })
    await app.register(tsPlugin, { prefix: '/ts' })
    const url = await listen(app)
    for (const path of ['/cii', '/ts']) await (await WsClient.open(`${url}${path}`)).close()
    await until(() => app.cii.statistics.disconnected === 1 && app.ts.statistics.disconnected === 1)
    await stream.message('disconnected')
    expect(new Set(stream.lines.flatMap(({ path }) => path ?? []))).toEqual(new Set(['/ts']))
    const urls = stream.lines.flatMap(({ req }) => (req as { url: string } | undefined)?.url ?? [])
    expect(urls).toEqual(['/ts'])
  })

  it('is that of the wall clock', async () => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'info', stream } })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, logLevel: 'warn' })
    await app.ready()
    expect(app.wallClockServer.address).not.toBeNull()
    expect(stream.lines).toEqual([])
  })
})
