import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { type Cii, CiiServer, type Connection, InvalidOptionError } from '../../../../plugins/index.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'
import { nextTurn } from '../../../helpers/next-turn.js'

const logger = pino({ level: 'silent' })

/** A client that takes each message at once. */
class Socket extends FakeSocket {
  override send(data: string | Uint8Array, isText: boolean, onFlushed: (() => void) | undefined) {
    super.send(data, isText, onFlushed)
    this.arrive()
  }
}

describe('repeated properties', () => {
  it('bring the status of a content id with it', async () => {
    const cii = new CiiServer({
      logger,
      repeatedProperties: ['contentId'],
      cii: { contentId: 'dvb://1', contentIdStatus: 'final' },
    })
    const socket = new Socket()
    cii.open(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    await nextTurn()
    cii.update({ contentId: null })
    await nextTurn()
    expect(socket.messages.slice(1)).toEqual([
      { contentId: 'dvb://1', contentIdStatus: 'final', mrsUrl: 'http://mrs/' },
      { contentId: null, contentIdStatus: null },
    ])
  })

  it('are null in every message when they are null in the state, and in none when they are absent', async () => {
    const cii = new CiiServer({
      logger,
      repeatedProperties: ['contentId', 'teUrl', 'wcUrl'],
      cii: { contentId: null, teUrl: null },
    })
    const socket = new Socket()
    cii.open(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    await nextTurn()
    const nulls = { contentId: null, contentIdStatus: null, teUrl: null }
    expect(socket.messages).toStrictEqual([
      { protocolVersion: '1.1', ...nulls },
      { mrsUrl: 'http://mrs/', ...nulls },
    ])
  })

  it.each([
    ['a string', 'timelines'],
    ['a number', 7],
    ['a name that is no property of CII', ['nope']],
    ['an object', {}],
  ])('are refused by name: %s', (_name, repeatedProperties) => {
    const construct = () => new CiiServer({ logger, repeatedProperties: repeatedProperties as (keyof Cii)[] })
    expect(construct).toThrow(InvalidOptionError)
    expect(construct).toThrow('"repeatedProperties" must be a list of names of CII properties; received')
  })
})

describe('a subclass', () => {
  it('may make data of its own', async () => {
    const gone: number[] = []
    class Own extends CiiServer<{ mine: number }> {
      override createConnectionData() {
        return { mine: 1 }
      }
      override onDisconnect(_connection: Connection, { mine }: { mine: number }) {
        gone.push(mine)
      }
    }
    const cii = new Own({ logger })
    const socket = new Socket()
    const events = cii.open(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    await nextTurn()
    expect(socket.messages).toEqual([{ protocolVersion: '1.1' }, { mrsUrl: 'http://mrs/' }])
    expect([...cii.connections.values()]).toEqual([{ mine: 1 }])
    events.closed(1000, '')
    cii.update({ mrsUrl: null })
    await nextTurn()
    expect(socket.messages).toHaveLength(2)
    expect(socket.closes).toEqual([])
    expect(gone).toEqual([1])
  })
})

describe('changes in one turn of the event loop', () => {
  it('reach a client as one message', async () => {
    const cii = new CiiServer({ logger })
    const socket = new Socket()
    cii.open(socket)
    for (let change = 1; change <= 10; change++) cii.update({ mrsUrl: `http://mrs/${change}` })
    await nextTurn()
    expect(socket.messages.slice(1)).toEqual([{ mrsUrl: 'http://mrs/10' }])
  })

  it('that cancel each other out reach nobody', async () => {
    const cii = new CiiServer({ logger, cii: { mrsUrl: 'http://mrs/' } })
    const socket = new Socket()
    cii.open(socket)
    cii.update({ mrsUrl: 'http://other/' })
    cii.update({ mrsUrl: 'http://mrs/' })
    await nextTurn()
    expect(socket.messages).toHaveLength(1)
  })

  it('reach a client that is closed in the same turn, before the close', () => {
    const cii = new CiiServer({ logger })
    const socket = new Socket()
    cii.open(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    cii.enabled = false
    expect(socket.messages.slice(1)).toEqual([{ mrsUrl: 'http://mrs/' }])
    expect(socket.closes).toEqual([1001])
  })
})

describe('a client that leaves without having read', () => {
  it('is not waited for any more', async () => {
    const cii = new CiiServer({ logger })
    let waits = 0
    class Gone extends FakeSocket {
      override whenFlushed(flushed: () => void): void {
        waits += 1
        setImmediate(flushed)
      }
    }
    const events = cii.open(new Gone())
    cii.update({ mrsUrl: 'http://mrs/' })
    await nextTurn()
    expect(waits).toBeGreaterThan(0)
    events.closed(1006, '')
    await nextTurn()
    const before = waits
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    expect(waits).toBe(before)
  })
})

describe('clients at different addresses', () => {
  function setUp() {
    const cii = new CiiServer({ logger, cii: { tsUrl: '{{scheme}}://{{host}}:{{port}}/ts' } })
    const sockets = ['192.0.2.1', '192.0.2.2'].map((host) =>
      Object.assign(new Socket(), { localAuthority: { secure: false, host, port: 80 } }),
    )
    for (const socket of sockets) cii.open(socket)
    const received = () => sockets.map((socket) => socket.messages.at(-1))
    return { cii, received, sockets }
  }

  it('get their own URLs, and the same message when no URL has changed', async () => {
    const { cii, received, sockets } = setUp()
    expect(received()).toMatchObject([{ tsUrl: 'ws://192.0.2.1:80/ts' }, { tsUrl: 'ws://192.0.2.2:80/ts' }])
    cii.update({ contentId: 'dvb://1', contentIdStatus: 'final' })
    await nextTurn()
    const change = { contentId: 'dvb://1', contentIdStatus: 'final' }
    expect(received()).toEqual([change, change])
    cii.update({ contentId: null, tsUrl: 'ws://{{host}}/other' })
    await nextTurn()
    const gone = { contentId: null, contentIdStatus: null }
    expect(received()).toEqual([
      { ...gone, tsUrl: 'ws://192.0.2.1/other' },
      { ...gone, tsUrl: 'ws://192.0.2.2/other' },
    ])
    cii.updateClients({ onlyDiff: false })
    await nextTurn()
    expect(received()).toEqual([
      { protocolVersion: '1.1', ...gone, tsUrl: 'ws://192.0.2.1/other' },
      { protocolVersion: '1.1', ...gone, tsUrl: 'ws://192.0.2.2/other' },
    ])
    expect(sockets.map((socket) => socket.messages.length)).toEqual([4, 4])
  })

  it('get what one of them missed while it was not reading', async () => {
    const cii = new CiiServer({ logger, cii: { tsUrl: 'ws://{{host}}/ts' } })
    const slow = new FakeSocket()
    cii.open(slow)
    cii.update({ contentId: 'dvb://1', contentIdStatus: 'final' })
    await nextTurn()
    cii.update({ tsUrl: 'ws://{{host}}/2' })
    await nextTurn()
    expect(slow.messages).toHaveLength(1)
    slow.arrive()
    expect(slow.messages.slice(1)).toEqual([
      { contentId: 'dvb://1', contentIdStatus: 'final', tsUrl: 'ws://192.0.2.2/2' },
    ])
  })
})

describe('a property of CII', () => {
  it('cannot be assigned on the server, and the error says what to do', () => {
    const server = new CiiServer({ logger, cii: { contentId: 'dvb://1.2.3', contentIdStatus: 'final' } })
    expect(() => Object.assign(server, { contentId: 'dvb://4.5.6' })).toThrow(
      expect.objectContaining({
        code: 'DVBCSS_ERR_READ_ONLY',
        message: '"contentId" of a CiiServer is read-only; call update({ contentId: … })',
      }),
    )
    expect(server).toMatchObject({ contentId: 'dvb://1.2.3' })
    expect(server.cii.contentId).toBe('dvb://1.2.3')
  })
})

describe('what the server knows of a client', () => {
  const stateOf = (cii: CiiServer) => {
    const [connection] = cii.connections.keys() as Iterable<Connection>
    return cii.stateOf(connection as Connection)
  }

  it('is the whole state as the client sees it, and when it was sent the last change', async () => {
    const cii = new CiiServer({ logger, cii: { mrsUrl: 'http://mrs/', tsUrl: '{{scheme}}://{{host}}:{{port}}/ts' } })
    const before = Date.now()
    const socket = new Socket()
    cii.open(socket)
    expect(stateOf(cii)?.cii?.value).toEqual(socket.messages[0])
    cii.update({ teUrl: 'http://te/' })
    await nextTurn()
    expect(stateOf(cii)?.cii?.value).toEqual({ ...(socket.messages[0] as Cii), teUrl: 'http://te/' })
    expect(stateOf(cii)?.cii?.at).toBeGreaterThanOrEqual(before)
    expect(stateOf(cii)?.cii?.at).toBeLessThanOrEqual(Date.now())
  })

  it('has the time of each change, and so have the statistics of its connection', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const cii = new CiiServer({ logger })
      cii.open(new Socket())
      const [connection] = cii.connections.keys()
      for (const change of ['http://1/', 'http://2/']) {
        vi.setSystemTime(Date.now() + 1000)
        cii.update({ mrsUrl: change })
        await nextTurn()
        expect(stateOf(cii)?.cii?.at).toBe(Date.now())
      }
      vi.setSystemTime(Date.now() + 1000)
      connection?.send('outside a round')
      expect(connection?.statistics.lastMessageOutAt).toBe(Date.now())
      expect(stateOf(cii)?.cii?.at).toBe(Date.now() - 1000)
    } finally {
      vi.useRealTimers()
    }
  })

  it('is the state that it was sent, and not one that waits until it reads', async () => {
    const cii = new CiiServer({ logger })
    const socket = new FakeSocket()
    cii.open(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    await nextTurn()
    expect(stateOf(cii)?.cii?.value).toEqual({ protocolVersion: '1.1' })
    socket.arrive()
    expect(stateOf(cii)?.cii?.value).toEqual({ protocolVersion: '1.1', mrsUrl: 'http://mrs/' })
  })

  it('is nothing after its connection has ended', () => {
    const cii = new CiiServer({ logger })
    const events = cii.open(new Socket())
    const [connection] = cii.connections.keys() as Iterable<Connection>
    events.closed(1000, '')
    expect(cii.stateOf(connection as Connection)).toBeUndefined()
  })
})
