import { createSocket, type Socket } from 'node:dgram'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { type WallClockPluginOptions, wallClockPlugin } from '../../../../plugins/wall-clock-plugin.js'
import { OffsetClock, SystemClock } from '../../../../src/clocks/index.js'
import { UdpWallClockTransport } from '../../../../src/companion/node/udp-wall-clock-transport.js'
import { WallClockClient } from '../../../../src/companion/wall-clock/wall-clock-client.js'
import { closeAppsAfterEach, makeApp } from '../../../helpers/app.js'
import { has } from '../../../helpers/needs.js'
import { until } from '../../../helpers/until.js'

const hasIPv6 = has('ipv6')

closeAppsAfterEach()

const clients: WallClockClient[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.stop()
  for (const socket of sockets.splice(0)) socket.close()
})

const AHEAD_SECONDS = 1000
const wallClock = new OffsetClock(new SystemClock(), { offsetSeconds: AHEAD_SECONDS })

async function serve(options: WallClockPluginOptions = {}): Promise<number> {
  const app = makeApp()
  await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, wallClock, ...options })
  await app.ready()
  return app.wallClockServer.address?.port ?? 0
}

function clientOf(transport: UdpWallClockTransport): WallClockClient {
  const client = new WallClockClient({ transport, maxDispersionSeconds: 60, requestIntervalSeconds: 0.1 })
  clients.push(client)
  return client
}

/** Both run on this machine's clock, so how far off the client is can be read at any moment. */
function checkError({ clock }: WallClockClient): void {
  const parentTicks = clock.parent.now()
  const ticks = clock.fromParent(parentTicks)
  const error = Math.abs((ticks - parentTicks) / 1e9 - AHEAD_SECONDS)
  expect(error).toBeLessThanOrEqual(clock.dispersionAt(ticks))
}

async function fakeServer(port = 0): Promise<Socket> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

describe('the wall clock over UDP, with our server', () => {
  for (const followUp of [false, true]) {
    it(`is right within its bound ${followUp ? 'with' : 'without'} follow-ups`, async () => {
      const port = await serve({ followUp })
      const client = clientOf(new UdpWallClockTransport(`udp://127.0.0.1:${port}`))
      client.start()
      for (let i = 0; i < 40; i++) {
        await client.next('candidate')
        checkError(client)
      }
      expect(client.status()).toMatchObject({ available: true, protocolErrors: 0 })
      expect(client.status().offsetSeconds).toBeCloseTo(AHEAD_SECONDS, 1)
      expect(client.status().followUps > 0).toBe(followUp)
    })
  }

  it('reports its local address and port, which can be chosen', async () => {
    const port = await serve()
    const server = await fakeServer()
    const localPort = server.address().port
    await new Promise<void>((resolve) => server.close(() => resolve()))
    sockets.splice(sockets.indexOf(server), 1)
    const transport = new UdpWallClockTransport('127.0.0.1', port, { localAddress: '127.0.0.1', localPort })
    const client = clientOf(transport)
    expect(transport.localEndpoint).toBeNull()
    client.start()
    await client.next('available')
    expect(transport.localEndpoint).toEqual({ address: '127.0.0.1', port: localPort, family: 'IPv4' })
    client.stop()
    expect(transport.localEndpoint).toBeNull()
  })

  it('reports which port is in use, and retries', async () => {
    const taken = await fakeServer()
    const localPort = taken.address().port
    const transport = new UdpWallClockTransport('127.0.0.1', await serve(), {
      localAddress: '127.0.0.1',
      localPort,
      backoff: { initialSeconds: 0.01, maxSeconds: 0.02 },
    })
    const client = clientOf(transport)
    const failed = client.next('disconnected')
    client.start()
    expect((await failed).reason).toContain(`UDP port ${localPort} on 127.0.0.1 is already in use (EADDRINUSE)`)
    sockets.splice(sockets.indexOf(taken), 1)
    const available = client.next('available')
    taken.close()
    await available
  })

  it.each([
    [{ localAddress: 'localhost' }, '"localAddress" must be an IP address; received "localhost"'],
    [{ localPort: 65_536 }, '"localPort" must be an integer from 0 to 65535; received 65536'],
    [{ localPort: '1' as never }, '"localPort" must be an integer from 0 to 65535; received "1"'],
  ])('rejects %o', (options, message) => {
    expect(() => new UdpWallClockTransport('127.0.0.1', 6677, options)).toThrow(message)
  })

  it('states the worst error bound of a period, and its status in one line', async () => {
    const client = clientOf(new UdpWallClockTransport('127.0.0.1', await serve()))
    expect(client.statusSummary()).toBe('unavailable, not connected, no answer to 0 requests')
    client.start()
    await client.next('available')
    expect(client.worstDispersionSeconds).toBe(Number.POSITIVE_INFINITY)
    client.resetWorstDispersion()
    const start = client.worstDispersionSeconds
    expect(start).toBeLessThan(1)
    for (let i = 0; i < 5; i++) await client.next('candidate')
    const { worstDispersionSeconds, dispersionSeconds } = client.status()
    expect(worstDispersionSeconds).toBeGreaterThanOrEqual(Math.max(start, dispersionSeconds))
    expect(worstDispersionSeconds).toBeLessThan(1)
    expect(client.statusSummary()).toMatch(
      /^available, connected, offset 1000\.\d{6} s ± 0\.\d{6} s, round trip [\d.]+ ms$/,
    )
    client.stop()
    expect(client.worstDispersionSeconds).toBe(Number.POSITIVE_INFINITY)
  })

  it('looks a host name up', async () => {
    const port = await serve({ host: 'localhost' })
    const client = clientOf(new UdpWallClockTransport('localhost', port))
    client.start()
    await client.next('available')
    checkError(client)
  })

  it.runIf(hasIPv6)('takes an IPv6 address in a URL', async () => {
    const port = await serve({ host: '::1' })
    const client = clientOf(new UdpWallClockTransport(`udp://[::1]:${port}`))
    client.start()
    await client.next('available')
    expect(client.url).toBe(`udp://[::1]:${port}`)
  })

  it.each(['::ffff:127.0.0.1', '::ffff:7f00:1'])('accepts an IPv4-mapped IPv6 address: %s', async (host) => {
    const port = await serve()
    const client = clientOf(new UdpWallClockTransport(`udp://[${host}]:${port}`))
    const made: Socket[] = []
    const onSocket = (message: unknown) => made.push((message as { socket: Socket }).socket)
    subscribe('udp.socket', onSocket)
    client.start()
    await client.next('available')
    unsubscribe('udp.socket', onSocket)
    // Where IPv6 sockets are not dual-stack, only an IPv4 socket reaches it.
    expect(made.map((socket) => socket.address().family)).toEqual(['IPv4'])
  })

  it('finds a server that has died and come back at the same address', async () => {
    const first = makeApp()
    await first.register(wallClockPlugin, { host: '127.0.0.1', port: 0, wallClock })
    await first.ready()
    const port = first.wallClockServer.address?.port ?? 0
    const client = clientOf(new UdpWallClockTransport('127.0.0.1', port))
    client.start()
    await client.next('available')
    await first.close()
    await client.next('timeout')
    const before = client.status().dispersionSeconds + 0.01
    expect(client.clock.available).toBe(true)
    checkError(client)
    await serve({ port })
    // On a busy machine the first answers may be no better than what was known before.
    await until(() => client.status().dispersionSeconds < before)
    checkError(client)
  })
})

describe('the UDP transport', () => {
  it('ignores and counts what comes from another port', async () => {
    const server = await fakeServer()
    const stranger = await fakeServer()
    const client = clientOf(new UdpWallClockTransport('127.0.0.1', server.address().port))
    client.start()
    const [, remote] = await once(server, 'message')
    const failure = client.next('protocolError')
    stranger.send('from a stranger', remote.port, remote.address)
    await new Promise((resolve) => stranger.send('again', remote.port, remote.address, resolve))
    server.send('seventeen bytes!!', remote.port, remote.address)
    expect(await failure).toMatchObject({ reason: 'wrong-length', detail: expect.stringContaining('17') })
    expect(client.status()).toMatchObject({ protocolErrors: 1, ignored: { 'other-port': 2 } })
  })

  it('reports a host name without an address, and retries', async () => {
    const transport = new UdpWallClockTransport('no-such-host.invalid', 6677, { backoff: { initialSeconds: 0.01 } })
    const client = clientOf(transport)
    client.start()
    const first = await client.next('disconnected')
    expect(first.reason).toMatch(/^udp:\/\/no-such-host\.invalid:6677: .*no-such-host\.invalid/)
    await client.next('disconnected')
    expect(client.clock.available).toBe(false)
  })

  it('receives nothing after it was stopped, also during a look-up', async () => {
    const server = await fakeServer()
    const transport = new UdpWallClockTransport('127.0.0.1', server.address().port)
    const heard: string[] = []
    const handlers = {
      opened: () => heard.push('opened'),
      message: () => heard.push('message'),
      violated: () => heard.push('violated'),
      closed: () => heard.push('closed'),
    }
    transport.start(handlers, () => 0)
    transport.stop()
    const again = new Promise<void>((resolve) => {
      transport.start({ ...handlers, opened: resolve }, () => 0)
    })
    await again
    transport.stop()
    transport.send(new Uint8Array(32))
    expect(heard).toEqual([])
  })

  it('rejects invalid URLs and ports', () => {
    for (const url of [
      '127.0.0.1',
      'udp://host',
      'ws://host:1',
      'udp://host:1/path',
      'udp://user@host:1',
      'udp://:1',
    ]) {
      expect(() => new UdpWallClockTransport(url)).toThrow('"target" must be a URL udp://host:port; received ')
    }
    expect(() => new UdpWallClockTransport('udp://host:0')).toThrow(
      '"target" must be a URL udp://host:port; received udp://host:0',
    )
    expect(() => new UdpWallClockTransport('host', 65_536)).toThrow(
      '"port" must be an integer from 1 to 65535; received 65536',
    )
  })
})
