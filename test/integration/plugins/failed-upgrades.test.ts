import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, FastifyServerOptions, RouteHandlerMethod } from 'fastify'
import { describe, expect, it } from 'vitest'
import { ciiPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { handshake, RawClient } from '../../helpers/raw-client.js'
import { shorten } from '../../helpers/shorten.js'
import { makeTestCertificate } from '../../helpers/test-certificate.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

/** 800 ms as it is. */
const CLOSE_TIMEOUT = 200
shorten({ closeTimeoutSeconds: CLOSE_TIMEOUT / 1000 })

/** What docs/operations.md promises, in milliseconds, less the time that is saved here. */
const PROMISE = 2000 - (800 - CLOSE_TIMEOUT)

const MALFORMED = handshake('/%ff')

const NOBODYS = 'GET /nobody HTTP/1.1\r\nHost: x\r\n\r\n'

/** The options of an app, and what else it has. */
interface AppSetup {
  options?: FastifyServerOptions
  prepare?: (app: FastifyInstance) => void
}

const never = () => new Promise<never>(() => {})

function throwOnPurpose(): never {
  throw new Error('on purpose')
}

function notFound(handler: RouteHandlerMethod): AppSetup {
  return { prepare: (app) => app.setNotFoundHandler(handler) }
}

function frameworkErrors(handler: NonNullable<FastifyServerOptions['frameworkErrors']>): AppSetup {
  return { options: { frameworkErrors: handler } }
}

/** A route of the app with a constraint that is looked up asynchronously. */
function asyncConstraint(derive: (done: (error: Error | null) => void) => void): AppSetup {
  const storage = () => {
    const handlers = new Map<unknown, unknown>()
    const get = (key: unknown, done?: (error: null, handler: unknown) => void) => {
      done?.(null, handlers.get(key) ?? null)
      return handlers.get(key) ?? null
    }
    return { get, set: (key: unknown, handler: unknown) => void handlers.set(key, handler) }
  }
  const secret = {
    name: 'secret',
    storage,
    validate: () => {},
    deriveConstraint: (_request: unknown, _context: unknown, done: (error: Error | null) => void) => derive(done),
  }
  return {
    options: { routerOptions: { constraints: { secret } } } as unknown as FastifyServerOptions,
    prepare: (app) => app.get('/constrained', { constraints: { secret: 'x' } }, async () => 'constrained'),
  }
}

/** Counts the sockets that the server has. */
function socketsOf(app: FastifyInstance): Set<Socket> {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

/** An app with an endpoint at /cii, a WebSocket route with a parameter, one with a wildcard, and hooks that depend on headers. */
async function start({ options = {}, prepare = () => {} }: AppSetup = {}) {
  const app = makeApp(options)
  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request
    if (headers['x-hold'] !== undefined) return
    if (headers['x-throw'] !== undefined) throwOnPurpose()
    if (headers['x-refuse'] === undefined) done()
    else reply.code(401).send({ refused: true })
  })
  await app.register(ciiPlugin, { prefix: '/cii' })
  app.register(async (scope) => {
    const websocket = (socket: { close(): void }) => socket.close()
    scope.get('/param/:name', { websocket: true }, websocket)
    scope.get('/wildcard/*', { websocket: true }, websocket)
    scope.get('/other-host', { websocket: true, constraints: { host: 'other' } }, websocket)
    scope.get('/version-2', { websocket: true, constraints: { version: '2.0.0' } }, websocket)
    scope.get('/plain', (_request, reply) => reply.send('plain'))
  })
  prepare(app)
  const sockets = socketsOf(app)
  const url = await listen(app)
  return { app, sockets, url }
}

/** Resolves once the server has read a request, and what follows from it has happened. */
async function readBy(sockets: Set<Socket>, client: RawClient) {
  let isClosed = false
  client.closed.then(() => (isClosed = true))
  await until(() => isClosed || [...sockets].some(({ bytesRead }) => bytesRead > 0))
  await new Promise((resolve) => setImmediate(resolve))
}

async function closeWithinPromise(app: FastifyInstance) {
  const begin = performance.now()
  await app.close()
  expect(performance.now() - begin).toBeLessThan(PROMISE)
}

const ANSWERED: [name: string, text: string, status: number | string, setup?: AppSetup][] = [
  ['a path that cannot be decoded', MALFORMED, 400],
  ['a path below an endpoint that cannot be decoded', handshake('/cii/%c3%28'), 400],
  ['a parameter that cannot be decoded', handshake('/param/%ff'), 400],
  ['a wildcard that cannot be decoded', handshake('/wildcard/a%zz'), 400],
  ['a parameter that is too long', handshake(`/param/${'a'.repeat(101)}`), 414],
  ['an absolute URL whose path cannot be decoded', handshake('http://x/%ff'), 400],
  ['an absolute URL without a host', handshake('http://'), 400],
  ['a relative path', handshake('cii'), 400],
  ['a path of a star', handshake('*'), 404],
  ['a path that cannot be decoded, over HTTP/1.0', MALFORMED.replace('HTTP/1.1', 'HTTP/1.0'), 400],
  ['a path that cannot be decoded, and frames', MALFORMED + 'x'.repeat(1000), 400],
  ['a path that cannot be decoded, and a body', `${handshake('/%ff', 'Content-Length: 10\r\n')}0123456789`, 400],
  ['a path that cannot be decoded, and Expect', handshake('/%ff', 'Expect: 100-continue\r\n'), 400],
  ['a path that cannot be decoded, and another handshake', MALFORMED + handshake('/cii'), 400],
  ['h2c at a path that cannot be decoded', MALFORMED.replace('websocket', 'h2c'), 400],
  ['h2c at an endpoint', handshake('/cii').replace('websocket', 'h2c'), 400],
  ['another version of WebSocket', handshake('/cii').replace('Version: 13', 'Version: 99'), 400],
  ['no key', handshake('/cii').replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
  ['headers that are too long', handshake('/cii', `X-Long: ${'a'.repeat(20_000)}\r\n`), 431],
  ['an unknown method', handshake('/cii').replace('GET', 'FOO'), 400],
  ['POST', handshake('/cii').replace('GET', 'POST'), 404],
  [
    'POST, and a body',
    // Newer versions of Node wait for the body.
    `${handshake('/cii', 'Content-Type: text/plain\r\nContent-Length: 9\r\n').replace('GET', 'POST')}a message`,
    // Those parse it, find it fit, and then no route; older ones see a body that they cannot parse.
    '40[04]',
  ],
  ['OPTIONS', handshake('/cii').replace('GET', 'OPTIONS'), 404],
  ['OPTIONS for the server', handshake('*').replace('GET', 'OPTIONS'), 404],
  ['a method without a router', handshake('/cii').replace('GET', 'PURGE'), 404],
  ['HEAD', handshake('/cii').replace('GET', 'HEAD'), 426],
  ['a route of another host', handshake('/other-host'), 404],
  ['a route of another version', handshake('/version-2', 'Accept-Version: 1.x\r\n'), 404],
  ['a hook that refuses it, at a path that nobody has', handshake('/nobody', 'X-Refuse: 1\r\n'), 401],
  ['a hook that refuses it, at a route of the app', handshake('/param/a', 'X-Refuse: 1\r\n'), 401],
  ['a hook that throws, at a path that nobody has', handshake('/nobody', 'X-Throw: 1\r\n'), 500],
  ['a hook that throws, at an endpoint', handshake('/cii', 'X-Throw: 1\r\n'), 500],
  [
    'a handler of the app for errors of the router',
    MALFORMED,
    418,
    frameworkErrors(
      (_error, _request, reply) =>
        void (reply as never as { code: (status: number) => { send(): void } }).code(418).send(),
    ),
  ],
  ['a handler for errors of the router that throws', MALFORMED, 500, frameworkErrors(throwOnPurpose)],
  ['rewriteUrl that throws', handshake('/cii'), 500, { options: { rewriteUrl: throwOnPurpose } }],
  ['genReqId that throws', handshake('/cii'), 500, { options: { genReqId: throwOnPurpose } }],
  [
    'a parser of the query that throws',
    handshake('/cii?a=b'),
    500,
    { options: { routerOptions: { querystringParser: throwOnPurpose } } },
  ],
  [
    'a constraint that fails',
    handshake('/constrained'),
    500,
    asyncConstraint((done) => setImmediate(done, new Error('on purpose'))),
  ],
  [
    'an asynchronous 404',
    handshake('/nobody'),
    404,
    notFound(async (_request, reply) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return reply.code(404).send({ nothing: 'here' })
    }),
  ],
  [
    'a 404 as a stream',
    handshake('/nobody'),
    404,
    notFound((_request, reply) => reply.code(404).send(Readable.from(['not ', 'here']))),
  ],
  [
    'a 404 as a stream that breaks off',
    handshake('/nobody'),
    404,
    notFound((_request, reply) => reply.code(404).send(Readable.from(brokenOff()))),
  ],
  [
    'a 404 that is written to the response',
    handshake('/nobody'),
    404,
    notFound((_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(404).end('raw')
    }),
  ],
  ['a request before it with a 404', NOBODYS + handshake('/cii'), 404],
  ['a request before it that cannot be decoded', NOBODYS.replace('/nobody', '/%ff') + handshake('/cii'), 400],
  ['a request before it that is answered at once', NOBODYS.replace('/nobody', '/plain') + MALFORMED, 200],
  ['three requests before it', NOBODYS.repeat(3) + MALFORMED, 404],
]

async function* brokenOff() {
  yield 'not '
  await new Promise((resolve) => setImmediate(resolve))
  throwOnPurpose()
}

describe('the socket of an upgrade request that is answered without a connection', () => {
  it.each(ANSWERED)('is closed after the answer to %s', async (_name, text, status, setup) => {
    const { app, sockets, url } = await start(setup)
    const client = new RawClient(url, text)
    await client.closed
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    await until(() => sockets.size === 0)
    expect(app.cii.statistics).toMatchObject({ open: 0, connected: 0 })
    await closeWithinPromise(app)
  })

  it.each(ANSWERED)(
    'is closed if the client half-closes the connection after %s',
    async (_name, text, _status, setup) => {
      const { app, sockets, url } = await start(setup)
      const client = new RawClient(url, text)
      client.socket.end()
      await client.closed
      await until(() => sockets.size === 0)
      await closeWithinPromise(app)
    },
  )

  it.each(ANSWERED)('is closed if the client resets the connection after %s', async (_name, text, _status, setup) => {
    const { app, sockets, url } = await start(setup)
    const client = new RawClient(url, text)
    await readBy(sockets, client)
    client.socket.resetAndDestroy()
    await until(() => sockets.size === 0)
    await closeWithinPromise(app)
  })
})

const UNANSWERED: [name: string, text: string, setup?: AppSetup][] = [
  ['a hook, at an endpoint', handshake('/cii', 'X-Hold: 1\r\n')],
  ['a hook, at a route of the app', handshake('/param/a', 'X-Hold: 1\r\n')],
  ['a hook, at a path that nobody has', handshake('/nobody', 'X-Hold: 1\r\n')],
  ['the handler for errors of the router', MALFORMED, frameworkErrors(() => {})],
  ['a constraint', handshake('/constrained'), asyncConstraint(() => {})],
  ['the handler for a 404', handshake('/nobody'), notFound(never)],
  [
    'the stream of a 404',
    handshake('/nobody'),
    notFound((_request, reply) => reply.code(404).send(new Readable({ read: () => {} }))),
  ],
]

describe('the socket of an upgrade request that is not answered', () => {
  it.each(UNANSWERED)('is closed with the app: %s', async (_name, text, setup) => {
    const { app, sockets, url } = await start(setup)
    const client = new RawClient(url, text)
    await readBy(sockets, client)
    await closeWithinPromise(app)
    await client.closed
  })

  it.each(UNANSWERED)('is closed if the client half-closes the connection: %s', async (_name, text, setup) => {
    const { app, sockets, url } = await start(setup)
    const client = new RawClient(url, text)
    await readBy(sockets, client)
    client.socket.end()
    await until(() => sockets.size === 0)
    expect(app.cii.statistics).toMatchObject({ open: 0, timedOut: { handshake: 0 } })
    await closeWithinPromise(app)
  })

  it.each(UNANSWERED)('is closed if the client resets the connection: %s', async (_name, text, setup) => {
    const { app, sockets, url } = await start(setup)
    const client = new RawClient(url, text)
    await readBy(sockets, client)
    client.socket.resetAndDestroy()
    await until(() => sockets.size === 0)
    await closeWithinPromise(app)
  })

  it('is closed if the client half-closes the connection, and a request before it has no answer', async () => {
    const { app, sockets, url } = await start()
    const held = 'GET /plain HTTP/1.1\r\nHost: x\r\nX-Hold: 1\r\n\r\n'
    const client = new RawClient(url, held + handshake('/cii'))
    await readBy(sockets, client)
    client.socket.end()
    await until(() => sockets.size === 0)
    await closeWithinPromise(app)
  })
})

describe('the socket of an upgrade request with a malformed path', () => {
  it('is closed on a TLS server', async () => {
    const { cert, keyPath, remove } = await makeTestCertificate('localhost')
    const key = await readFile(keyPath, 'utf8')
    await remove()
    const { app, sockets, url } = await start({ options: { https: { key, cert } } as object })
    const client = connectTls({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false })
    let received = ''
    client.on('data', (data) => (received += data))
    const closed = new Promise((resolve) => client.once('close', resolve))
    client.write(MALFORMED)
    await closed
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    await until(() => sockets.size === 0)
    await closeWithinPromise(app)
  })

  it('is closed if the app calls the listener of the websocket plugin', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket)
    const [dispatch] = app.server.listeners('upgrade') as [(...args: unknown[]) => void]
    await app.register(ciiPlugin, { prefix: '/cii' })
    app.server.off('upgrade', dispatch)
    app.server.on('upgrade', (...args: unknown[]) => dispatch(...args))
    const sockets = socketsOf(app)
    const url = await listen(app)
    const client = new RawClient(url, MALFORMED)
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1\.1 400 /)
    await until(() => sockets.size === 0)
    app.server.removeAllListeners('upgrade')
  })

  it('is closed while hooks of the closing app wait', async () => {
    const app = makeApp()
    let finish = () => {}
    let isWaiting = false
    // Before the hook of the websocket plugin, which then still dispatches upgrades.
    app.addHook('preClose', async () => {
      isWaiting = true
      await new Promise<void>((resolve) => (finish = resolve))
    })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const url = await listen(app)
    const closing = app.close()
    await until(() => isWaiting)
    const clients = [MALFORMED, handshake('/cii'), handshake('/nobody')].map((text) => new RawClient(url, text))
    await Promise.all(clients.map(({ closed }) => closed))
    expect(clients.map(({ received }) => received.split(' ')[1])).toEqual(['400', '503', '503'])
    finish()
    await closing
  })

  it('is not needed for an injected request', async () => {
    const { app } = await start()
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    expect((await app.inject({ url: '/%ff', headers })).statusCode).toBe(400)
    await expect(app.injectWS('/%ff')).rejects.toThrow('400')
    await closeWithinPromise(app)
  })
})

describe('a thousand upgrade requests that fail', () => {
  it('leave no socket, and the endpoint takes connections as before', async () => {
    const { app, sockets, url } = await start()
    for (let round = 0; round < 20; round += 1) {
      const clients = Array.from({ length: 50 }, () => new RawClient(url, MALFORMED))
      await Promise.all(clients.map(({ closed }) => closed))
    }
    await until(() => sockets.size === 0)
    const client = await WsClient.open(`${url}/cii`)
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
    await closeWithinPromise(app)
  })
})

describe('a route that throws before its hooks', () => {
  it('is logged once for each request', async () => {
    const stream = new LogLines()
    const { app, url } = await start({ options: { rewriteUrl: throwOnPurpose, logger: { level: 'warn', stream } } })
    const client = new RawClient(url, handshake('/cii'))
    await client.closed
    expect(client.received).toMatch(/"message":"The request could not be routed\."/)
    expect(stream.lines).toMatchObject([{ level: 40, msg: 'websocket upgrade failed', err: { message: 'on purpose' } }])
    await app.close()
  })
})
