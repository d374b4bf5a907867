import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { UdpRequestServer } from '../../../../plugins/index.js'
import { UdpRequestResponseClient } from '../../../../src/companion/node/udp-request-client.js'
import type { UdpRequestResponseClientOptions } from '../../../../src/companion/node/udp-request-options.js'
import { until } from '../../../helpers/until.js'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A server that does with each request what the test wants. */
async function serve(answer: (request: Buffer, remote: RemoteInfo, socket: Socket) => void): Promise<number> {
  const socket = createSocket('udp4')
  stops.push(() => socket.close())
  socket.on('message', (message, remote) => answer(message, remote, socket))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}

function clientOf(port: number, options: UdpRequestResponseClientOptions = {}): UdpRequestResponseClient {
  const client = new UdpRequestResponseClient(`udp://127.0.0.1:${port}`, options)
  stops.push(() => client.stop())
  return client
}

const byFirstByte = { isResponse: (response: Uint8Array, request: Uint8Array) => response[0] === request[0] }
const QUICK = { timeoutSeconds: 0.02, maxTries: 3, backoffFactor: 1 }
const LONG = { timeoutSeconds: 60 }

describe('a UDP request/response client', () => {
  it('gets the answer of our request server', async () => {
    const server = new UdpRequestServer({ handle: (message) => message.map((byte) => byte + 1) }, { host: '127.0.0.1' })
    await server.start()
    stops.push(() => server.stop())
    const client = clientOf(server.address?.port ?? 0, LONG)
    const { message, remote, tries, waitedSeconds } = await client.request(Uint8Array.of(1, 2))
    expect([...message]).toEqual([2, 3])
    expect([remote.address, remote.port, tries]).toEqual(['127.0.0.1', server.address?.port, 1])
    expect(waitedSeconds).toBeGreaterThan(0)
    expect(client.statistics).toMatchObject({ requests: 1, sent: 1, responses: 1, timeouts: 0 })
  })

  it('matches answers that come in another order to their requests', async () => {
    const requests: [Buffer, RemoteInfo][] = []
    const port = await serve((request, remote, socket) => {
      requests.push([request, remote])
      if (requests.length < 3) return
      for (const [each, { port, address }] of requests.reverse()) socket.send(each, port, address)
    })
    const client = clientOf(port, { ...LONG, ...byFirstByte })
    const answers = await Promise.all([1, 2, 3].map((id) => client.request(Uint8Array.of(id, 10 * id))))
    expect(answers.map(({ message }) => [...message])).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ])
  })

  it('repeats a request until it is answered, with the bytes that it was given', async () => {
    let received = 0
    const port = await serve((request, remote, socket) => {
      received += 1
      if (received === 3) socket.send(request, remote.port, remote.address)
    })
    const client = clientOf(port, { ...QUICK, maxTries: 50 })
    const bytes = Uint8Array.of(7)
    const answer = client.request(bytes)
    bytes[0] = 8
    const { message, tries } = await answer
    expect([...message]).toEqual([7])
    expect(tries).toBeGreaterThanOrEqual(3)
  })

  it('fails when no try is answered, and works when the server does again', async () => {
    let isSilent = true
    const port = await serve((request, remote, socket) => {
      if (!isSilent) socket.send(request, remote.port, remote.address)
    })
    const client = clientOf(port, QUICK)
    await expect(client.request(Uint8Array.of(1))).rejects.toMatchObject({
      code: 'DVBCSS_ERR_TIMEOUT',
      message: expect.stringMatching(/^no answer from udp:\/\/127\.0\.0\.1:\d+ within [\d.]+ s \(3 tries\)$/),
    })
    expect(client.statistics).toMatchObject({ requests: 1, sent: 3, timeouts: 1 })
    isSilent = false
    expect([...(await client.request(Uint8Array.of(2), { ...LONG })).message]).toEqual([2])
  })

  it('waits longer for each further try', async () => {
    const times: number[] = []
    const port = await serve(() => times.push(performance.now()))
    const client = clientOf(port, { timeoutSeconds: 0.05, backoffFactor: 3, maxTries: 3, maxTimeoutSeconds: 0.1 })
    const start = performance.now()
    await client.request(Uint8Array.of(1)).catch(() => {})
    // 50 ms, then 100 ms twice, where 150 and 450 would be too long. A loaded machine may take longer, never less.
    expect(performance.now() - start).toBeGreaterThanOrEqual(245)
  })

  it('ignores and counts unsolicited datagrams', async () => {
    const stranger = createSocket('udp4')
    stops.push(() => stranger.close())
    const port = await serve((request, remote, socket) => {
      stranger.send(request, remote.port, remote.address, () => {
        socket.send(Buffer.alloc(9), remote.port, remote.address)
        socket.send(Uint8Array.of(99), remote.port, remote.address)
        socket.send(Uint8Array.of(66), remote.port, remote.address)
        socket.send(request, remote.port, remote.address)
      })
    })
    const client = clientOf(port, {
      ...LONG,
      maxMessageBytes: 8,
      isResponse: (response, request) => {
        if (response[0] === 66) throw new Error('cannot read this')
        return response[0] === request[0]
      },
    })
    await client.request(Uint8Array.of(1))
    await until(() => client.statistics.ignored['other-source'] === 1)
    expect(client.statistics.ignored).toEqual({
      'other-source': 1,
      'too-large': 1,
      unmatched: 1,
      'matching-failed': 1,
    })
  })

  it('is ended by a signal, and by stop', async () => {
    const port = await serve(() => {})
    const client = clientOf(port, LONG)
    const controller = new AbortController()
    const aborted = client.request(Uint8Array.of(1), { signal: controller.signal })
    const stopped = client.request(Uint8Array.of(2))
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    const outcome = expect(stopped).rejects.toMatchObject({ code: 'DVBCSS_ERR_STOPPED' })
    await client.stop()
    await outcome
    expect(client.localEndpoint).toBeNull()
    await expect(client.request(Uint8Array.of(1), { signal: controller.signal })).rejects.toThrow('enough')
  })

  it('limits how many requests wait', async () => {
    const client = clientOf(await serve(() => {}), { ...LONG, maxPending: 1 })
    const first = client.request(Uint8Array.of(1)).catch(() => {})
    await expect(client.request(Uint8Array.of(2))).rejects.toMatchObject({ code: 'DVBCSS_ERR_TOO_MANY_REQUESTS' })
    await client.stop()
    await first
  })

  it('sends from the address and port that it is given', async () => {
    const remotes: RemoteInfo[] = []
    const port = await serve((request, remote, socket) => {
      remotes.push(remote)
      socket.send(request, remote.port, remote.address)
    })
    const client = clientOf(port, { ...LONG, localAddress: '127.0.0.1' })
    await client.request(Uint8Array.of(1))
    expect(client.localEndpoint).toEqual({ address: '127.0.0.1', port: remotes[0]?.port, family: 'IPv4' })
    const { port: localPort = 0 } = client.localEndpoint ?? {}
    const second = clientOf(port, { ...LONG, localAddress: '127.0.0.1', localPort })
    await expect(second.request(Uint8Array.of(1))).rejects.toMatchObject({
      code: 'DVBCSS_ERR_BIND',
      cause: { code: 'EADDRINUSE' },
    })
    await client.stop()
    await second.request(Uint8Array.of(1))
    expect(second.localEndpoint?.port).toBe(localPort)
  })

  it('reports a host that has no address', async () => {
    const client = new UdpRequestResponseClient('udp://no-such-host.invalid:1')
    await expect(client.request(Uint8Array.of(1))).rejects.toMatchObject({
      code: 'DVBCSS_ERR_LOOKUP',
      cause: { syscall: 'getaddrinfo' },
    })
  })

  it.each([
    [{ maxTries: 0 }, '"maxTries" must be an integer from 1 to 100; received 0'],
    [{ timeoutSeconds: 0 }, '"timeoutSeconds" must be a number of seconds above 0 and up to 86400; received 0'],
    [{ backoffFactor: 0.5 }, '"backoffFactor" must be a number from 1 upward; received 0.5'],
    [{ isResponse: 1 as never }, '"isResponse" must be a function; received 1'],
  ])('rejects %o, also for one request', async (options, message) => {
    expect(() => clientOf(1, options)).toThrow(message)
    await expect(clientOf(1).request(Uint8Array.of(1), options)).rejects.toThrow(message)
  })

  it('rejects an invalid URL, and a request that is not bytes', async () => {
    expect(() => new UdpRequestResponseClient('http://x')).toThrow(
      '"url" must be a URL udp://host:port; received http://x/',
    )
    await expect(clientOf(1).request('text' as never)).rejects.toThrow(
      '"message" must be a Uint8Array; received "text"',
    )
  })
})
