import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pairedSocketOpener, type SocketHandlers } from '../../../../src/companion/connections/index.js'

const URL = 'ws://tv:7681/app2app/remote/hbbtv-sync-cii'
const OPTIONS = { maxMessageBytes: 1000, handshakeTimeoutSeconds: 10, messageTimeoutSeconds: 10 }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function open() {
  const events: unknown[] = []
  const sent: unknown[] = []
  let television: SocketHandlers | undefined
  const opener = pairedSocketOpener((_url, handlers) => {
    television = handlers
    return { send: (data) => sent.push(data), close: (code) => sent.push({ close: code }) }
  })
  const socket = opener(
    URL,
    {
      opened: () => events.push('opened'),
      message: (data) => events.push(data),
      closed: (end) => events.push(end),
    },
    OPTIONS,
  )
  if (television === undefined) throw new Error('expected a socket')
  return { socket, events, sent, television }
}

describe('a socket over App2App', () => {
  it('is open once it is paired, and sends nothing before', () => {
    const { socket, events, sent, television } = open()
    television.opened()
    socket.send('too early')
    expect(events).toEqual([])
    television.message('pairingcompleted')
    socket.send('in time')
    television.message('{}')
    television.message('pairingcompleted')
    television.message(Uint8Array.of(1))
    expect(events).toEqual(['opened', '{}', 'pairingcompleted', Uint8Array.of(1)])
    expect(sent).toEqual(['in time'])
  })

  it('treats any other first message as a sign of pairing', () => {
    const { events, television } = open()
    television.opened()
    television.message('{"contentId":null}')
    expect(events).toEqual(['opened', '{"contentId":null}'])
  })

  it('times out once, if no peer comes within the time of a handshake', () => {
    const { events, sent, television } = open()
    television.opened()
    vi.advanceTimersByTime(10_000)
    television.message('pairingcompleted')
    television.closed({ code: 1006, reason: '' })
    const message = `no application on the television has joined ${URL} within 10 s`
    expect(events).toEqual([{ code: 1006, reason: '', failure: { kind: 'not-paired', message } }])
    expect(sent).toEqual([{ close: 1000 }])
  })

  it('does not time out once it is paired, or closed', () => {
    const paired = open()
    paired.television.opened()
    paired.television.message('pairingcompleted')
    const closed = open()
    closed.television.opened()
    closed.socket.close()
    vi.advanceTimersByTime(60_000)
    expect(paired.events).toEqual(['opened'])
    expect(closed.events).toEqual([])
  })

  it('reports that it was closed before the pairing', () => {
    const { events, television } = open()
    television.opened()
    television.closed({ code: 1001, reason: 'endpoint disabled' })
    const message = `${URL} was closed with 1001: endpoint disabled before an application on the television joined it`
    expect(events).toEqual([{ code: 1001, reason: 'endpoint disabled', failure: { kind: 'not-paired', message } }])
  })

  it('passes on why it could not connect, and how it ended', () => {
    const failed = open()
    const failure = { kind: 'http-status', status: 503, message: 'full' } as const
    failed.television.closed({ code: 1006, reason: '', failure })
    expect(failed.events).toEqual([{ code: 1006, reason: '', failure }])
    const ended = open()
    ended.television.opened()
    ended.television.message('pairingcompleted')
    ended.television.closed({ code: 4000, reason: 'bye' })
    expect(ended.events).toEqual(['opened', { code: 4000, reason: 'bye' }])
  })

  it('does not wait for a service to restart when an application has ended', () => {
    const { events, television } = open()
    television.opened()
    television.message('pairingcompleted')
    television.closed({ code: 1012, reason: 'peer left' })
    expect(events).toEqual(['opened', { code: 1001, reason: 'peer left' }])
  })
})
