import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CiiServer,
  type CompanionServers,
  ConnectedCompanions,
  type ConnectionHandlers,
  type EndpointServer,
  type RecentClient,
  TsServer,
  WallClockWebSocketServer,
} from '../../../../plugins/index.js'
import { FakeSocket } from '../../../helpers/fake-socket.js'

/** A socket of a client at some address, with some user agent. */
class Socket extends FakeSocket {
  override readonly remoteAddress: string
  override readonly handshake: { url: string; headers: Record<string, string> }
  constructor(remoteAddress: string, userAgent: string | undefined) {
    super()
    this.remoteAddress = remoteAddress
    this.handshake = { url: '/', headers: userAgent === undefined ? {} : { 'user-agent': userAgent } }
  }
}

const PHONE = '192.0.2.1'
const BROWSER = 'Browser/1'

function television(udp?: () => RecentClient[]) {
  const servers = {
    cii: new CiiServer(),
    ts: new TsServer(),
    wallClockWebSocket: new WallClockWebSocketServer(),
    ...(udp && { wallClockServer: { recentClients: udp } }),
  } satisfies CompanionServers
  const open = (server: EndpointServer, address = PHONE, userAgent: string | undefined = BROWSER) =>
    server.open(new Socket(address, userAgent))
  return {
    servers,
    openCii: (...from: [address?: string, userAgent?: string]) => open(servers.cii, ...from),
    openTs: (...from: [address?: string, userAgent?: string]) => open(servers.ts, ...from),
    openWc: (...from: [address?: string, userAgent?: string]) => open(servers.wallClockWebSocket, ...from),
  }
}

const close = (events: ConnectionHandlers) => events.closed(1000, '')

/** Which connections each companion has, numbered from the oldest one that is open at its server: `cii 1, ts 1`. */
function connectionsOf(companions: ConnectedCompanions): string[] {
  const first = { cii: 0, ts: 0, wc: 0 }
  const numbers = companions.list().flatMap(({ cii, ts, wallClock }) => [cii, ts, wallClock])
  const idsOf = (prefix: string) =>
    numbers
      .filter((each) => each !== undefined)
      .map(({ id }) => id)
      .filter((id) => id.startsWith(`${prefix}-`))
      .map((id) => Number(id.split('-')[1]))
  for (const prefix of ['cii', 'ts', 'wc'] as const) first[prefix] = Math.min(...idsOf(prefix))
  return companions.list().map(({ cii, ts, wallClock }) =>
    [cii, wallClock, ts]
      .filter((each) => each !== undefined)
      .map(({ id }) => id.split('-') as ['cii' | 'ts' | 'wc', string])
      .map(([prefix, number]) => `${prefix} ${Number(number) - first[prefix] + 1}`)
      .join(', '),
  )
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds)

describe('the connections of one companion', () => {
  it('are those of its address and user agent', () => {
    const { servers, openCii, openTs, openWc } = television()
    const companions = new ConnectedCompanions(servers)
    openCii()
    openCii(PHONE, 'Other/1')
    openCii('192.0.2.2')
    openTs('192.0.2.2')
    openTs(PHONE, 'Other/1')
    openTs()
    openWc()
    expect(connectionsOf(companions)).toEqual(['cii 1, wc 1, ts 3', 'cii 2, ts 2', 'cii 3, ts 1'])
    expect(companions.list()[0]).toMatchObject({ remoteAddress: PHONE, userAgent: BROWSER, isAmbiguous: false })
  })

  it('may have addresses that are written differently, and no user agent', () => {
    const { servers } = television()
    const companions = new ConnectedCompanions(servers)
    servers.cii.open(new Socket('::ffff:192.0.2.1', undefined))
    servers.ts.open(new Socket('192.0.2.1', undefined))
    servers.cii.open(new Socket('fe80::1%eth0', undefined))
    servers.ts.open(new Socket('FE80::1%wlan0', undefined))
    expect(connectionsOf(companions)).toEqual(['cii 1, ts 1', 'cii 2, ts 2'])
    expect(companions.list()[0]).toMatchObject({ remoteAddress: '192.0.2.1', userAgent: undefined })
  })

  it('are found with its key, which stays the same as long as it has one', () => {
    const { servers, openCii, openTs } = television()
    const companions = new ConnectedCompanions(servers)
    const [cii, ts] = [openCii(), openTs()]
    const [connection] = servers.ts.connections.keys()
    const [{ key, connectedAt } = {}] = companions.list()
    expect(connection && companions.keyOf(connection)).toBe(key)
    close(cii)
    later(100_000)
    openCii()
    expect(companions.list()).toMatchObject([{ key, connectedAt }])
    close(ts)
    expect(companions.list()).toMatchObject([{ key, ts: undefined }])
    expect(connection && companions.keyOf(connection)).toBeUndefined()
  })

  it('are forgotten with the last of them', () => {
    const { servers, openCii } = television()
    const companions = new ConnectedCompanions(servers)
    const before = openCii()
    const [{ key } = {}] = companions.list()
    close(before)
    expect(companions.list()).toEqual([])
    openCii()
    expect(companions.list()[0]?.key).not.toBe(key)
  })

  it('are found if they were open before', () => {
    const { servers, openCii, openTs, openWc } = television()
    for (let n = 0; n < 2; n += 1) {
      openCii()
      later(10)
      openWc()
      later(10)
      openTs()
      later(10_000)
    }
    expect(connectionsOf(new ConnectedCompanions(servers))).toEqual(['cii 1, wc 1, ts 1', 'cii 2, wc 2, ts 2'])
  })

  it('are no longer followed after close()', () => {
    const { servers, openCii } = television()
    const companions = new ConnectedCompanions(servers)
    openCii()
    companions.close()
    openCii()
    expect(companions.list()).toEqual([])
  })
})

describe('several companions with one address and user agent', () => {
  it('are told apart by the order in which connections are opened, and are marked', () => {
    const { servers, openCii, openTs, openWc } = television()
    const companions = new ConnectedCompanions(servers)
    for (let n = 0; n < 3; n += 1) {
      openCii()
      openWc()
      later(500)
      openTs()
      later(5000)
    }
    expect(connectionsOf(companions)).toEqual(['cii 1, wc 1, ts 1', 'cii 2, wc 2, ts 2', 'cii 3, wc 3, ts 3'])
    expect(companions.list().map(({ isAmbiguous }) => isAmbiguous)).toEqual([true, true, true])
  })

  it('are served in turn if they open theirs at the same time', () => {
    const { servers, openCii, openTs, openWc } = television()
    const companions = new ConnectedCompanions(servers)
    for (const open of [openCii, openCii, openWc, openWc, openTs, openTs]) {
      open()
      later(100)
    }
    expect(connectionsOf(companions)).toEqual(['cii 1, wc 1, ts 1', 'cii 2, wc 2, ts 2'])
  })

  it('do not take the connections of one that opened its own just now', () => {
    const { servers, openCii, openTs } = television()
    const companions = new ConnectedCompanions(servers)
    openCii()
    later(60_000)
    openCii()
    openTs()
    expect(connectionsOf(companions)).toEqual(['cii 1', 'cii 2, ts 1'])
  })

  it('get their lost connections back', () => {
    const { servers, openCii, openTs } = television()
    const companions = new ConnectedCompanions(servers)
    const [lostTs, lostCii] = [[openCii(), openTs()][1], [openCii(), openTs()][0]]
    later(60_000)
    close(lostTs as ConnectionHandlers)
    close(lostCii as ConnectionHandlers)
    openTs()
    openCii()
    expect(connectionsOf(companions)).toEqual(['cii 1, ts 2', 'cii 3, ts 1'])
  })

  it('have one connection of each kind: another one is a companion of its own', () => {
    const { servers, openCii, openTs } = television()
    const companions = new ConnectedCompanions(servers)
    openCii()
    openTs()
    openTs()
    expect(connectionsOf(companions)).toEqual(['cii 1, ts 1', 'ts 2'])
  })
})

describe('the clients of the wall clock over UDP', () => {
  const client = (address: string, port: number, age = 0): RecentClient => ({
    ...{ address, port, requests: 1 },
    ...{ firstRequestAt: Date.now() - age, lastRequestAt: Date.now() - age },
  })

  it('belong to the companion at their address that has no connection to the wall clock', () => {
    let clients: RecentClient[] = []
    const { servers, openCii, openWc } = television(() => clients)
    const companions = new ConnectedCompanions(servers)
    openCii(PHONE, 'Native/1')
    openCii()
    openWc()
    clients = [client(PHONE, 1), client('192.0.2.2', 2)]
    expect(companions.list()).toMatchObject([
      { userAgent: 'Native/1', udp: [{ port: 1 }], isUdpShared: false },
      { userAgent: BROWSER, udp: [], isUdpShared: false },
    ])
  })

  it('belong to the companion that connected just before their first request', () => {
    const clients: RecentClient[] = []
    const { servers, openCii } = television(() => clients)
    const companions = new ConnectedCompanions(servers)
    for (const port of [1, 2]) {
      openCii(PHONE)
      later(500)
      clients.push(client(PHONE, port))
      later(10_000)
      for (const each of clients) Object.assign(each, { lastRequestAt: Date.now() })
    }
    const expected = [
      { udp: [{ port: 1 }], isUdpShared: false },
      { udp: [{ port: 2 }], isUdpShared: false },
    ]
    expect(companions.list()).toMatchObject(expected)
    later(50_000)
    for (const each of clients) Object.assign(each, { lastRequestAt: Date.now() })
    expect(companions.list()).toMatchObject(expected)
  })

  it('may have another port after an interruption', () => {
    const clients: RecentClient[] = []
    const { servers, openCii } = television(() => clients)
    const companions = new ConnectedCompanions(servers)
    openCii(PHONE)
    clients.push(client(PHONE, 1))
    openCii(PHONE)
    clients.push(client(PHONE, 2))
    expect(companions.list()).toMatchObject([{ udp: [{ port: 1 }] }, { udp: [{ port: 2 }] }])
    later(10_000)
    Object.assign(clients[0] as RecentClient, { lastRequestAt: Date.now() })
    clients.push(client(PHONE, 3))
    expect(companions.list()).toMatchObject([{ udp: [{ port: 1 }] }, { udp: [{ port: 3 }] }])
  })

  it('are marked if several companions may have sent their requests', () => {
    let clients: RecentClient[] = []
    const { servers, openCii } = television(() => clients)
    const companions = new ConnectedCompanions(servers)
    openCii()
    openCii(PHONE, 'Native/1')
    expect(companions.list()).toMatchObject([{ isUdpShared: false }, { isUdpShared: false }])
    later(20_000)
    clients = [client(PHONE, 1), client(PHONE, 2)]
    expect(companions.list()).toMatchObject([
      { udp: [{ port: 1 }, { port: 2 }], isUdpShared: true },
      { udp: [{ port: 1 }, { port: 2 }], isUdpShared: true },
    ])
  })

  it('do not count if they have been silent for a minute, or have asked only before the companion came', () => {
    const clients: RecentClient[] = []
    const { servers, openCii } = television(() => clients)
    const companions = new ConnectedCompanions(servers)
    clients.push(client(PHONE, 1, 300))
    openCii()
    expect(companions.list()).toMatchObject([{ udp: [] }])
    clients.push(client(PHONE, 2))
    expect(companions.list()).toMatchObject([{ udp: [{ port: 2 }] }])
    later(61_000)
    expect(companions.list()).toMatchObject([{ udp: [] }])
  })
})
