import { once } from 'node:events'
import { connect } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import { describe, expect, it } from 'vitest'
import { type Connection, EndpointServer, type EndpointServerOptions, endpointPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { until } from '../../helpers/until.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

class Echo extends EndpointServer<{ seen: number }> {
  override readonly connectionIdPrefix = 'echo'
  override readonly loggingName = 'echo-server'
  readonly gone: string[] = []
  override createConnectionData() {
    return { seen: 0 }
  }
  override onConnect(connection: Connection) {
    connection.send('hello')
  }
  override onMessage(connection: Connection, message: string | Uint8Array, data: { seen: number }) {
    data.seen += 1
    if (message === 'throw') throw new Error('thrown on purpose')
    if (message === 'reject') return Promise.reject(new Error('rejected on purpose'))
    connection.send(message)
    return undefined
  }
  override onDisconnect(connection: Connection) {
    this.gone.push(connection.id)
  }
}

closeAppsAfterEach()

async function echoApp(options: Record<string, unknown> = {}, appOptions = {}) {
  const app = makeApp(appOptions)
  const echo = new Echo()
  await app.register(endpointPlugin, { prefix: '/echo', handler: echo, ...options })
  return { app, echo, url: `${await listen(app)}/echo` }
}

describe('an endpoint', () => {
  it('greets, hears and answers, text as text and bytes as bytes', async () => {
    const { url } = await echoApp()
    const client = await WsClient.open(url)
    expect(await client.next()).toBe('hello')
    client.send('text')
    expect(await client.next()).toBe('text')
    client.send(new Uint8Array([1, 255]))
    expect(await client.next()).toBe('01ff')
    await client.close()
  })

  it('can be mounted as the bare base class, and then only counts', async () => {
    const app = makeApp()
    await app.register(endpointPlugin, { prefix: '/bare', decorateAs: 'bare' })
    const client = await WsClient.open(`${await listen(app)}/bare`)
    client.send('anything')
    await client.roundTrip()
    const { bare } = app as unknown as { bare: EndpointServer }
    expect(bare.statistics.messagesIn).toBe(1)
    expect(bare.connections.size).toBe(1)
    await client.close()
  })

  it('keeps data for each connection, and gives the connections as a snapshot', async () => {
    const { url, echo } = await echoApp()
    const [first, second] = await Promise.all([WsClient.open(url), WsClient.open(url)])
    first.send('a')
    first.send('b')
    second.send('c')
    await Promise.all([first.roundTrip(), second.roundTrip()])
    const snapshot = echo.connections
    expect([...snapshot.values()].map(({ seen }) => seen).sort()).toEqual([1, 2])
    await first.close()
    await second.close()
    await until(() => echo.connections.size === 0)
    expect(snapshot.size).toBe(2)
    expect(echo.gone).toHaveLength(2)
  })

  it('gives ids that are readable and unique in the process, whichever server gives them', async () => {
    const { url: url1, echo: echo1 } = await echoApp()
    const { url: url2, echo: echo2 } = await echoApp()
    await Promise.all([WsClient.open(url1), WsClient.open(url2), WsClient.open(url2)])
    const ids = [...echo1.connections.keys(), ...echo2.connections.keys()].map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^echo-\d+$/)
  })

  it('does not lose messages that come in one segment with the handshake', async () => {
    const { url, echo } = await echoApp()
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const handshake = [
      'GET /echo HTTP/1.1',
      `Host: ${hostname}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '',
      '',
    ].join('\r\n')
    const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
    socket.write(Buffer.concat([Buffer.from(handshake), frame, frame]))
    await until(() => echo.statistics.messagesIn === 2)
    socket.destroy()
    await once(socket, 'close')
  })

  it('composes with outer prefixes when the websocket plugin is on the app', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket)
    await app.register(async (scope) => scope.register(endpointPlugin, { prefix: '/echo', handler: Echo }), {
      prefix: '/api',
    })
    const client = await WsClient.open(`${await listen(app)}/api/echo`)
    expect(await client.next()).toBe('hello')
    await client.close()
    expect(app.server.listenerCount('upgrade')).toBe(2)
  })

  it('refuses to be the one that brings the websocket plugin into an inner scope', async () => {
    const app = makeApp()
    app.register(async (scope) => scope.register(endpointPlugin, { prefix: '/echo', handler: Echo }))
    await expect(app.ready()).rejects.toThrow(/register @fastify\/websocket on the root instance/)
  })

  it('logs with its own name and the connection id', async () => {
    const stream = new LogLines()
    const { url } = await echoApp({}, { logger: { level: 'info', stream } })
    const client = await WsClient.open(url)
    const line = await stream.message('connected')
    expect(line).toMatchObject({
      endpoint: 'echo-server',
      connection: expect.stringMatching(/^echo-/),
      remoteAddress: '127.0.0.1',
    })
    await client.close()
    expect(await stream.message('disconnected')).toMatchObject({ connection: line.connection, code: 1005 })
  })
})

describe('who is let in', () => {
  it('answers a plain GET with 426 and says what to do', async () => {
    const { app } = await echoApp()
    const response = await app.inject('/echo')
    expect(response.statusCode).toBe(426)
    expect(response.headers.upgrade).toBe('websocket')
    expect(response.json()).toEqual({
      statusCode: 426,
      code: 'FST_DVBCSS_ERR_UPGRADE_REQUIRED',
      error: 'Upgrade Required',
      message: expect.stringContaining('WebSocket'),
    })
  })

  it('refuses with 503 and Retry-After at the limit, and lets the next in when one has gone', async () => {
    const { url, echo } = await echoApp({ maxConnections: 1 })
    const client = await WsClient.open(url)
    const { status, headers, body } = await refusal(url)
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('1')
    expect(body).toMatchObject({ statusCode: 503, code: 'FST_DVBCSS_ERR_FULL', error: 'Service Unavailable' })
    expect(echo.statistics.refused.full).toBe(1)
    await client.close()
    await until(() => echo.canAllocateConnection())
    await (await WsClient.open(url)).close()
  })

  it('closes everybody with 1001 when it is switched off, refuses with 403, and opens again', async () => {
    const { url, echo } = await echoApp()
    const client = await WsClient.open(url)
    echo.enabled = false
    expect((await client.closed).code).toBe(1001)
    expect(await refusal(url)).toMatchObject({
      status: 403,
      body: { code: 'FST_DVBCSS_ERR_DISABLED', error: 'Forbidden' },
    })
    echo.enabled = true
    await (await WsClient.open(url)).close()
  })

  it('lets the hooks of the app decide first', async () => {
    const app = makeApp()
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers.authorization !== 'Bearer let-me-in') await reply.code(401).send({ message: 'no token' })
    })
    const echo = new Echo()
    await app.register(endpointPlugin, { prefix: '/echo', handler: echo })
    const url = `${await listen(app)}/echo`
    expect((await refusal(url)).status).toBe(401)
    expect(echo.statistics.connected).toBe(0)
    const client = await WsClient.open(url, { headers: { authorization: 'Bearer let-me-in' } })
    expect(await client.next()).toBe('hello')
    await client.close()
  })

  it('never sells a place twice when handshakes race through a slow hook', async () => {
    const app = makeApp()
    app.addHook('onRequest', async () => {
      await new Promise((resolve) => setImmediate(resolve))
    })
    const echo = new Echo()
    await app.register(endpointPlugin, { prefix: '/echo', handler: echo, maxConnections: 3 })
    const url = `${await listen(app)}/echo`
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => WsClient.open(url)))
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(echo.statistics.refused.full).toBe(17)
  })

  it('gets back the places of handshakes that fail in any way', async () => {
    const { url, echo } = await echoApp({ maxConnections: 5 })
    const { hostname, port } = new URL(url)
    const headers = {
      good: 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
      noKey: 'Connection: Upgrade\r\nUpgrade: websocket\r\n',
      h2c: 'Connection: Upgrade\r\nUpgrade: h2c\r\n',
    }
    const requests = [
      `${headers.good}Sec-WebSocket-Version: 12\r\n`,
      `${headers.noKey}Sec-WebSocket-Version: 13\r\n`,
      `${headers.h2c}`,
      `${headers.good}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ,,\r\n`,
    ]
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        requests.map(async (request) => {
          const socket = connect(Number(port), hostname)
          socket.on('error', () => {})
          socket.resume()
          socket.write(`GET /echo HTTP/1.1\r\nHost: x\r\n${request}\r\n`)
          await once(socket, 'close')
        }),
      )
      const halfway = connect(Number(port), hostname)
      halfway.write(`GET /echo HTTP/1.1\r\nHost: x\r\n${headers.good}Sec-WebSocket-Version: 13\r\n\r\n`)
      await once(halfway, 'data')
      halfway.destroy()
    }
    await until(() => echo.canAllocateConnection() && echo.statistics.open === 0)
    const clients = await Promise.all(Array.from({ length: 5 }, () => WsClient.open(url)))
    expect(echo.canAllocateConnection()).toBe(false)
    await Promise.all(clients.map((client) => client.close()))
  })

  it('ends a handshake that a hook holds up for longer than the deadline', async () => {
    const app = makeApp()
    app.addHook('onRequest', () => new Promise(() => {}))
    await app.register(endpointPlugin, { prefix: '/echo', handler: Echo, handshakeTimeoutSeconds: 0.02 })
    const client = new WsClient(`${await listen(app)}/echo`)
    expect((await client.closed).code).toBe(1006)
  })
})

describe('what goes wrong', () => {
  it.each(['throw', 'reject'])('closes only the connection in whose hook something went wrong (%s)', async (how) => {
    const stream = new LogLines()
    const { url, echo } = await echoApp({}, { logger: { level: 'error', stream } })
    const [victim, other] = await Promise.all([WsClient.open(url), WsClient.open(url)])
    await other.next()
    victim.send(how)
    expect(await victim.closed).toEqual({ code: 1011, reason: 'internal error' })
    expect(await stream.message('a hook of this endpoint failed')).toMatchObject({
      err: { message: expect.stringContaining('on purpose'), stack: expect.stringContaining('endpoint-plugin.test') },
    })
    other.send('still here')
    expect(await other.next()).toBe('still here')
    expect(echo.statistics.hookErrors).toBe(1)
  })

  it('closes a connection whose onConnect throws', async () => {
    class Broken extends EndpointServer {
      override onConnect() {
        throw new Error('on purpose')
      }
    }
    const { url } = await echoApp({ handler: Broken })
    expect((await new WsClient(url).closed).code).toBe(1011)
  })

  it('closes with 1009 when a message is too large, and counts it', async () => {
    const { url, echo } = await echoApp({ maxMessageBytes: 200 })
    const client = await WsClient.open(url)
    client.send('x'.repeat(201))
    expect((await client.closed).code).toBe(1009)
    expect(echo.statistics.dropped['too-large']).toBe(1)
  })

  it('holds its own message limit where another endpoint has a higher one', async () => {
    const app = makeApp()
    const [small, large] = [new Echo(), new Echo()]
    await app.register(endpointPlugin, { prefix: '/small', handler: small, maxMessageBytes: 200 })
    await app.register(endpointPlugin, { prefix: '/large', handler: large, maxMessageBytes: 200_000 })
    const base = await listen(app)
    const [smallClient, largeClient] = [await WsClient.open(`${base}/small`), await WsClient.open(`${base}/large`)]
    smallClient.send('x'.repeat(201))
    expect((await smallClient.closed).code).toBe(1009)
    expect(await largeClient.next()).toBe('hello')
    largeClient.send('x'.repeat(150_000))
    expect(await largeClient.next()).toHaveLength(150_000)
  })

  it.each([
    ['reserved bits', [0xf1, 0x80, 0, 0, 0, 0], 1002],
    ['an unmasked frame', [0x81, 0x01, 0x61], 1002],
    ['invalid UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
  ])('closes as the WebSocket standard says for %s, and counts it', async (_name, bytes, code) => {
    const { url, echo } = await echoApp()
    const client = await WsClient.open(url)
    const raw = (client.socket as unknown as { _socket: NodeJS.WritableStream })._socket
    raw.write(Buffer.from(bytes))
    expect((await client.closed).code).toBe(code)
    expect(echo.statistics.dropped['broken-frame']).toBe(1)
  })
})

describe('the end', () => {
  it('says 1001 to every client when the app closes', async () => {
    const { app, url } = await echoApp()
    const clients = await Promise.all([WsClient.open(url), WsClient.open(url)])
    await app.close()
    for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: 'server going away' })
  })

  it('does not wait for a client that never answers', async () => {
    const { app, url, echo } = await echoApp()
    const client = await WsClient.open(url)
    client.socket.pause()
    await app.close()
    expect(echo.statistics.open).toBe(0)
    expect(echo.gone).toHaveLength(1)
    client.socket.terminate()
  })

  it('ends handshakes that are still under way when the app closes', async () => {
    const app = makeApp()
    app.addHook('onRequest', () => new Promise(() => {}))
    await app.register(endpointPlugin, { prefix: '/echo', handler: Echo, handshakeTimeoutSeconds: 2_147_483 })
    const url = await listen(app)
    const arrived = once(app.server, 'upgrade')
    const client = new WsClient(`${url}/echo`)
    await arrived
    await app.close()
    expect((await client.closed).code).toBe(1006)
  })
})

describe('options that are wrong', () => {
  it.each([
    ['maxConnections', 'ten', '"maxConnections" must be a non-negative integer or Infinity; received "ten"'],
    ['maxConnections', -1, '"maxConnections" must be'],
    ['enabled', 1, '"enabled" must be a boolean; received 1'],
    ['prefix', 'echo', '"prefix" must be a path'],
    ['handler', class {}, '"handler" must be a class that extends EndpointServer, or an instance of one'],
    ['maxMessageBytes', 0.5, '"maxMessageBytes" must be an integer from 125 to'],
    ['handshakeTimeoutSeconds', '5s', '"handshakeTimeoutSeconds" must be a number of seconds'],
    ['decorateAs', '', '"decorateAs" must be a non-empty string'],
    ['maxConnection', 3, 'unknown option "maxConnection"; did you mean "maxConnections"?'],
  ])('are refused at registration: %s', async (option, value, message) => {
    const app = makeApp()
    await expect(app.register(endpointPlugin, { [option]: value }).ready()).rejects.toThrow(message)
  })

  it('are refused when they come too late for an instance', async () => {
    const app = makeApp()
    app.register(endpointPlugin, { handler: new Echo(), maxBadMessages: 3 })
    await expect(app.ready()).rejects.toThrow(/"maxBadMessages" cannot be combined with a handler instance/)
  })

  it('pass through to a handler class, which may have options of its own', async () => {
    const seen: unknown[] = []
    class Own extends EndpointServer {
      constructor(options: EndpointServerOptions & { greeting: string }) {
        super(options)
        seen.push(options.greeting)
      }
    }
    const app = makeApp()
    await app.register(endpointPlugin, { prefix: '/own', handler: Own, greeting: 'hi' } as never)
    expect(seen).toEqual(['hi'])
  })
})
