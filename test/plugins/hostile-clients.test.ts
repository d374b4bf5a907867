import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, EndpointServer, endpointPlugin } from '../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../helpers/app.js'
import { until } from '../helpers/until.js'
import { WsClient } from '../helpers/ws-client.js'

closeAppsAfterEach()

const FOREVER = 2 ** 31 - 1

/** A client that writes its handshake by hand, and then does nothing by itself. */
class RawClient {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  received = ''

  constructor(url: string, target: string, headers = '') {
    const { hostname, port } = new URL(url)
    this.socket = connect(Number(port), hostname)
    this.socket.on('data', (data) => {
      this.received += data.toString('latin1')
    })
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', resolve)
    })
    this.socket.write(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
    )
  }
}

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
    const clients = Array.from({ length: 5 }, () => new RawClient(url, '/cii'))
    await until(() => slow.waiting === 5)
    for (const { socket } of clients) socket.resetAndDestroy()
    await until(() => count.closed === 5)
    slow.open()
    await expectFivePlaces(app, url)
  })

  it('gives its place back, when it is the deadline that ends it', async () => {
    const { app, slow, url } = await slowApp(20)
    const clients = Array.from({ length: 5 }, () => new RawClient(url, '/cii'))
    await Promise.all(clients.map(({ closed }) => closed))
    expect(slow.waiting).toBe(5)
    slow.open()
    await expectFivePlaces(app, url)
  })

  async function slowApp(handshakeTimeout: number) {
    const app = makeApp()
    const slow = door()
    app.addHook('onRequest', async () => {
      slow.waiting += 1
      await slow.opened
    })
    await app.register(ciiPlugin, { prefix: '/cii', maxConnections: 5, handshakeTimeout })
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
    ['for a path that nobody has', '/cii', '/nobody'],
  ]

  async function holdingApp(prefix: string, handshakeTimeout: number) {
    const app = makeApp()
    app.addHook('onRequest', async (request) => {
      if (request.headers['x-hold'] !== undefined) await new Promise(() => {})
    })
    await app.register(ciiPlugin, { prefix, handshakeTimeout })
    return { app, url: await listen(app) }
  }

  it.each(ways)('is ended at the deadline, %s', async (_name, prefix, target) => {
    const { url } = await holdingApp(prefix, 20)
    const client = new RawClient(url, target, 'X-Hold: 1\r\n')
    await client.closed
    expect(client.received).toBe('')
  })

  it.each(ways)('is ended when the app closes, %s', async (_name, prefix, target) => {
    const { app, url } = await holdingApp(prefix, FOREVER)
    const arrived = once(app.server, 'upgrade')
    const client = new RawClient(url, target, 'X-Hold: 1\r\n')
    await arrived
    await app.close()
    await client.closed
    expect(client.received).toBe('')
  })

  it('does not end a connection that is open, however long it lasts', async () => {
    const { app, url } = await holdingApp('/cii', 20)
    const patient = await WsClient.open(`${url}/cii`)
    await patient.next()
    // A deadline that was set after its own has passed: so has its own.
    await new RawClient(url, '/cii', 'X-Hold: 1\r\n').closed
    app.cii.update({ mrsUrl: 'http://mrs/' })
    expect(await patient.nextJson()).toEqual({ mrsUrl: 'http://mrs/' })
    await patient.close()
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
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeout: FOREVER })
    const url = await listen(app)
    const closing = app.close()
    await until(() => slow.waiting === 1)
    const client = new RawClient(url, target)
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
