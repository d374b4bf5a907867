import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { RequestHandler } from '../../../../src/server/wall-clock/request-handler.js'
import { UdpRequestServer } from '../../../../src/server/wall-clock/udp-request-server.js'
import { UdpClient } from '../../../helpers/udp-client.js'
import { serverSocket } from './server-socket.js'

const HOST = '127.0.0.1'
const echo: RequestHandler = { handle: (message) => message }

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

function makeServer(port = 0, host = HOST): UdpRequestServer {
  const server = new UdpRequestServer(echo, { host, port })
  open.push({ close: () => server.stop() })
  return server
}

async function answers(server: UdpRequestServer): Promise<boolean> {
  const client = await UdpClient.open({ address: HOST, port: server.address?.port ?? 0 })
  open.push(client)
  return (await client.request(Uint8Array.of(7)))[0] === 7
}

/** Open UDP handles, once those that are closing have gone: a loop closes handles after its immediates. */
async function udpHandles(): Promise<number> {
  await setImmediate()
  await setImmediate()
  return process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length
}

describe('starting and stopping a UDP request server', () => {
  it('has an address only while it runs', async () => {
    const server = makeServer()
    expect(server.address).toBeNull()
    await server.start()
    expect(server.address).toEqual({ address: HOST, port: expect.any(Number), family: 'IPv4' })
    expect(server.address?.port).toBeGreaterThan(0)
    await server.stop()
    expect(server.address).toBeNull()
  })

  it('may be started and stopped a hundred times, with no handle left over', async () => {
    const server = makeServer()
    const before = await udpHandles()
    for (let i = 0; i < 100; i++) {
      await server.start()
      expect(await udpHandles()).toBe(before + 1)
      await server.stop()
    }
    expect(await udpHandles()).toBe(before)
  })

  it('takes the same port again at once', async () => {
    const first = makeServer()
    await first.start()
    const port = first.address?.port ?? 0
    await first.stop()
    const again = makeServer(port)
    await again.start()
    expect(again.address?.port).toBe(port)
  })

  it('binds once, however often it is started', async () => {
    const server = makeServer()
    const before = await udpHandles()
    await Promise.all([server.start(), server.start(), server.start()])
    const { address } = server
    await server.start()
    expect(server.address).toEqual(address)
    expect(await udpHandles()).toBe(before + 1)
    expect(await answers(server)).toBe(true)
  })

  it('may be stopped before it was started, and twice', async () => {
    const server = makeServer()
    await server.stop()
    await server.start()
    await Promise.all([server.stop(), server.stop()])
    expect(server.address).toBeNull()
  })

  it('does starts and stops in the order in which they were asked for', async () => {
    const server = makeServer()
    const before = await udpHandles()
    await Promise.all([server.start(), server.stop(), server.start(), server.stop()])
    expect(server.address).toBeNull()
    expect(await udpHandles()).toBe(before)
    await Promise.all([server.stop(), server.start()])
    expect(await answers(server)).toBe(true)
  })

  it('may be stopped by its own handler', async () => {
    const stopping: Promise<void>[] = []
    const server = new UdpRequestServer(
      {
        handle: (message) => {
          stopping.push(server.stop())
          return message
        },
      },
      { host: HOST },
    )
    await server.start()
    expect(await answers(server)).toBe(true)
    await Promise.all(stopping)
    expect(server.address).toBeNull()
  })

  it('keeps its counters over a restart', async () => {
    const server = makeServer()
    await server.start()
    await answers(server)
    await server.stop()
    await server.start()
    await answers(server)
    expect(server.statistics).toMatchObject({ requests: 2, answers: 2 })
  })

  it('can be started again when something else has closed its socket', async () => {
    const server = makeServer()
    const socket = await serverSocket(() => server.start())
    await new Promise<void>((resolve) => socket.close(() => resolve()))
    expect(server.address).toBeNull()
    await server.start()
    expect(await answers(server)).toBe(true)
  })
})

describe('a UDP request server that cannot be bound', () => {
  it('rejects on a port that is taken, naming host and port and a way out', async () => {
    const holder = makeServer()
    await holder.start()
    const port = holder.address?.port ?? 0
    const before = await udpHandles()
    const server = makeServer(port)
    await expect(server.start()).rejects.toMatchObject({
      message: `UDP port ${port} on 127.0.0.1 is already in use (EADDRINUSE): stop the process that uses it, or choose another port (0 picks a free one)`,
      code: 'DVBCSS_ERR_BIND',
      cause: { code: 'EADDRINUSE' },
    })
    expect(server.address).toBeNull()
    expect(await udpHandles()).toBe(before)
    expect(await answers(holder)).toBe(true)
  })

  it('starts once the port is free', async () => {
    const holder = makeServer()
    await holder.start()
    const server = makeServer(holder.address?.port)
    await expect(server.start()).rejects.toThrow('EADDRINUSE')
    await holder.stop()
    await server.start()
    expect(await answers(server)).toBe(true)
  })

  it('rejects on an address that is not of this machine', async () => {
    await expect(makeServer(0, '192.0.2.1').start()).rejects.toMatchObject({
      message: expect.stringMatching(/^UDP port 0 on 192\.0\.2\.1 cannot be bound \(EADDRNOTAVAIL\): /),
      code: 'DVBCSS_ERR_BIND',
      cause: { code: 'EADDRNOTAVAIL' },
    })
  })

  it('rejects on a host name that has no address', async () => {
    // A label over 63 characters cannot be asked for, so no name server hears of this.
    const host = `${'x'.repeat(64)}.invalid`
    await expect(makeServer(6677, host).start()).rejects.toThrow(`UDP port 6677 on ${host} cannot be bound (`)
  })
})
