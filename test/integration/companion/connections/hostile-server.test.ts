import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import type { CiiClientOptions } from '../../../../src/companion/connections/cii-client.js'
import { ReconnectingSocket } from '../../../../src/companion/connections/reconnecting-socket.js'
import { CiiClient, nodePlatform } from '../../../../src/companion/node/index.js'
import { ScriptedServer } from '../../../helpers/scripted-server.js'
import { until } from '../../../helpers/until.js'

const clients: { stop(): void }[] = []
const servers: ScriptedServer[] = []
const tcpServers: Server[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  for (const server of tcpServers.splice(0)) server.close()
})

const QUICK = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }

async function connected(options: CiiClientOptions = {}) {
  const server = await ScriptedServer.start()
  servers.push(server)
  const client = new CiiClient(server.url, { ...QUICK, ...options })
  clients.push(client)
  client.start()
  return { server, client, connection: await server.connection() }
}

/** The TCP socket under a connection, for frames that no library would send. */
const raw = (connection: WebSocket): Socket => (connection as unknown as { _socket: Socket })._socket

function frame(opcode: number, payload: Buffer, isFinal: boolean): Buffer {
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode, payload.length]), payload])
}

async function tcpServer(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  tcpServers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}/`
}

describe('a connection to a hostile server is left, reported, and opened again', () => {
  it('for a message in very many fragments', async () => {
    const { server, client, connection } = await connected()
    const error = client.next('protocolError')
    for (let part = 0; part < 200; part += 1) raw(connection).write(frame(part === 0 ? 1 : 0, Buffer.from('a'), false))
    expect(await error).toEqual({ reason: 'too-many-parts', detail: 'expected at most 128 frames in a message' })
    await server.connection()
  })

  it('for a message that never ends', async () => {
    const { server, client, connection } = await connected({ messageTimeoutSeconds: 0.05 })
    const error = client.next('protocolError')
    raw(connection).write(frame(1, Buffer.from('a'), false))
    expect(await error).toMatchObject({ reason: 'message-incomplete' })
    await server.connection()
  })

  it('for a frame whose header never ends', async () => {
    const { client, connection } = await connected({ messageTimeoutSeconds: 0.05 })
    const error = client.next('protocolError')
    raw(connection).write(Buffer.from([0x81]))
    expect(await error).toMatchObject({ reason: 'message-incomplete' })
  })

  it('for a flood of pings', async () => {
    const { server, client, connection } = await connected()
    const error = client.next('protocolError')
    let latest = connection
    // On a busy machine `ws` may destroy the connection first, because 60 of its pongs have not been sent.
    const flooded = async (): Promise<void> => {
      latest = await server.connection()
      void flooded()
    }
    void flooded()
    // Again and again: a busy machine may read the first ones in different seconds.
    const flood = setInterval(() => {
      for (let count = 0; count < 200; count += 1) latest.ping()
    }, 10)
    onTestFinished(() => clearInterval(flood))
    expect(await error).toMatchObject({ reason: 'too-many-control-frames' })
    const { length } = server.handshakes
    await until(() => server.handshakes.length > length)
  })

  it('for a flood of small messages', async () => {
    const { server, client, connection } = await connected({
      maxMessagesPerSecond: 10,
      maxMessageBytes: 1024,
      strict: true,
    })
    let changes = 0
    client.on('change', () => {
      changes += 1
    })
    const error = client.next('protocolError')
    for (let count = 0; count < 100; count += 1) connection.send(`{"mrsUrl":"http://m/${count}"}`)
    expect(await error).toMatchObject({ reason: 'too-many-messages' })
    expect(changes).toBeLessThanOrEqual(22)
    await server.connection()
    expect(changes).toBeLessThanOrEqual(22)
  })

  it('for large messages that go on', async () => {
    const { client, connection } = await connected({
      maxMessagesPerSecond: 10,
      maxMessageBytes: 64 * 1024,
      strict: true,
    })
    const error = client.next('protocolError')
    for (let count = 0; count < 10; count += 1) connection.send(`{"mrsUrl":"http://${'m'.repeat(50_000)}"}`)
    expect(await error).toMatchObject({ reason: 'too-many-messages' })
  })

  it('for what is not a WebSocket frame', async () => {
    const { server, client, connection } = await connected()
    const error = client.next('protocolError')
    raw(connection).write(Buffer.from([0xff, 0]))
    expect(await error).toMatchObject({ reason: 'invalid-frame' })
    await server.connection()
  })

  it('and not for a message of the largest size, nor for one in a few fragments', async () => {
    const { client, connection } = await connected({ maxMessageBytes: 100_000 })
    const whole = client.next('change')
    connection.send(`{"mrsUrl":"http://${'m'.repeat(90_000)}"}`)
    await whole
    const pieces = client.next('change')
    connection.send('{"mrsUrl":', { fin: false })
    connection.ping()
    connection.send('"http://m/"}', { fin: true })
    await pieces
    expect(client.state.mrsUrl).toBe('http://m/')
  })
})

describe('a handshake', () => {
  it('times out as a whole, even if the server keeps sending single bytes', async () => {
    const url = await tcpServer((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ')
      const timer = setInterval(() => socket.write('x'), 20)
      socket.once('close', () => clearInterval(timer))
    })
    const client = new CiiClient(url, { backoff: { initialSeconds: 60 }, handshakeTimeoutSeconds: 0.1 })
    clients.push(client)
    const failed = client.next('connectFailed')
    client.start()
    expect((await failed).failure).toMatchObject({ kind: 'timeout' })
  })

  it('does not follow a redirect', async () => {
    const target = await ScriptedServer.start()
    servers.push(target)
    const { server, client, connection } = await connected()
    server.refuseWith = { status: 302, headers: { location: target.url } }
    const failed = client.next('connectFailed')
    connection.terminate()
    expect((await failed).failure).toMatchObject({ kind: 'http-status', status: 302 })
    expect(target.handshakes).toHaveLength(0)
  })

  it.each([
    ['handshakeTimeoutSeconds', 0],
    ['handshakeTimeoutSeconds', 1e10],
    ['messageTimeoutSeconds', Number.NaN],
    ['maxMessageBytes', 0],
    ['maxMessagesPerSecond', 0],
  ])('cannot have a %s of %d', (option, value) => {
    expect(() => new CiiClient('ws://127.0.0.1:1/', { [option]: value })).toThrow(`"${option}" must be a number`)
  })
})

describe('a lost connection', () => {
  it.each([
    [1012, 5, 15],
    [1013, 15, 30],
  ])('with close code %d is opened again after %d to %d seconds', async (code, least, most) => {
    const { client, connection } = await connected()
    const disconnected = client.next('disconnected')
    connection.close(code)
    const { retryInSeconds } = await disconnected
    expect(retryInSeconds).toBeGreaterThanOrEqual(least)
    expect(retryInSeconds).toBeLessThanOrEqual(most)
  })

  it.each([429, 503])('is reopened according to the Retry-After header of a %d', async (status) => {
    const { server, client, connection } = await connected()
    server.refuseWith = { status, headers: { 'retry-after': '40' } }
    const failed = client.next('connectFailed')
    connection.terminate()
    const { retryInSeconds } = await failed
    expect(retryInSeconds).toBeGreaterThanOrEqual(40)
    expect(retryInSeconds).toBeLessThanOrEqual(50)
  })
})

describe('a server that does not read', () => {
  it('gets no further messages until it reads again', async () => {
    const server = await ScriptedServer.start()
    servers.push(server)
    const handlers = {
      opened: () => {},
      message: () => {},
      violated: () => {},
      closed: () => {},
      failed: () => {},
    }
    const socket = new ReconnectingSocket(server.url, handlers, { openSocket: nodePlatform.openSocket })
    clients.push(socket)
    socket.start()
    const connection = await server.connection()
    connection.pause()
    await until(() => socket.connected)
    const message = new Uint8Array(16 * 1024)
    let sent = 0
    // The kernel takes a few megabytes first.
    while (sent < 10_000 && socket.send(message)) {
      sent += 1
      if (sent % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(sent).toBeLessThan(10_000)
    expect(socket.send(message)).toBe(false)
    connection.resume()
    await until(() => socket.send(message))
  })
})
