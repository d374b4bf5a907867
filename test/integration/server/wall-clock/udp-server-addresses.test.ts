import * as dgram from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RequestHandler } from '../../../../src/server/wall-clock/request-handler.js'
import { UdpRequestServer, type UdpRequestServerOptions } from '../../../../src/server/wall-clock/udp-request-server.js'
import { has } from '../../../helpers/needs.js'
import { UdpClient } from '../../../helpers/udp-client.js'

const hasIPv6 = has('ipv6')

const machine = vi.hoisted(() => ({
  /** The system's code for a bind of a socket of this type; undefined lets it bind. */
  refuse: (_type: string): string | undefined => undefined,
  lookups: new Map<string, string[]>(),
}))

// A machine whose kernel has no IPv6 (or no IPv4), and names that resolve to several addresses, cannot be had everywhere.
vi.mock('node:dgram', async (importOriginal) => {
  const actual = await importOriginal<typeof dgram>()
  const createSocket = (options: dgram.SocketOptions | dgram.SocketType): dgram.Socket => {
    const socket = actual.createSocket(options as dgram.SocketOptions)
    const code = typeof options === 'object' ? machine.refuse(options.type) : undefined
    if (code !== undefined) {
      socket.bind = () => {
        queueMicrotask(() => socket.emit('error', Object.assign(new Error(`bind ${code}`), { code })))
        return socket
      }
    }
    return socket
  }
  return { ...actual, createSocket }
})
vi.mock('node:dns/promises', async (importOriginal) => {
  const { lookup, ...others } = await importOriginal<typeof import('node:dns/promises')>()
  const named = (host: string, options: object) => {
    const addresses = machine.lookups.get(host)
    if (addresses === undefined) return lookup(host, options)
    return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
  }
  return { ...others, lookup: named }
})

const echo: RequestHandler = { handle: (message) => message }
const REQUEST = Uint8Array.of(7)

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  machine.refuse = () => undefined
  machine.lookups.clear()
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function start(options: UdpRequestServerOptions = {}): Promise<UdpRequestServer> {
  const server = new UdpRequestServer(echo, options)
  open.push({ close: () => server.stop() })
  await server.start()
  return server
}

/** @returns who has answered, when the server was asked at an address of loopback. */
async function ask(server: UdpRequestServer, address: '127.0.0.1' | '::1'): Promise<string> {
  const socket = dgram.createSocket(address === '::1' ? 'udp6' : 'udp4')
  try {
    const answer = once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
    socket.send(REQUEST, server.address?.port ?? 0, address)
    const [message, remote] = await answer
    expect(new Uint8Array(message)).toEqual(REQUEST)
    return remote.address
  } finally {
    socket.close()
  }
}

async function holder(type: 'udp4' | 'udp6', address: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket({ type, ipv6Only: type === 'udp6' })
  socket.bind(0, address)
  await once(socket, 'listening')
  open.push({ close: async () => void socket.close() })
  return socket
}

function lackFamily(type: string): void {
  machine.refuse = (bound) => (bound === type ? 'EAFNOSUPPORT' : undefined)
}

const families = (server: UdpRequestServer) => server.addresses.map(({ address }) => address)

describe('the addresses of a UDP request server', () => {
  it.runIf(hasIPv6)('are all that the machine has by default, of both families, on one port', async () => {
    const server = await start()
    const port = server.address?.port
    expect(server.addresses).toEqual([
      { address: '0.0.0.0', port, family: 'IPv4' },
      { address: '::', port, family: 'IPv6' },
    ])
    expect(server.address).toEqual(server.addresses[0])
    expect(await ask(server, '127.0.0.1')).toBe('127.0.0.1')
    expect(await ask(server, '::1')).toBe('::1')
    await server.stop()
    expect(server.addresses).toEqual([])
  })

  it('are IPv4 alone by default where the machine has no IPv6', async () => {
    lackFamily('udp6')
    const server = await start()
    expect(families(server)).toEqual(['0.0.0.0'])
    expect(await ask(server, '127.0.0.1')).toBe('127.0.0.1')
  })

  it.runIf(hasIPv6)('are IPv6 alone by default where the machine has no IPv4', async () => {
    lackFamily('udp4')
    const server = await start()
    expect(families(server)).toEqual(['::'])
    expect(await ask(server, '::1')).toBe('::1')
  })

  it.runIf(hasIPv6)('are all of both families for the host ::, however it is written', async () => {
    for (const host of ['::', '0:0:0:0:0:0:0:0']) {
      const server = await start({ host })
      expect(families(server)).toEqual(['::', '0.0.0.0'])
      expect(await ask(server, '127.0.0.1')).toBe('127.0.0.1')
      expect(await ask(server, '::1')).toBe('::1')
    }
  })

  it('cannot be those of the host :: where the machine has no IPv6', async () => {
    lackFamily('udp6')
    await expect(start({ host: '::' })).rejects.toMatchObject({
      code: 'DVBCSS_ERR_BIND',
      cause: { code: 'EAFNOSUPPORT' },
      message: expect.stringMatching(/^UDP port 0 on :: cannot be bound \(EAFNOSUPPORT\): /),
    })
  })

  it.each(['::ffff:127.0.0.1', '::FFFF:7f00:1'])('are IPv4 for an IPv4 address mapped into IPv6: %s', async (host) => {
    const server = await start({ host })
    expect(families(server)).toEqual(['127.0.0.1'])
    expect(await ask(server, '127.0.0.1')).toBe('127.0.0.1')
  })

  it.runIf(hasIPv6)('are all addresses of a name, as those of localhost, which app.listen takes too', async () => {
    machine.lookups.set('localhost', ['::1', '127.0.0.1', '127.0.0.1'])
    const server = await start({ host: 'localhost' })
    expect(families(server)).toEqual(['127.0.0.1', '::1'])
    expect(await ask(server, '127.0.0.1')).toBe('127.0.0.1')
    expect(await ask(server, '::1')).toBe('::1')
  })

  it('are those addresses of a name that the machine has', async () => {
    machine.lookups.set('tv.example', ['192.0.2.77', '2001:db8::77', '127.0.0.1'])
    const server = await start({ host: 'tv.example' })
    expect(families(server)).toEqual(['127.0.0.1'])
  })

  it('are none for a name whose addresses are those of other machines', async () => {
    machine.lookups.set('tv.example', ['192.0.2.77', '2001:db8::77'])
    await expect(start({ host: 'tv.example' })).rejects.toThrow(
      /^UDP port 0 on tv\.example cannot be bound \(EADDRNOTAVAIL\): /,
    )
  })

  it.runIf(hasIPv6).each([
    ['udp4', '0.0.0.0'],
    ['udp6', '::'],
  ] as const)('are never those of one family alone because the other is in use: %s', async (type, address) => {
    // Clients of that family would be answered by another program, with another clock.
    const { port } = (await holder(type, address)).address()
    await expect(start({ port })).rejects.toMatchObject({
      code: 'DVBCSS_ERR_BIND',
      cause: { code: 'EADDRINUSE' },
      message: expect.stringContaining(`UDP port ${port} on ${address} `),
    })
  })

  it.runIf(hasIPv6)('have a port that is free in both families, when the system picks it', async () => {
    let tries = 0
    machine.refuse = (type) => (type === 'udp6' && ++tries < 4 ? 'EADDRINUSE' : undefined)
    const server = await start()
    expect(tries).toBe(4)
    expect(new Set(server.addresses.map(({ port }) => port)).size).toBe(1)
    expect(await ask(server, '::1')).toBe('::1')
  })

  it('are not bound when no port is free in both families', async () => {
    machine.refuse = (type) => (type === 'udp6' ? 'EADDRINUSE' : undefined)
    await expect(start()).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } })
  })

  it.runIf(hasIPv6)('are all closed when something else closes the socket of one', async () => {
    const made: dgram.Socket[] = []
    const onSocket = (message: unknown) => made.push((message as { socket: dgram.Socket }).socket)
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    subscribe('udp.socket', onSocket)
    const server = await start()
    unsubscribe('udp.socket', onSocket)
    expect(made).toHaveLength(2)
    const closed = made.map((socket) => once(socket, 'close'))
    made[0]?.close()
    await Promise.all(closed)
    expect(server.addresses).toEqual([])
    await server.start()
    expect(await ask(server, '::1')).toBe('::1')
  })

  it.runIf(hasIPv6)('give the handler the IPv4 address of an IPv4 client, on the host :: too', async () => {
    const handler: RequestHandler = { handle: (_message, { address }) => new TextEncoder().encode(address) }
    const server = new UdpRequestServer(handler, { host: '::' })
    open.push({ close: () => server.stop() })
    await server.start()
    const client = await UdpClient.open({ address: '127.0.0.1', port: server.address?.port ?? 0 })
    open.push(client)
    expect(new TextDecoder().decode(await client.request(REQUEST))).toBe('127.0.0.1')
  })
})
