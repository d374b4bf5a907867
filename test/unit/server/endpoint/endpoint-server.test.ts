import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  type Connection,
  type ConnectionSocket,
  EndpointServer,
  InvalidOptionError,
  type Logger,
} from '../../../../plugins/index.js'
import { until } from '../../../helpers/until.js'

/** A socket that writes down what happens to it. */
class Socket implements ConnectionSocket {
  readonly remoteAddress = '192.0.2.1'
  readonly localAuthority = { secure: false, host: '192.0.2.2', port: 80 }
  readonly handshake = { url: '/', headers: {} }
  readonly bufferedAmount = 0
  readonly sent: unknown[] = []
  readonly closes: [code: number, reason: string][] = []
  send(data: string | Uint8Array) {
    this.sent.push(data)
  }
  whenFlushed(flushed: () => void) {
    flushed()
  }
  setPaused() {}
  close(code: number, reason: string) {
    this.closes.push([code, reason])
  }
}

const logger = pino({ level: 'silent' })
const INTERNAL_ERROR = [1011, 'internal error']

/** What a server does with one message when this is its hook. */
function onMessage(hook: (connection: Connection) => void) {
  class Server extends EndpointServer {
    override onMessage(connection: Connection) {
      hook(connection)
    }
  }
  const server = new Server({ logger })
  const socket = new Socket()
  server.open(socket).message('x')
  return { server, socket }
}

describe('a close that no close frame can carry', () => {
  it.each([
    ['a code that is a string', '4000', 'bye'],
    ['a code with a fraction', 4000.5, 'bye'],
    ['a reason that is a number', 4000, 7],
    ['a reason that is null', 4000, null],
    ['a reason of bytes', 4000, new ArrayBuffer(5)],
  ])('is refused before anything has happened: %s', (_name, code, reason) => {
    let thrown: unknown
    const { server, socket } = onMessage((connection) => {
      try {
        connection.close(code as number, reason as string)
      } catch (error) {
        thrown = error
        throw error
      }
    })
    expect(thrown).toBeInstanceOf(InvalidOptionError)
    expect(String(thrown)).toMatch(/"(code|reason)" must be a (WebSocket status code|string of at most 123 bytes)/)
    expect(socket.closes).toEqual([INTERNAL_ERROR])
    expect(server.statistics.hookErrors).toBe(1)
  })
})

describe('a message that is none', () => {
  it.each([
    ['a number', 42],
    ['undefined', undefined],
    ['an object', { a: 1 }],
    ['an array buffer', new ArrayBuffer(3)],
  ])('is refused, and the counters stay what they are: %s', (_name, message) => {
    const { server, socket } = onMessage((connection) => connection.send(message as never))
    expect(socket.sent).toEqual([])
    expect(socket.closes).toEqual([INTERNAL_ERROR])
    expect(server.statistics).toMatchObject({ messagesOut: 0, bytesOut: 0, hookErrors: 1 })
  })
})

describe('connection data that are a promise', () => {
  it.each(['resolves', 'rejects'])('close the connection, and are handled also when the promise %s', async (how) => {
    const unhandled: unknown[] = []
    const listener = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', listener)
    class Server extends EndpointServer {
      override async createConnectionData() {
        if (how === 'rejects') throw new Error('on purpose')
      }
    }
    const server = new Server({ logger })
    const socket = new Socket()
    const events = server.open(socket)
    expect(socket.closes).toEqual([INTERNAL_ERROR])
    expect(server.statistics.hookErrors).toBe(1)
    expect(server.connections.size).toBe(0)
    // Node tells of unhandled rejections before it turns to what was scheduled for its next turn.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listener)
    expect(unhandled).toEqual([])
    events.closed(1011, '')
    expect(server.statistics.open).toBe(0)
  })
})

describe('a hook that returns a thenable', () => {
  it('closes its connection when that rejects', async () => {
    class Server extends EndpointServer {
      override onConnect() {
        const thenable = {
          // biome-ignore lint/suspicious/noThenProperty: some libraries have promises of their own.
          then(_resolve: unknown, reject: (error: Error) => void) {
            reject(new Error('on purpose'))
          },
        }
        return thenable as Promise<void>
      }
    }
    const server = new Server({ logger })
    const socket = new Socket()
    server.open(socket)
    await until(() => socket.closes.length > 0)
    expect(socket.closes).toEqual([INTERNAL_ERROR])
    expect(server.statistics.hookErrors).toBe(1)
  })
})

describe('a logger', () => {
  it.each([
    ['console', console],
    ['null', null],
    ['a name', 'pino'],
    ['one without levels', { child: () => {} }],
  ])('is refused by name when it is none: %s', (_name, bad) => {
    const construct = () => new EndpointServer({ logger: bad as unknown as Logger })
    expect(construct).toThrow(InvalidOptionError)
    expect(construct).toThrow('"logger" must be a logger with child() and info(), such as a pino logger')
  })
})

describe('an endpoint that is switched off', () => {
  it('by createConnectionData closes the connection that this was for', () => {
    class Server extends EndpointServer {
      override createConnectionData() {
        this.enabled = false
      }
    }
    const server = new Server({ logger })
    const socket = new Socket()
    const events = server.open(socket)
    expect(socket.closes).toEqual([[1001, 'endpoint disabled']])
    events.closed(1001, '')
    expect(server.statistics).toMatchObject({ open: 0, connected: 1, disconnected: 1 })
  })
})
