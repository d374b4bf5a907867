import fastifyWebsocket from '@fastify/websocket'
import { type LoggerOptions, pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  CiiServer,
  type Connection,
  type ControlTimestamp,
  ciiPlugin,
  decodeWallClockJson,
  decodeWallClockMessage,
  EndpointServer,
  encodeWallClockJson,
  encodeWallClockMessage,
  endpointPlugin,
  FixedTimelineSource,
  type Logger,
  SystemClock,
  TimelineSource,
  TsServer,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const INTERNAL_ERROR = { code: 1011, reason: 'internal error' }

describe('a hook that goes wrong', () => {
  it.each([
    ['closes with a code that is a string', (connection: Connection) => connection.close('4000' as never, 'bye')],
    ['sends a number', (connection: Connection) => connection.send(42 as never)],
  ])('ends with its connection, and the app can close: one that %s', async (_name, hook) => {
    class Careless extends EndpointServer {
      override onMessage(connection: Connection) {
        hook(connection)
      }
    }
    const app = makeApp()
    const server = new Careless()
    await app.register(endpointPlugin, { prefix: '/e', handler: server, maxConnections: 1 })
    const client = await WsClient.open(`${await listen(app)}/e`)
    client.send('x')
    expect(await client.closed).toEqual(INTERNAL_ERROR)
    await until(() => server.canAllocateConnection())
    expect(server.statistics).toMatchObject({ open: 0, hookErrors: 1, bytesOut: 0 })
    await app.close()
  })

  it('ends with its connection when it makes data that need time', async () => {
    class Careless extends EndpointServer {
      override async createConnectionData() {
        throw new Error('on purpose')
      }
    }
    const app = makeApp()
    const server = new Careless()
    await app.register(endpointPlugin, { prefix: '/e', handler: server })
    expect(await new WsClient(`${await listen(app)}/e`).closed).toEqual(INTERNAL_ERROR)
    expect(server.statistics.hookErrors).toBe(1)
    await app.close()
  })

  it('lets nobody follow a timeline when it is an onSetup that refuses late', async () => {
    let refuse = (_error: Error) => {}
    const refused = new Promise<void>((_resolve, reject) => {
      refuse = reject
    })
    class Careful extends TsServer {
      override onSetup() {
        return refused
      }
    }
    const app = makeApp()
    await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1', handler: Careful })
    const source = new FixedTimelineSource('x', { contentTime: 1n, wallClockTime: 2n, timelineSpeedMultiplier: 1 })
    app.ts.attachTimelineSource(source)
    const client = await WsClient.open(`${await listen(app)}/ts`)
    client.send({ timelineSelector: 'x' })
    await client.roundTrip()
    source.timestamp = { contentTime: 3n, wallClockTime: 2n, timelineSpeedMultiplier: 1 }
    await client.roundTrip()
    refuse(new Error('on purpose'))
    expect(await client.closed).toEqual(INTERNAL_ERROR)
    expect(client.queued).toBe(0)
  })
})

describe('what a hook throws', () => {
  async function failing(onConnect: () => unknown) {
    const stream = new LogLines()
    class Careless extends EndpointServer {
      override onConnect() {
        return onConnect() as Promise<void>
      }
    }
    const app = makeApp({ logger: { level: 'error', stream } })
    const server = new Careless()
    await app.register(endpointPlugin, { prefix: '/e', handler: server })
    expect(await new WsClient(`${await listen(app)}/e`).closed).toEqual(INTERNAL_ERROR)
    const line = await stream.message('a hook of this endpoint failed')
    await app.close()
    return { line, lines: stream.lines.length, server }
  }

  it('is logged, even if reading it throws', async () => {
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('on purpose')
        },
      },
    )
    const { line, server } = await failing(() => {
      throw trap
    })
    expect(line).toMatchObject({ detail: 'the error could not be logged: reading it threw another one' })
    expect(server.statistics.hookErrors).toBe(1)
  })

  it('counts once, however often a thenable of the app calls back', async () => {
    const { lines, server } = await failing(() => ({
      // biome-ignore lint/suspicious/noThenProperty: that is what is tested.
      then(resolve: () => void, reject: (error: Error) => void) {
        for (let n = 0; n < 100; n += 1) {
          reject(new Error('on purpose'))
          resolve()
        }
      },
    }))
    expect(server.statistics.hookErrors).toBe(1)
    expect(lines).toBe(1)
  })
})

describe('a logger that throws', () => {
  /** A logger that cannot log this message. */
  function brokenFor(message: string): Logger {
    const hooks: LoggerOptions['hooks'] = {
      logMethod(args, method) {
        if ((args as unknown[]).includes(message)) throw new Error('on purpose')
        method.apply(this, args)
      },
    }
    return pino({ hooks }, new LogLines())
  }

  it('on "connected" costs that connection only, and the app can close', async () => {
    const app = makeApp()
    const server = new CiiServer({ logger: brokenFor('connected'), maxConnections: 1 })
    await app.register(ciiPlugin, { prefix: '/cii', handler: server })
    expect(await new WsClient(`${await listen(app)}/cii`).closed).toEqual(INTERNAL_ERROR)
    await until(() => server.canAllocateConnection())
    expect(server.statistics).toMatchObject({ open: 0, disconnected: 1, hookErrors: 1 })
    await app.close()
  })

  it('on "disconnected" changes nothing, and the app can close', async () => {
    const gone: string[] = []
    class Server extends CiiServer {
      override onDisconnect(connection: Connection) {
        gone.push(connection.id)
      }
    }
    const app = makeApp()
    const server = new Server({ logger: brokenFor('disconnected'), maxConnections: 2 })
    await app.register(ciiPlugin, { prefix: '/cii', handler: server })
    const url = `${await listen(app)}/cii`
    const [first, second] = await Promise.all([WsClient.open(url), WsClient.open(url)])
    first.socket.terminate()
    await until(() => server.statistics.hookErrors === 1)
    expect(server.statistics).toMatchObject({ open: 1, disconnected: 1 })
    await app.close()
    expect((await second.closed).code).toBe(1001)
    await until(() => gone.length === 2)
    expect(server.connections.size).toBe(0)
  })

  it('of which no child can be had lets nobody in, and the app can close', async () => {
    const app = makeApp()
    const logger = pino({ level: 'silent' })
    const server = new CiiServer({ logger })
    await app.register(ciiPlugin, { prefix: '/cii', handler: server })
    logger.child = () => {
      throw new Error('on purpose')
    }
    expect((await new WsClient(`${await listen(app)}/cii`).closed).code).toBe(1011)
    await until(() => server.statistics.open === 0)
    await app.close()
  })
})

describe('a source that tells nonsense', () => {
  class Careless extends TimelineSource {
    answer: unknown = { contentTime: 1n, wallClockTime: 2n, timelineSpeedMultiplier: 1 }
    readonly #selector: string
    constructor(selector: string) {
      super()
      this.#selector = selector
    }
    recognises(selector: string) {
      return selector === this.#selector
    }
    controlTimestamp() {
      return this.answer as ControlTimestamp
    }
    announce(answer: unknown) {
      this.answer = answer
      this.changed()
    }
  }

  it.each([
    ['numbers', { contentTime: 7, wallClockTime: 2, timelineSpeedMultiplier: 1 }],
    ['null', null],
  ])('is named in the log, and only its own timeline is lost: %s', async (_name, nonsense) => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'error', stream } })
    await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1' })
    const [bad, good] = [new Careless('bad'), new Careless('good')]
    for (const source of [bad, good]) app.ts.attachTimelineSource(source)
    const url = `${await listen(app)}/ts`
    const follow = async (timelineSelector: string) => {
      const client = await WsClient.open(url)
      client.send({ contentIdStem: '', timelineSelector })
      await client.next()
      return client
    }
    const [ofBad, ofGood] = [await follow('bad'), await follow('good')]
    bad.announce(nonsense)
    good.announce({ contentTime: 9n, wallClockTime: 2n, timelineSpeedMultiplier: 0 })
    expect(await ofGood.nextJson()).toMatchObject({ contentTime: '9' })
    expect(await ofBad.nextJson()).toMatchObject({ contentTime: null })
    expect(await stream.message('timeline source failed')).toMatchObject({ source: 'Careless' })
    bad.announce({ contentTime: 8n, wallClockTime: 2n, timelineSpeedMultiplier: 1 })
    expect(await ofBad.nextJson()).toMatchObject({ contentTime: '8' })
  })
})

describe('one server in two apps', () => {
  it('goes on in the one when the other closes, and can be mounted anew', async () => {
    const cii = new CiiServer()
    const mount = async () => {
      const app = makeApp()
      await app.register(ciiPlugin, { prefix: '/cii', handler: cii })
      const url = `${await listen(app)}/cii`
      const client = await WsClient.open(url)
      await client.next()
      return { app, url, client }
    }
    const [first, second] = [await mount(), await mount()]
    await first.app.close()
    expect((await first.client.closed).code).toBe(1001)
    expect(cii.enabled).toBe(true)
    const another = await WsClient.open(second.url)
    await another.next()
    const third = await mount()
    cii.update({ mrsUrl: 'http://mrs/' })
    for (const client of [second.client, another, third.client]) {
      expect(await client.nextJson()).toEqual({ mrsUrl: 'http://mrs/' })
    }
    await Promise.all([second.app.close(), third.app.close()])
    for (const client of [second.client, another, third.client]) expect((await client.closed).code).toBe(1001)
    expect(cii.statistics.open).toBe(0)
  })
})

describe('the websocket plugin of the app', () => {
  it('may have its list of clients turned off', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket, { options: { clientTracking: false } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = await WsClient.open(`${await listen(app)}/cii`)
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
    await app.close()
    expect(await client.closed).toEqual({ code: 1001, reason: 'server going away' })
  })
})

describe('a wall clock beyond what the wire can say', () => {
  it.each([
    ['before its zero', -5e9, (2n ** 32n - 5n) * 10n ** 9n],
    ['beyond 32 bits of seconds', (2 ** 32 + 5) * 1e9, 5n * 10n ** 9n],
  ])('wraps in JSON as it does in binary: %s', async (_name, nanos, expected) => {
    const app = makeApp()
    const wallClock = new SystemClock({ source: () => nanos, precisionSeconds: 0.001 })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc', wallClock })
    const client = await WsClient.open(`${await listen(app)}/wc`)
    const times = { originateNanos: 5n, receiveNanos: 0n, transmitNanos: 0n }
    const request = { type: 0, precisionSeconds: 2 ** -10, maxFreqErrorPpm: 500, ...times } as const
    client.send(encodeWallClockMessage(request))
    const binary = decodeWallClockMessage(Buffer.from(await client.next(), 'hex'))
    expect(binary).toMatchObject({ originateNanos: 5n, receiveNanos: expected, transmitNanos: expected })
    client.send(encodeWallClockJson(request))
    const answer = await Promise.race([client.next(), client.closed])
    expect(answer).toBeTypeOf('string')
    expect(decodeWallClockJson(JSON.parse(answer as string))).toEqual(binary)
  })
})

describe('two rooms in two scopes', () => {
  it('each advertise their own timelines, and both the wall clock around them', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket)
    for (const prefix of ['/r1', '/r2']) {
      await app.register(
        async (room) => {
          await room.register(ciiPlugin, { prefix: '/cii' })
          await room.register(tsPlugin, { prefix: '/ts' })
        },
        { prefix },
      )
    }
    await app.register(wallClockPlugin, { port: 0 })
    const url = await listen(app)
    const wcUrl = `udp://127.0.0.1:${app.wallClockServer.address?.port}`
    for (const room of ['/r1', '/r2']) {
      const client = await WsClient.open(`${url}${room}/cii`)
      expect(await client.nextJson()).toEqual({ protocolVersion: '1.1', wcUrl, tsUrl: `${url}${room}/ts` })
    }
  })

  it('do not advertise to a scope beside or around them', async () => {
    const app = makeApp()
    await app.register(fastifyWebsocket)
    await app.register(async (room) => room.register(tsPlugin, { prefix: '/ts' }), { prefix: '/r1' })
    await app.register(async (room) => room.register(ciiPlugin, { prefix: '/cii' }), { prefix: '/r2' })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const url = await listen(app)
    for (const path of ['/r2/cii', '/cii']) {
      const client = await WsClient.open(`${url}${path}`)
      expect(await client.nextJson()).toEqual({ protocolVersion: '1.1' })
    }
  })
})

describe('registering wrongly', () => {
  it('says what to do when a second endpoint of a kind has no name of its own', async () => {
    const app = makeApp()
    app.register(tsPlugin, { prefix: '/a' })
    app.register(tsPlugin, { prefix: '/b' })
    await expect(app.ready()).rejects.toThrow(/^"decorateAs" must be another name/)
  })

  it.each(['/a?b', '/a#b', '/a b'])('is refused for a prefix that no request can have: %s', async (prefix) => {
    const app = makeApp()
    app.register(ciiPlugin, { prefix })
    await expect(app.ready()).rejects.toThrow('"prefix" must be a path')
  })
})

describe('an app that wants to know who it is', () => {
  it('finds the handshake with the connection: its headers, and what a hook has put on the request', async () => {
    const seen: unknown[] = []
    class Server extends EndpointServer {
      override onConnect({ handshake }: Connection) {
        const { url, headers } = handshake
        seen.push([url, headers['x-token'], (handshake as unknown as { user: unknown }).user])
      }
    }
    const app = makeApp()
    app.decorateRequest('user', '')
    app.addHook('onRequest', async (request) => {
      Object.assign(request, { user: `the owner of ${String(request.headers['x-token'])}` })
    })
    await app.register(endpointPlugin, { prefix: '/e', handler: Server })
    const client = await WsClient.open(`${await listen(app)}/e?a=b`, { headers: { 'X-Token': '7' } })
    await client.roundTrip()
    expect(seen).toEqual([['/e?a=b', '7', 'the owner of 7']])
  })

  it('tells two endpoints of a kind apart in its log', async () => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'info', stream } })
    await app.register(ciiPlugin, { prefix: '/a' })
    await app.register(ciiPlugin, { prefix: '/b', decorateAs: 'second' })
    const url = await listen(app)
    for (const path of ['/a', '/b']) await (await WsClient.open(`${url}${path}`)).close()
    for (const path of ['/a', '/b']) {
      await until(() => stream.lines.some((line) => line.path === path && line.msg === 'connected'))
    }
    const paths = stream.lines.filter(({ msg }) => msg === 'connected').map(({ path, endpoint }) => [path, endpoint])
    expect(paths).toEqual([
      ['/a', 'cii-server'],
      ['/b', 'cii-server'],
    ])
  })
})
