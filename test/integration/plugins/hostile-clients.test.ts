import { once } from 'node:events'
import type { Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { CiiServer, ciiPlugin, EndpointServer, endpointPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { handshake, RawClient } from '../../helpers/raw-client.js'
import { shorten } from '../../helpers/shorten.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()
shorten({ unroutedUpgradeTimeoutSeconds: 0.5 })

/** The longest that a timer can wait. */
const FOREVER = 2_147_483

/** A door that a hook waits at until the test opens it. */
function door() {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open, waiting: 0 }
}

/** Counts the sockets that the server has lost. */
function countClosed(app: FastifyInstance) {
  const count = { closed: 0 }
  app.server.on('connection', (socket: Socket) => {
    socket.once('close', () => {
      count.closed += 1
    })
  })
  return count
}

describe('a client that dies while a hook of the app waits', () => {
  it('gives its place back, when it resets', async () => {
    const { app, slow, url } = await slowApp(FOREVER)
    const count = countClosed(app)
    const clients = Array.from({ length: 5 }, () => new RawClient(url, handshake('/cii')))
    await until(() => slow.waiting === 5)
    for (const { socket } of clients) socket.resetAndDestroy()
    await until(() => count.closed === 5)
    slow.open()
    await expectFivePlaces(app, url)
  })

  it('gives its place back, when it is the deadline that ends it', async () => {
    const { app, slow, url } = await slowApp(0.02)
    const clients = Array.from({ length: 5 }, () => new RawClient(url, handshake('/cii')))
    await Promise.all(clients.map(({ closed }) => closed))
    expect(slow.waiting).toBe(5)
    slow.open()
    await expectFivePlaces(app, url)
  })

  async function slowApp(handshakeTimeoutSeconds: number) {
    const app = makeApp()
    const slow = door()
    app.addHook('onRequest', async () => {
      slow.waiting += 1
      await slow.opened
    })
    await app.register(ciiPlugin, { prefix: '/cii', maxConnections: 5, handshakeTimeoutSeconds })
    return { app, slow, url: await listen(app) }
  }

  async function expectFivePlaces(app: FastifyInstance, url: string) {
    // Once for the hooks that have waited to come to their ends.
    await new Promise((resolve) => setImmediate(resolve))
    expect(app.cii.canAllocateConnection()).toBe(true)
    const honest = await Promise.all(Array.from({ length: 5 }, () => WsClient.open(`${url}/cii`)))
    expect(app.cii.canAllocateConnection()).toBe(false)
    expect(app.cii.statistics).toMatchObject({ open: 5, connected: 5, refused: { full: 0 } })
    await Promise.all(honest.map((client) => client.close()))
  }
})

describe('a handshake that a hook holds up', () => {
  const ways: [name: string, prefix: string, target: string][] = [
    ['with its path percent-encoded', '/cii', '/%63ii'],
    ['with the whole URL in its request line', '/cii', 'http://x/cii'],
    ['for a path beyond ASCII', '/ü', '/%C3%BC'],
    ['for a path with a wildcard', '/a/*', '/a/b/c'],
    ['for a path with a parameter', '/tv/:id', '/tv/7?a=b'],
  ]

  async function holdingApp(prefix: string, handshakeTimeoutSeconds: number) {
    const app = makeApp()
    app.addHook('onRequest', async (request) => {
      if (request.headers['x-hold'] !== undefined) await new Promise(() => {})
    })
    await app.register(ciiPlugin, { prefix, handshakeTimeoutSeconds })
    return { app, url: await listen(app) }
  }

  it.each(ways)('is ended at the deadline, %s', async (_name, prefix, target) => {
    const { url } = await holdingApp(prefix, 0.02)
    const client = new RawClient(url, handshake(target, 'X-Hold: 1\r\n'))
    await client.closed
    expect(client.received).toBe('')
  })

  it.each(ways)('is ended when the app closes, %s', async (_name, prefix, target) => {
    const { app, url } = await holdingApp(prefix, FOREVER)
    const arrived = once(app.server, 'upgrade')
    const client = new RawClient(url, handshake(target, 'X-Hold: 1\r\n'))
    await arrived
    await app.close()
    await client.closed
    expect(client.received).toBe('')
  })

  it('does not end a connection that is open, however long it lasts', async () => {
    const { app, url } = await holdingApp('/cii', 0.02)
    const patient = await WsClient.open(`${url}/cii`)
    await patient.next()
    // A deadline that was set after its own has passed: so has its own.
    await new RawClient(url, handshake('/cii', 'X-Hold: 1\r\n')).closed
    app.cii.update({ mrsUrl: 'http://mrs/' })
    expect(await patient.nextJson()).toEqual({ mrsUrl: 'http://mrs/' })
    await patient.close()
  })
})

describe('a client that nobody will answer any more', () => {
  it('is disconnected when it has pipelined a handshake, after the answer to the request before', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: FOREVER })
    const url = await listen(app)
    const client = new RawClient(url, `GET /cii HTTP/1.1\r\nHost: x\r\n\r\n${handshake('/cii')}`)
    await client.closed
    expect(client.received).toContain('426 Upgrade Required')
    expect(app.cii.statistics).toMatchObject({ connected: 0, timedOut: { handshake: 0 } })
  })

  it('is disconnected when a hook has refused it that comes before the websocket plugin', async () => {
    const app = makeApp()
    app.addHook('onRequest', async (_request, reply) => reply.code(401).send({ refused: true }))
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: FOREVER })
    const client = new RawClient(await listen(app), handshake('/cii'))
    await client.closed
    expect(client.received).toContain('401 Unauthorized')
    expect(client.received).toContain('{"refused":true}')
  })

  it('does not count as timed out when it has gone before the answers to its requests', async () => {
    const app = makeApp()
    const hook = door()
    app.addHook('onRequest', async (request) => {
      if (request.headers['x-hold'] !== undefined) await new Promise(() => {})
      hook.waiting += 1
      await hook.opened
    })
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.2 })
    const url = await listen(app)
    const client = new RawClient(url, 'GET /cii HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20))
    await until(() => hook.waiting === 20)
    client.socket.resetAndDestroy()
    await client.closed
    hook.open()
    // Its deadline is after theirs.
    await new RawClient(url, handshake('/cii', 'X-Hold: 1\r\n')).closed
    await until(() => app.cii.statistics.timedOut.handshake > 0)
    expect(app.cii.statistics.timedOut.handshake).toBe(1)
  })
})

describe('the deadline of an endpoint', () => {
  /** Ends a handshake of ours at its deadline: by then those before it have had theirs. */
  async function outlast(url: string) {
    await new RawClient(url, handshake('/cii', 'X-Hold: 1\r\n')).closed
  }

  it('does not concern the WebSocket routes of the app, other listeners for upgrades, and paths that nobody has', async () => {
    const app = makeApp()
    const slow = door()
    app.addHook('onRequest', async (request) => {
      slow.waiting += 1
      await (request.url === '/cii' ? new Promise(() => {}) : slow.opened)
    })
    await app.register(fastifyWebsocket)
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.02 })
    // A route of its own under our path, too.
    for (const path of ['/chat', '/cii/chat']) {
      app.get(path, { websocket: true }, (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`${data}`))
      })
    }
    const other = new WebSocketServer({ noServer: true })
    app.server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/proxy') return
      slow.opened.then(() => other.handleUpgrade(request, socket, head, (open) => open.send('proxied')))
    })
    // As a proxy does that takes only its own.
    const [dispatch] = app.server.listeners('upgrade').filter(({ name }) => name === 'onUpgrade') as [() => void]
    app.server.off('upgrade', dispatch)
    app.server.on('upgrade', (request, ...rest) => {
      if (request.url !== '/proxy') Reflect.apply(dispatch, app.server, [request, ...rest])
    })
    const url = await listen(app)
    const chats = ['/chat', '/cii/chat'].map((path) => new WsClient(`${url}${path}`))
    const proxied = new WsClient(`${url}/proxy`)
    const nobodys = new RawClient(url, handshake('/nobody'))
    await until(() => slow.waiting === 3)
    await outlast(url)
    slow.open()
    expect(await proxied.next()).toBe('proxied')
    for (const { socket } of chats) await once(socket, 'open')
    for (const chat of chats) {
      chat.send('still here')
      expect(await chat.next()).toBe('still here')
    }
    await nobodys.closed
    expect(nobodys.received).toMatch(/^HTTP\/1\.1 404 /)
    expect(app.cii.statistics.timedOut.handshake).toBe(1)
    for (const { socket } of [...chats, proxied]) socket.terminate()
  })

  it.each([
    ['a handshake', handshake('/cii', 'X-Hold: 1\r\n'), 'GET'],
    ['a plain request', 'GET /cii HTTP/1.1\r\nHost: x\r\nX-Hold: 1\r\n\r\n', 'GET'],
    ['a body', 'POST /cii/?a=b HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n', 'POST'],
  ])('ends %s that does not end, counts it, and logs it', async (_name, text, method) => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'info', stream } })
    app.addHook('onRequest', async (request) => {
      if (request.headers['x-hold'] !== undefined) await new Promise(() => {})
    })
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.02 })
    const client = new RawClient(await listen(app), text)
    await client.closed
    const line = { level: 30, reason: 'handshake', path: '/cii', method, remoteAddress: '127.0.0.1' }
    expect(await stream.message('handshake timed out')).toMatchObject(line)
    expect(app.cii.statistics.timedOut).toEqual({ handshake: 1, heartbeat: 0, send: 0, message: 0 })
    expect(app.cii.canAllocateConnection()).toBe(true)
  })

  it('does not end a connection that is kept alive after its answer, or an upload of the app', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.02 })
    app.post('/cii', async (request) => request.body)
    app.addHook('onRequest', async (request) => {
      if (request.headers['x-hold'] !== undefined) await new Promise(() => {})
    })
    const url = await listen(app)
    const kept = new RawClient(url, 'GET /cii HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => kept.received.includes('426'))
    const head =
      'POST /cii HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n'
    kept.socket.write(head)
    await outlast(url)
    kept.socket.write('hello')
    await kept.closed
    expect(kept.received).toMatch(/hello$/)
  })

  it('survives a logger that throws', async () => {
    const app = makeApp()
    app.addHook('onRequest', () => new Promise(() => {}))
    const logger = pino({ level: 'silent' })
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.02, handler: new CiiServer({ logger }) })
    logger.child = () => {
      throw new Error('on purpose')
    }
    await new RawClient(await listen(app), handshake('/cii')).closed
    expect(app.cii.statistics.timedOut.handshake).toBe(1)
  })
})

describe('a request with a body', () => {
  it.each(['Content-Length: 7', 'Transfer-Encoding: chunked'])('cannot become a connection: %s', async (header) => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = new RawClient(await listen(app), handshake('/cii', `${header}\r\n`))
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1\.1 400 [\s\S]*FST_DVBCSS_ERR_HANDSHAKE_BODY/)
    expect(app.cii.statistics).toMatchObject({ connected: 0, refused: { 'has-body': 1 } })
  })

  it('cannot keep its connection after a 426, because the body may never come', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = new RawClient(await listen(app), 'GET /cii HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n')
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1\.1 426 /)
  })

  it('may say that its body is empty', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = await WsClient.open(`${await listen(app)}/cii`, { headers: { 'Content-Length': '0' } })
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
  })
})

describe('a handshake that comes while the app closes', () => {
  it.each(['/other', '/cii'])('gets 503 while a hook of the app waits: %s', async (target) => {
    const app = makeApp()
    const slow = door()
    // Leaves first.
    await app.register(fastifyWebsocket)
    app.addHook('preClose', async () => {
      slow.waiting += 1
      await slow.opened
    })
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: FOREVER })
    const url = await listen(app)
    const closing = app.close()
    await until(() => slow.waiting === 1)
    const client = new RawClient(url, handshake(target))
    await client.closed
    expect(client.received).toMatch(/^HTTP\/1\.1 503 /)
    slow.open()
    await closing
  })
})

describe('a client that sends a message that is too long', () => {
  it('is not heard any more', async () => {
    const heard: unknown[] = []
    class Listener extends EndpointServer {
      override onMessage(_connection: unknown, message: string | Uint8Array) {
        heard.push(message)
      }
    }
    const app = makeApp()
    const listener = new Listener()
    await app.register(endpointPlugin, { prefix: '/e', handler: listener, maxMessageBytes: 200 })
    // Lets the WebSocket server pass on what is too long for the other.
    await app.register(endpointPlugin, { prefix: '/long', maxMessageBytes: 100_000 })
    const client = await WsClient.open(`${await listen(app)}/e`)
    client.send('first')
    client.send('x'.repeat(201))
    for (let i = 0; i < 10; i += 1) client.send('y'.repeat(i % 2 === 0 ? 300 : 3))
    expect((await client.closed).code).toBe(1009)
    await until(() => listener.statistics.open === 0)
    expect(heard).toEqual(['first'])
    expect(listener.statistics.dropped['too-large']).toBe(1)
    expect(listener.statistics.messagesIn).toBe(1)
  })
})
