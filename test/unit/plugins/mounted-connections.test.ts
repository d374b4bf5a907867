import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AdaptedSocket } from '../../../plugins/adapted-socket.js'
import { MountedConnections } from '../../../plugins/mounted-connections.js'
import { EndpointServer } from '../../../src/server/endpoint/index.js'

const INTERVAL = 30_000
const NEVER = Number.POSITIVE_INFINITY

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** A connection that counts what is done to it. */
function fakeConnection() {
  const counts = { heartbeats: 0, sendingChecks: 0, receivingChecks: 0 }
  const connection = {
    slot: 0,
    index: 0,
    counts,
    heartbeat: () => {
      counts.heartbeats += 1
    },
    checkSending: () => {
      counts.sendingChecks += 1
    },
    checkReceiving: () => {
      counts.receivingChecks += 1
    },
  }
  return connection as unknown as AdaptedSocket & { counts: typeof counts }
}

describe('the heartbeats of many connections', () => {
  it('are spread over the interval, and each connection has one in each interval', () => {
    const mounted = new MountedConnections(new EndpointServer(), INTERVAL, NEVER, NEVER)
    const connections = Array.from({ length: 3000 }, fakeConnection)
    for (const connection of connections) mounted.add(connection)
    const total = () => connections.reduce((sum, { counts }) => sum + counts.heartbeats, 0)
    for (let round = 1; round <= 2; round += 1) {
      let most = 0
      for (let time = 0; time < INTERVAL; time += 100) {
        const before = total()
        vi.advanceTimersByTime(100)
        most = Math.max(most, total() - before)
      }
      expect(most).toBeLessThan(30)
      expect(new Set(connections.map(({ counts }) => counts.heartbeats))).toEqual(new Set([round]))
    }
  })

  it('keep their times while other connections come and go', () => {
    const mounted = new MountedConnections(new EndpointServer(), INTERVAL, NEVER, NEVER)
    const staying = Array.from({ length: 100 }, fakeConnection)
    const leaving = Array.from({ length: 500 }, fakeConnection)
    for (const [i, connection] of leaving.entries()) {
      mounted.add(connection)
      if (i % 5 === 0) mounted.add(staying[i / 5] as AdaptedSocket)
    }
    vi.advanceTimersByTime(INTERVAL / 2)
    for (const connection of leaving) mounted.remove(connection)
    for (let i = 0; i < 500; i += 1) mounted.add(fakeConnection())
    vi.advanceTimersByTime(INTERVAL / 2)
    expect(new Set(staying.map(({ counts }) => counts.heartbeats))).toEqual(new Set([1]))
    vi.advanceTimersByTime(2 * INTERVAL)
    expect(new Set(staying.map(({ counts }) => counts.heartbeats))).toEqual(new Set([3]))
  })

  it('come a whole interval after the first connection', () => {
    const mounted = new MountedConnections(new EndpointServer(), INTERVAL, NEVER, NEVER)
    const connection = fakeConnection()
    mounted.add(connection)
    vi.advanceTimersByTime(INTERVAL - 200)
    expect(connection.counts.heartbeats).toBe(0)
    vi.advanceTimersByTime(200)
    expect(connection.counts.heartbeats).toBe(1)
  })
})

describe('the time limits', () => {
  it('are checked for the connections alone for which something is incomplete', () => {
    const mounted = new MountedConnections(new EndpointServer(), NEVER, 20_000, 10_000)
    const [idle, unread, begun] = [fakeConnection(), fakeConnection(), fakeConnection()]
    for (const connection of [idle, unread, begun]) mounted.add(connection)
    mounted.sending.add(unread)
    mounted.receiving.add(begun)
    vi.advanceTimersByTime(20_000)
    expect(idle.counts).toEqual({ heartbeats: 0, sendingChecks: 0, receivingChecks: 0 })
    expect(unread.counts).toMatchObject({ sendingChecks: 4, receivingChecks: 0 })
    expect(begun.counts).toMatchObject({ sendingChecks: 0, receivingChecks: 8 })
  })

  it('do not keep a connection that has gone', () => {
    const mounted = new MountedConnections(new EndpointServer(), NEVER, 20_000, 10_000)
    const connection = fakeConnection()
    mounted.add(connection)
    mounted.sending.add(connection)
    mounted.receiving.add(connection)
    mounted.remove(connection)
    expect([mounted.sending.size, mounted.receiving.size]).toEqual([0, 0])
    expect(vi.getTimerCount()).toBe(0)
  })
})
