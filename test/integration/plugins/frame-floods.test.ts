import type { Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { ciiPlugin, endpointPlugin, tsPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { frame, RawWebSocket } from '../../helpers/raw-web-socket.js'
import { shorten } from '../../helpers/shorten.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()
shorten({ closeTimeoutSeconds: 0.2 })

const MIB = 2 ** 20

/** What the process has read from each of its clients. */
function serverSockets(app: FastifyInstance): Socket[] {
  const sockets: Socket[] = []
  app.server.on('connection', (socket: Socket) => sockets.push(socket))
  return sockets
}

async function ciiApp(options: Record<string, unknown> = {}) {
  const app = makeApp()
  const sockets = serverSockets(app)
  await app.register(ciiPlugin, { prefix: '/cii', ...options })
  return { app, sockets, url: `${await listen(app)}/cii` }
}

/** As many frames as make a megabyte. */
function megabyteOf(...frames: Buffer[]): Buffer {
  const all = Buffer.concat(frames)
  return Buffer.concat(Array(Math.ceil(MIB / all.length)).fill(all))
}

describe('a flood of control frames', () => {
  it.each(['ping', 'pong'] as const)('closes the connection and is not read any further: %s', async (opcode) => {
    const { app, sockets, url } = await ciiApp()
    const client = await RawWebSocket.open(url)
    await client.flood(megabyteOf(frame(opcode)))
    expect(await client.closeCode()).toBe(1008)
    expect(sockets[0]?.bytesRead).toBeLessThan(MIB)
    expect(app.cii.statistics.dropped['control-flood']).toBe(1)
  })

  it.each(['ping', 'pong'] as const)('counts as messages where these have a limit: %s', async (opcode) => {
    const { app, sockets, url } = await ciiApp({ maxMessagesPerSecond: 5, maxBadMessages: 10 })
    const client = await RawWebSocket.open(url)
    await client.flood(megabyteOf(frame(opcode)))
    expect(await client.closeCode()).toBe(1008)
    expect(sockets[0]?.bytesRead).toBeLessThan(MIB)
    expect(app.cii.statistics.dropped['rate-limited']).toBe(10)
  })

  it('is not what a peer sends that answers pings', async () => {
    const { app, url } = await ciiApp({ heartbeatIntervalSeconds: 0.02, maxMessagesPerSecond: 1, maxBadMessages: 1 })
    const client = await WsClient.open(url)
    let pings = 0
    client.socket.on('ping', () => {
      pings += 1
    })
    await until(() => pings > 5)
    expect(app.cii.statistics).toMatchObject({ open: 1, dropped: { 'rate-limited': 0, 'control-flood': 0 } })
    await client.close()
  })

  it('does not count what a peer sends in a second that pings now and then', async () => {
    const { app, url } = await ciiApp()
    const client = await WsClient.open(url)
    for (let n = 0; n < 40; n += 1) await client.roundTrip()
    expect(app.cii.statistics.open).toBe(1)
    await client.close()
  })
})

describe('a flood of valid messages', () => {
  it('leaves other connections their turns', async () => {
    const { app, url } = await ciiApp({ heartbeatIntervalSeconds: Number.POSITIVE_INFINITY })
    const clients = await Promise.all(Array.from({ length: 3 }, () => RawWebSocket.open(url)))
    const { statistics } = app.cii
    const sent = megabyteOf(frame('text', '{}'))
    for (const client of clients) client.send(sent, sent, sent, sent)
    const total = (clients.length * 4 * sent.length) / 8
    let most = 0
    for (let before = 0; statistics.messagesIn < total; before = statistics.messagesIn) {
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, statistics.messagesIn - before)
    }
    // A chunk of 64 KiB has 8192; Node reads 32 chunks at once.
    expect(most).toBeLessThan(60_000)
    expect(statistics).toMatchObject({ messagesIn: total, dropped: { ignored: total }, open: 3 })
    for (const { socket } of clients) socket.destroy()
  })

  it('leaves other connections their turns, also when the messages are few and long', async () => {
    const { app, url } = await ciiApp({ heartbeatIntervalSeconds: Number.POSITIVE_INFINITY })
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawWebSocket.open(url)))
    const { statistics } = app.cii
    const long = frame('text', `[${Array(21_000).fill('{}').join()}]`)
    const messages = 32
    for (const client of clients) client.send(...Array<Buffer>(messages).fill(long))
    const total = clients.length * messages
    let most = 0
    for (let before = 0; statistics.messagesIn < total; before = statistics.messagesIn) {
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, statistics.messagesIn - before)
    }
    // Each connection has a chunk or two at hand when it is paused; without turns there are 32 of each.
    expect(most).toBeLessThan(40)
    for (const { socket } of clients) socket.destroy()
  })
})

describe('a peer that was closed', () => {
  it('is not read any further when it goes on sending', async () => {
    const { app, sockets, url } = await ciiApp()
    let parsed = 0
    app.websocketServer.on('connection', (socket) => {
      socket.on('message', () => {
        parsed += 1
      })
    })
    const client = await RawWebSocket.open(url)
    await until(() => app.cii.connections.size === 1)
    app.cii.enabled = false
    await client.flood(megabyteOf(frame('text', '{}')))
    expect(await client.closeCode()).toBe(1001)
    expect(sockets[0]?.bytesRead).toBeLessThan(MIB)
    expect(parsed).toBe(100)
  })

  it('still completes the closing handshake when some messages were on their way', async () => {
    const { app, url } = await ciiApp()
    const client = await WsClient.open(url)
    await client.next()
    for (let n = 0; n < 20; n += 1) client.send('{}')
    app.cii.enabled = false
    expect(await client.closed).toEqual({ code: 1001, reason: 'endpoint disabled' })
    await until(() => app.cii.statistics.open === 0)
  })
})

describe('a message in fragments', () => {
  it('is received, in as many as a client with a small buffer makes of it', async () => {
    const { app, url } = await ciiApp()
    const client = await RawWebSocket.open(url)
    const fragments = Array.from({ length: 100 }, () => frame('continuation', ' '.repeat(600), false))
    client.send(frame('text', '{', false), ...fragments, frame('continuation', '}'))
    await until(() => app.cii.statistics.dropped.ignored === 1)
    client.socket.destroy()
  })

  // Each byte would keep alive the 64 KiB chunk in which it came.
  it.each([false, true])('closes the connection when there are too many (own WebSocket server: %s)', async (own) => {
    const app = makeApp()
    if (own) await app.register(fastifyWebsocket)
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = await RawWebSocket.open(`${await listen(app)}/cii`)
    client.send(frame('text', 'a', false))
    await client.flood(frame('continuation', 'a', false))
    expect(await client.closeCode()).toBe(1008)
    expect(app.cii.statistics.dropped['too-fragmented']).toBe(1)
  })

  it('closes the connection when control frames between them fill the memory', async () => {
    const { app, sockets, url } = await ciiApp()
    const client = await RawWebSocket.open(url)
    const pongs = Array(500).fill(frame('pong', 'x'.repeat(125)))
    client.send(frame('text', 'a', false))
    await client.flood(Buffer.concat([frame('continuation', 'a', false), ...pongs]))
    expect(await client.closeCode()).toBe(1008)
    expect(sockets[0]?.bytesRead).toBeLessThan(MIB)
    expect(app.cii.statistics.dropped['control-flood']).toBe(1)
  })
})

describe('a message that never ends', () => {
  it.each([
    ['a fragment', frame('text', '{', false)],
    ['a fragment behind a whole message', Buffer.concat([frame('text', '{}'), frame('text', '{', false)])],
    ['half a frame', frame('text', '{"a":1}').subarray(0, 9)],
    ['a header', frame('text', '{"a":1}').subarray(0, 6)],
    ['half a header', frame('text', '{"a":1}').subarray(0, 1)],
  ])('closes the connection, and is counted: %s', async (_name, bytes) => {
    const { app, url } = await ciiApp({ messageTimeoutSeconds: 0.05 })
    const client = await RawWebSocket.open(url)
    client.send(bytes)
    expect(await client.closeCode()).toBe(1008)
    expect(app.cii.statistics.timedOut).toEqual({ handshake: 0, heartbeat: 0, send: 0, message: 1 })
  })

  it('is not saved by pongs', async () => {
    const { app, url } = await ciiApp({ messageTimeoutSeconds: 0.1 })
    const client = await RawWebSocket.open(url)
    client.send(frame('text', '{', false), frame('pong'))
    const pongs = setInterval(() => client.send(frame('pong')), 30)
    expect(await client.closeCode()).toBe(1008)
    clearInterval(pongs)
    expect(app.cii.statistics.timedOut.message).toBe(1)
  })

  it('is told apart from many that end', async () => {
    const { app, url } = await ciiApp({ messageTimeoutSeconds: 0.1 })
    const client = await RawWebSocket.open(url)
    // Whenever the server looks, a message has begun.
    client.send(frame('text', '{', false))
    const end = performance.now() + 400
    await client.flood(
      Buffer.concat([frame('continuation', '}'), frame('text', '{', false)]),
      () => performance.now() > end,
    )
    expect(app.cii.statistics).toMatchObject({ open: 1, timedOut: { message: 0 } })
    client.socket.destroy()
  })
})

describe('the limits of an endpoint', () => {
  it('hold where the app has set up the WebSocket server, whose other routes keep its own', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket, { options: { maxPayload: 300_000 } })
    await app.register(endpointPlugin, { prefix: '/own', maxMessageBytes: 200 })
    await app.register(tsPlugin, { prefix: '/ts' })
    app.get('/echo', { websocket: true }, (socket) => {
      socket.on('message', (data: Buffer) => socket.send(data.length))
    })
    const sockets = serverSockets(app)
    const base = await listen(app)
    const client = await RawWebSocket.open(`${base}/own`)
    // Without the limit the server would collect it all before it found that it is too long.
    client.send(frame('text', 'x'.repeat(201)).subarray(0, 100))
    expect(await client.closeCode()).toBe(1009)
    expect(sockets[0]?.bytesRead).toBeLessThan(1000)
    const [ts, echo] = [await WsClient.open(`${base}/ts`), await WsClient.open(`${base}/echo`)]
    ts.send('x'.repeat(65_537))
    echo.send('x'.repeat(250_000))
    expect(await echo.next()).toBe('250000')
    expect((await ts.closed).code).toBe(1009)
    echo.send('x'.repeat(300_001))
    expect((await echo.closed).code).toBe(1009)
  })
})
