import { afterEach, describe, expect, it } from 'vitest'
import {
  InvalidOptionError,
  IsolatedWallClockServer,
  SystemClock,
  UdpRequestServer,
  WallClockHandler,
  type WallClockUdpServer,
} from '../../../../plugins/index.js'
import { UdpClient } from '../../../helpers/udp-client.js'
import { until } from '../../../helpers/until.js'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function started<Server extends WallClockUdpServer>(server: Server): Promise<Server> {
  open.push({ close: () => server.stop() })
  await server.start()
  return server
}

function inThisThread(options: { maxRecentClients?: number } = {}): Promise<UdpRequestServer> {
  return started(new UdpRequestServer(new WallClockHandler(new SystemClock()), { host: '127.0.0.1', ...options }))
}

function inItsOwn(options: { maxRecentClients?: number } = {}): Promise<IsolatedWallClockServer> {
  return started(new IsolatedWallClockServer(new SystemClock(), { host: '127.0.0.1', ...options }))
}

async function ask(server: WallClockUdpServer, requests = 1): Promise<UdpClient> {
  const client = await UdpClient.open({ address: '127.0.0.1', port: server.address?.port ?? 0 }, { host: '127.0.0.1' })
  open.push(client)
  for (let n = 0; n < requests; n += 1) await client.request(new Uint8Array(32))
  return client
}

const ports = (server: WallClockUdpServer) => server.recentClients().map(({ port }) => port)

describe.each([
  ['in the thread of the app', inThisThread],
  ['in a thread of its own', inItsOwn],
])('a wall clock server %s', (_where, start) => {
  it('lists its recent clients with the number and the time of their requests', async () => {
    const before = Date.now()
    const server = await start({ maxRecentClients: 2 })
    const client = await ask(server, 3)
    await until(() => server.recentClients()[0]?.requests === 3)
    const [listed] = server.recentClients()
    expect(listed).toMatchObject({ address: '127.0.0.1', port: client.port })
    expect(listed?.firstRequestAt).toBeGreaterThanOrEqual(before)
    expect(listed?.lastRequestAt).toBeGreaterThanOrEqual(listed?.firstRequestAt ?? Number.NaN)
    expect(listed?.lastRequestAt).toBeLessThanOrEqual(Date.now())
  })

  it('lists none by default, and begins when the maximum is set', async () => {
    const server = await start()
    await ask(server)
    expect(server.maxRecentClients).toBe(0)
    server.maxRecentClients = 10
    const client = await ask(server)
    // A thread of its own gets the maximum a little later.
    for (let tries = 0; tries < 500 && server.recentClients().length === 0; tries += 1) {
      await client.request(new Uint8Array(32))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(ports(server)).toEqual([client.port])
    server.maxRecentClients = 0
    expect(server.recentClients()).toEqual([])
    expect(() => {
      server.maxRecentClients = -1
    }).toThrow(InvalidOptionError)
  })
})

describe('the recent clients of a wall clock server', () => {
  it('are limited: the one with the oldest last request is forgotten', async () => {
    const server = await inThisThread({ maxRecentClients: 2 })
    const first = await ask(server)
    const second = await ask(server)
    await first.request(new Uint8Array(32))
    const third = await ask(server)
    expect(ports(server).toSorted()).toEqual([first.port, third.port].toSorted())
    expect(ports(server)).not.toContain(second.port)
  })

  it('do not include a client whose requests are not answered', async () => {
    const server = await inThisThread({ maxRecentClients: 2 })
    const client = await ask(server, 0)
    await client.send(new Uint8Array(31))
    await until(() => server.statistics.dropped['wrong-length'] === 1)
    expect(server.recentClients()).toEqual([])
  })

  it('are recorded if the maximum was set while the thread was starting', async () => {
    const server = new IsolatedWallClockServer(new SystemClock(), { host: '127.0.0.1' })
    open.push({ close: () => server.stop() })
    const starting = server.start()
    await Promise.resolve()
    server.maxRecentClients = 10
    await starting
    const client = await ask(server)
    await until(() => server.recentClients().length > 0)
    expect(ports(server)).toEqual([client.port])
  })
})
