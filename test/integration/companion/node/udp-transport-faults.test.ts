import { createSocket, type Socket } from 'node:dgram'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SystemClock } from '../../../../src/clocks/index.js'
import { UdpWallClockTransport } from '../../../../src/companion/node/udp-wall-clock-transport.js'
import { WallClockClient } from '../../../../src/companion/wall-clock/wall-clock-client.js'
import { WallClockHandler } from '../../../../src/server/wall-clock/wall-clock-handler.js'
import { until } from '../../../helpers/until.js'

const resolver = vi.hoisted(() => ({ lookup: (): Promise<LookupAddress[]> => Promise.resolve([]), lookups: 0 }))
vi.mock('node:dns/promises', () => ({
  lookup: () => {
    resolver.lookups += 1
    return resolver.lookup()
  },
}))

const clients: WallClockClient[] = []
const servers: Socket[] = []
let made: Socket[] = []
const onSocket = (message: unknown) => made.push((message as { socket: Socket }).socket)
beforeEach(() => {
  made = []
  resolver.lookups = 0
  subscribe('udp.socket', onSocket)
})
afterEach(() => {
  vi.useRealTimers()
  unsubscribe('udp.socket', onSocket)
  for (const client of clients.splice(0)) client.stop()
  for (const server of servers.splice(0)) server.close()
})

const handler = new WallClockHandler(new SystemClock())

async function serve(address: string, port = 0): Promise<number> {
  const server = createSocket('udp4')
  servers.push(server)
  server.on('message', (data, remote) => server.send(handler.handle(data), remote.port, remote.address))
  server.bind(port, address)
  await once(server, 'listening')
  return server.address().port
}

function start(port: number): WallClockClient {
  const transport = new UdpWallClockTransport('television.test', port, { backoff: { initialSeconds: 0.01 } })
  const client = new WallClockClient({ transport, requestIntervalSeconds: 0.1 })
  clients.push(client)
  client.start()
  return client
}

describe('the UDP transport', () => {
  it('tries the next address of a host name if there is no answer', async () => {
    const port = await serve('127.0.0.3')
    const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
    resolver.lookup = async () => addresses.map((address) => ({ address, family: 4 }))
    await start(port).next('available')
  })

  it('tries the next address also when it is one of the other family', async () => {
    const port = await serve('127.0.0.1')
    resolver.lookup = async () => [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]
    await start(port).next('available')
  })

  it('stays at the address that answers', async () => {
    const port = await serve('127.0.0.1')
    resolver.lookup = async () => ['127.0.0.1', '127.0.0.9'].map((address) => ({ address, family: 4 }))
    const client = start(port)
    await client.next('available')
    client.stop()
    client.start()
    const { requests } = client.status()
    await client.next('available')
    expect(client.status().requests - requests).toBeLessThan(5)
  })

  it('reports a slow look-up, retries, and never accumulates look-ups', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    resolver.lookup = () => new Promise(() => {})
    const client = start(6677)
    const reasons: string[] = []
    client.on('disconnected', ({ reason }) => reasons.push(reason))
    for (let second = 0; second < 60; second++) await vi.advanceTimersByTimeAsync(1000)
    expect(reasons.length).toBeGreaterThan(2)
    expect(reasons[0]).toBe('udp://television.test:6677: timed out looking up television.test: no address within 10 s')
    expect(resolver.lookups).toBe(1)
  })

  it('connects when a look-up answers late', async () => {
    const port = await serve('127.0.0.1')
    let answer: (addresses: LookupAddress[]) => void = () => {}
    resolver.lookup = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const client = start(port)
    const available = client.next('available')
    setTimeout(() => answer([{ address: '127.0.0.1', family: 4 }]), 50)
    await available
  })

  it('survives datagrams that the system rejects, and sends none while one is queued', async () => {
    const port = await serve('127.0.0.1')
    resolver.lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const client = start(port)
    const disconnected: string[] = []
    client.on('disconnected', ({ reason }) => disconnected.push(reason))
    await client.next('available')
    const socket = made.at(-1)
    expect(socket).toBeDefined()
    let refused = 0
    const send = vi.spyOn(socket as Socket, 'send').mockImplementation(((...args: unknown[]) => {
      refused += 1
      const error = Object.assign(new Error('send ENOBUFS'), { code: 'ENOBUFS' })
      ;(args.at(-1) as (error: Error) => void)(error)
    }) as never)
    await until(() => refused > 2)
    expect(disconnected).toEqual([])
    send.mockClear()
    const queued = vi.spyOn(socket as Socket, 'getSendQueueCount').mockReturnValue(1)
    const { requests } = client.status()
    await until(() => client.status().requests > requests + 1)
    expect(send).not.toHaveBeenCalled()
    queued.mockRestore()
    send.mockRestore()
    await client.next('candidate')
    expect(client.clock.available).toBe(true)
  })
})
