import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { type Cii, CiiServer, type Connection, type ConnectionSocket } from '../../plugins/index.js'

const logger = pino({ level: 'silent' })

/** A socket whose messages arrive at once. */
class Socket implements ConnectionSocket {
  readonly remoteAddress = '192.0.2.1'
  readonly reachedAt = { secure: false, host: '192.0.2.2', port: 80 }
  readonly handshake = { url: '/cii', headers: {} }
  readonly bufferedAmount = 0
  readonly sent: unknown[] = []
  readonly closes: number[] = []
  send(data: string | Uint8Array, _isText: boolean, handedOver: (() => void) | undefined) {
    this.sent.push(JSON.parse(Buffer.from(data as Uint8Array).toString()))
    handedOver?.()
  }
  close(code: number) {
    this.closes.push(code)
  }
}

describe('repeated properties', () => {
  it('bring the status of a content id with it', () => {
    const cii = new CiiServer({
      logger,
      repeatedProperties: ['contentId'],
      cii: { contentId: 'dvb://1', contentIdStatus: 'final' },
    })
    const socket = new Socket()
    cii.opened(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    cii.update({ contentId: null })
    expect(socket.sent.slice(1)).toEqual([
      { contentId: 'dvb://1', contentIdStatus: 'final', mrsUrl: 'http://mrs/' },
      { contentId: null, contentIdStatus: null },
    ])
  })

  it('are null in every message when they are null in the state, and in none when they are absent', () => {
    const cii = new CiiServer({
      logger,
      repeatedProperties: ['contentId', 'teUrl', 'wcUrl'],
      cii: { contentId: null, teUrl: null },
    })
    const socket = new Socket()
    cii.opened(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    const nulls = { contentId: null, contentIdStatus: null, teUrl: null }
    expect(socket.sent).toStrictEqual([
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
    expect(construct).toThrow(TypeError)
    expect(construct).toThrow(/^repeatedProperties: expected a list of names of CII properties/)
  })
})

describe('a subclass', () => {
  it('may make data of its own', () => {
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
    const events = cii.opened(socket)
    cii.update({ mrsUrl: 'http://mrs/' })
    expect(socket.sent).toEqual([{ protocolVersion: '1.1' }, { mrsUrl: 'http://mrs/' }])
    expect([...cii.connections.values()]).toEqual([{ mine: 1 }])
    events.closed(1000, '')
    cii.update({ mrsUrl: null })
    expect(socket.sent).toHaveLength(2)
    expect(socket.closes).toEqual([])
    expect(gone).toEqual([1])
  })
})
