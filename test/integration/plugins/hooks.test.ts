import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import {
  type Connection,
  ciiPlugin,
  EndpointServer,
  type EndpointServerOptions,
  endpointPlugin,
  getDecorated,
  TsServer,
  tsPlugin,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { until } from '../../helpers/until.js'

const SETUP = { contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' }
const REPORT = {
  earliest: { contentTime: '1', wallClockTime: '2' },
  latest: { contentTime: '3', wallClockTime: 'plusinfinity' },
}

let app: FastifyInstance
afterEach(() => app.close())

async function listen(register: (app: FastifyInstance) => unknown): Promise<(path: string) => WebSocket> {
  app = Fastify()
  await register(app)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return (path) => new WebSocket(`${address.replace('http', 'ws')}${path}`)
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

describe('hooks in the options of a plugin', () => {
  it('make an endpoint without a class', async () => {
    const events: unknown[] = []
    const open = await listen((on) =>
      on.register(endpointPlugin, {
        prefix: '/chat',
        hooks: {
          onConnect(connection) {
            connection.send(`hello, ${connection.handshake.query && 'you'}`)
          },
          onMessage(connection, message) {
            events.push(message)
            connection.close(4000, 'enough')
          },
          onDisconnect: () => {
            events.push('gone')
          },
        },
      }),
    )
    const socket = open('/chat')
    socket.once('message', (data) => socket.send(`re: ${data}`))
    expect(await closeCode(socket)).toBe(4000)
    await until(() => events.length === 2)
    expect(events).toEqual(['re: hello, you', 'gone'])
  })

  it('get what a client of CII says as a JSON value', async () => {
    const said: unknown[] = []
    const hooks = { onMessage: (_connection: Connection, value: unknown) => void said.push(value) }
    const open = await listen((on) => on.register(ciiPlugin, { prefix: '/cii', hooks }))
    const socket = open('/cii')
    socket.once('open', () => {
      socket.send('no JSON')
      socket.send('{"a":[1]}')
    })
    await until(() => said.length === 1)
    expect(said).toEqual([{ a: [1] }])
  })

  it('get the decoded messages of a client of TS, which waits for an asynchronous onSetup', async () => {
    const events: unknown[] = []
    let letThrough = (): void => {}
    const open = await listen((on) =>
      on.register(tsPlugin, {
        prefix: '/ts',
        contentId: 'dvb://1',
        hooks: {
          onSetup: async (connection, setup) => {
            events.push(setup.timelineSelector, on.ts.stateOf(connection)?.setup?.value === setup)
            await new Promise<void>((resolve) => {
              letThrough = resolve
            })
          },
          onPresentationTimestamps: (_connection, { earliest }) => void events.push(earliest.contentTime),
          onMessage: (_connection, message) => void events.push(Object.keys(message)[0]),
        },
      }),
    )
    const socket = open('/ts')
    const messages: string[] = []
    socket.on('message', (data) => messages.push(`${data}`))
    socket.once('open', () => socket.send(JSON.stringify(SETUP)))
    await until(() => events.length === 3)
    socket.send(JSON.stringify(REPORT))
    await until(() => events.length === 5)
    expect(events).toEqual([SETUP.timelineSelector, true, 'contentIdStem', 1n, 'earliest'])
    expect(messages).toEqual([])
    letThrough()
    await until(() => messages.length === 1)
  })

  it('run after the methods of a handler class', async () => {
    const events: string[] = []
    class Television extends TsServer {
      override onConnect() {
        events.push('method')
      }
    }
    const open = await listen((on) =>
      on.register(tsPlugin, {
        prefix: '/ts',
        handler: Television,
        hooks: { onConnect: () => void events.push('hook') },
      }),
    )
    open('/ts')
    await until(() => events.length === 2)
    expect(events).toEqual(['method', 'hook'])
  })

  for (const [how, fail] of [
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('broken')
      },
    ],
  ] as const) {
    for (const event of ['onConnect', 'onMessage', 'onDisconnect'] as const) {
      it(`close the connection, and are counted, if ${event} ${how}`, async () => {
        const open = await listen((on) =>
          on.register(endpointPlugin, { prefix: '/x', decorateAs: 'x', hooks: { [event]: fail } }),
        )
        const server = getDecorated(app, 'x', EndpointServer)
        const socket = open('/x')
        socket.once('open', () => {
          socket.send('hello')
          if (event === 'onDisconnect') socket.close(1000)
        })
        expect(await closeCode(socket)).toBe(event === 'onDisconnect' ? 1000 : 1011)
        await until(() => server.statistics.hookErrors > 0)
        expect(server.statistics.hookErrors).toBe(1)
      })
    }
  }

  it('cause no unhandled rejection where the method rejects and the hook throws', async () => {
    const rejections: unknown[] = []
    const listener = (reason: unknown): void => void rejections.push(reason)
    process.on('unhandledRejection', listener)
    class Broken extends EndpointServer {
      override async onConnect() {
        throw new Error('method')
      }
    }
    const fail = (): void => {
      throw new Error('hook')
    }
    const open = await listen((on) => on.register(endpointPlugin, { handler: Broken, hooks: { onConnect: fail } }))
    expect(await closeCode(open('/'))).toBe(1011)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listener)
    expect(rejections).toEqual([])
  })

  it('are refused at registration if they have other names, or are not functions', async () => {
    app = Fastify()
    await expect(app.register(ciiPlugin, { hooks: { onConect() {} } as object })).rejects.toThrow(
      'unknown option "hooks.onConect"; did you mean "onConnect"?',
    )
    app = Fastify()
    await expect(app.register(tsPlugin, { hooks: { onSetup: 'x' } as object })).rejects.toThrow(
      '"hooks.onSetup" must be a function',
    )
    app = Fastify()
    await expect(app.register(ciiPlugin, { hooks: { onSetup() {} } as object })).rejects.toThrow('hooks.onSetup')
    app = Fastify()
    await expect(app.register(wallClockWebSocketPlugin, { hooks: { onMessage() {} } as object })).rejects.toThrow(
      'hooks.onMessage',
    )
  })

  it('reach a class that passes its options on', async () => {
    const seen: string[] = []
    class Own extends EndpointServer {
      constructor(options: EndpointServerOptions) {
        super(options)
      }
    }
    const open = await listen((on) =>
      on.register(endpointPlugin, { handler: Own, hooks: { onConnect: ({ id }) => void seen.push(id) } }),
    )
    open('/')
    await until(() => seen.length === 1)
  })
})
