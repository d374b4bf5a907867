import { afterEach, describe, expect, it } from 'vitest'
import { UdpRequestServer } from '../../../../src/server/wall-clock/udp-request-server.js'
import { UdpClient } from '../../../helpers/udp-client.js'
import { until } from '../../../helpers/until.js'

const echo = { handle: (message: Uint8Array) => message }
const servers: UdpRequestServer[] = []
const clients: UdpClient[] = []
afterEach(async () => {
  await Promise.all([
    ...servers.splice(0).map((server) => server.stop()),
    ...clients.splice(0).map((client) => client.close()),
  ])
})

async function flood(requests: number, maxRequestsPerSecond?: number) {
  const server = new UdpRequestServer(echo, { host: '127.0.0.1', maxRequestsPerSecond })
  servers.push(server)
  await server.start()
  const client = await UdpClient.open({ address: '127.0.0.1', port: server.address?.port ?? 0 })
  clients.push(client)
  for (let sent = 0; sent < requests; sent += 1) {
    await client.send(new Uint8Array([sent]))
  }
  await until(() => server.statistics.requests === requests)
  return server
}

describe('a limit on requests a second', () => {
  it('leaves what is beyond it unanswered, and counts it', async () => {
    const { statistics } = await flood(100, 2)
    // However long the flood has taken, it was not answered whole; and never less than at once.
    expect(statistics.answers).toBeGreaterThanOrEqual(2)
    expect(statistics.answers + (statistics.dropped['rate-limited'] ?? 0)).toBe(100)
    expect(statistics.dropped['rate-limited']).toBeGreaterThan(0)
  })

  it('is off unless it is asked for', async () => {
    expect((await flood(100)).statistics.answers).toBe(100)
  })

  it.each([0, -1, Number.NaN, '5'])('must be a positive integer, and not %j', (maxRequestsPerSecond) => {
    const make = () => new UdpRequestServer(echo, { maxRequestsPerSecond: maxRequestsPerSecond as number })
    expect(make).toThrow('"maxRequestsPerSecond" must be a positive integer or Infinity')
  })
})
