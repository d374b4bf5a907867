import { describe, expect, it } from 'vitest'
import { App2AppServer, type App2AppServerOptions, type ConnectionHandlers } from '../../../../plugins/index.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'

class Client extends FakeSocket {
  override readonly handshake: { url: string; headers: Record<string, never> }
  handlers: ConnectionHandlers | undefined

  constructor(url: string) {
    super()
    this.handshake = { url, headers: {} }
  }

  say(message: string): void {
    this.handlers?.message(message)
  }

  leave(code = 1000, reason = ''): void {
    this.handlers?.closed(code, reason)
  }
}

function relay(options: App2AppServerOptions = {}) {
  const server = new App2AppServer(options)
  const connect = (side: 'local' | 'remote', channel = 'quiz') => {
    const client = new Client(`/app2app/${side}/${channel}`)
    client.handlers = server[side].open(client)
    return client
  }
  return { server, connect }
}

describe('App2AppServer', () => {
  it('pairs clients one to one, those first that have waited longest', () => {
    const { server, connect } = relay()
    const remotes = [connect('remote'), connect('remote'), connect('remote')]
    const local = connect('local')
    expect(remotes.map(({ sent }) => sent)).toEqual([['pairingcompleted'], [], []])
    expect(local.sent).toEqual(['pairingcompleted'])
    expect(server.statistics).toEqual({ pairs: 1, paired: 1, waiting: { local: 0, remote: 2 }, pauses: 0 })
    connect('local').say('second')
    expect(remotes.map(({ sent }) => sent)).toEqual([['pairingcompleted'], ['pairingcompleted', 'second'], []])
  })

  it('pairs nobody with a client that has left while it waited', () => {
    const { server, connect } = relay()
    const [first, second, third] = [connect('remote'), connect('remote'), connect('remote')]
    second.leave()
    expect(server.statistics.waiting.remote).toBe(2)
    connect('local')
    connect('local')
    expect([first, second, third].map(({ sent }) => sent.length)).toEqual([1, 0, 1])
    expect(server.statistics.waiting).toEqual({ local: 0, remote: 0 })
    connect('local')
    expect(server.statistics.waiting).toEqual({ local: 1, remote: 0 })
  })

  it('relays nothing that comes before the pairing, and counts it', () => {
    const { server, connect } = relay()
    const remote = connect('remote')
    remote.say('too early')
    const local = connect('local')
    remote.say('in time')
    expect(local.sent).toEqual(['pairingcompleted', 'in time'])
    expect(server.remote.statistics.dropped.unpaired).toBe(1)
  })

  it('keeps channels apart', () => {
    const { server, connect } = relay()
    connect('remote', 'one')
    connect('local', 'two')
    expect(server.statistics.pairs).toBe(0)
  })

  it.each([
    [1000, 'bye', 1000],
    [1005, '', 1000],
    [1012, 'restart', 1012],
    [4001, 'game over', 4001],
    [1002, 'bad frame', 1001],
    [1009, 'too long', 1001],
    [1006, '', 1001],
  ])('closes the peer of a client that has ended with %s (%s) with %s', (code, reason, expected) => {
    const { server, connect } = relay()
    const [remote, local] = [connect('remote'), connect('local')]
    local.arrive()
    remote.leave(code, reason)
    expect(local.closes).toEqual([expected])
    expect(server.statistics.pairs).toBe(0)
    local.leave(expected)
    expect(server.statistics.waiting).toEqual({ local: 0, remote: 0 })
  })

  it('delivers what waits for a client before it closes it', () => {
    const { connect } = relay()
    const [remote, local] = [connect('remote'), connect('local')]
    remote.say('last words')
    remote.leave()
    expect(local.closes).toEqual([])
    local.arrive()
    expect(local.closes).toEqual([1000])
    expect(local.sent).toEqual(['pairingcompleted', 'last words'])
  })

  it('does not pair a client anew that is still to be closed', () => {
    const { server, connect } = relay()
    const [remote, local] = [connect('remote'), connect('local')]
    remote.say('last words')
    remote.leave()
    const next = connect('remote')
    local.say('to whom?')
    expect(next.sent).toEqual([])
    expect(server.local.statistics.dropped.unpaired).toBe(1)
    local.arrive()
    local.leave(1006)
    expect(next.closes).toEqual([])
    expect(server.statistics.waiting.remote).toBe(1)
  })

  it('stops reading from a client while more than maxBufferedBytes wait for its peer, in one direction only', () => {
    const { server, connect } = relay({ maxBufferedBytes: 1000 })
    const [remote, local] = [connect('remote'), connect('local')]
    local.arrive()
    remote.arrive()
    remote.say('x'.repeat(900))
    expect(remote.isPaused).toBe(true)
    expect(local.isPaused).toBe(false)
    // Read already when the pause began.
    remote.say('y')
    local.say('the other way')
    expect(server.statistics.pauses).toBe(1)
    local.arrive()
    expect(remote.isPaused).toBe(false)
    expect(local.sent.slice(1).map(({ length }) => length)).toEqual([900, 1])
    expect(remote.sent.slice(1)).toEqual(['the other way'])
    expect(local.closes).toEqual([])
  })

  it('counts short messages that wait for what they cost', () => {
    const { connect } = relay({ maxBufferedBytes: 10_000 })
    const [remote] = [connect('remote'), connect('local')]
    for (let count = 0; count < 100 && !remote.isPaused; count++) remote.say('x')
    expect(remote.isPaused).toBe(true)
  })

  it('disables both sides at once', () => {
    const { server, connect } = relay()
    const clients = [connect('remote'), connect('local'), connect('remote')]
    server.enabled = false
    expect(clients.map(({ closes }) => closes)).toEqual([[1001], [1001], [1001]])
    expect(server.enabled).toBe(false)
  })

  it('closes a client without a channel', () => {
    const { server, connect } = relay()
    expect(connect('remote', '').closes).toEqual([1008])
    expect(server.statistics.waiting.remote).toBe(0)
  })

  it('says which option is wrong', () => {
    expect(() => relay({ maxWaitingPerChannel: 0 })).toThrow('"maxWaitingPerChannel" must be')
    expect(() => relay({ localAllow: ['tv'] })).toThrow('"localAllow" must be')
    expect(() => relay({ maxWaiting: 3 } as never)).toThrow('unknown option "maxWaiting"')
    expect(() => relay({ hooks: { onMessage: () => {} } } as never)).toThrow('unknown option "hooks.onMessage"')
  })
})
