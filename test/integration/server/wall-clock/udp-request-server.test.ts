import { afterEach, describe, expect, it } from 'vitest'
import type { RequestHandler } from '../../../../src/server/wall-clock/request-handler.js'
import { UdpRequestServer, type UdpRequestServerOptions } from '../../../../src/server/wall-clock/udp-request-server.js'
import { has } from '../../../helpers/needs.js'
import { UdpClient, type UdpClientOptions } from '../../../helpers/udp-client.js'

const hasIPv6 = has('ipv6')

const echo: RequestHandler = { handle: (message) => message }
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function startServer(handler: RequestHandler, options: UdpRequestServerOptions = {}): Promise<UdpRequestServer> {
  const server = new UdpRequestServer(handler, { host: '127.0.0.1', ...options })
  open.push({ close: () => server.stop() })
  await server.start()
  return server
}

async function openClient(
  server: UdpRequestServer,
  options: UdpClientOptions & { to?: string } = {},
): Promise<UdpClient> {
  const { to, host = '127.0.0.1' } = options
  const client = await UdpClient.open({ address: to ?? host, port: server.address?.port ?? 0 }, { host })
  open.push(client)
  return client
}

describe('a UDP request server', () => {
  it.each([0, 1, 32, 1472, 9000, 60_000])(
    'answers a request of %i bytes with what its handler returns',
    async (length) => {
      const server = await startServer({ handle: (message) => message.toReversed() })
      const client = await openClient(server)
      const request = Uint8Array.from({ length }, (_, index) => index)
      expect(new Uint8Array(await client.request(request))).toEqual(request.toReversed())
    },
  )

  it('tells the handler who asked', async () => {
    const server = await startServer({
      handle: (_message, { address, port, family }) => new TextEncoder().encode(`${family} ${address} ${port}`),
    })
    const client = await openClient(server)
    expect(new TextDecoder().decode(await client.request(bytes(1)))).toBe(`IPv4 127.0.0.1 ${client.port}`)
  })

  it('answers each of several clients, all with requests under way', async () => {
    const server = await startServer(echo)
    const clients = await Promise.all(Array.from({ length: 5 }, () => openClient(server)))
    const answers = await Promise.all(
      clients.map(async (client, index) => {
        await Promise.all(Array.from({ length: 8 }, (_, count) => client.send(bytes(index, count))))
        return Promise.all(Array.from({ length: 8 }, async () => Array.from(await client.next())))
      }),
    )
    for (const [index, received] of answers.entries()) {
      expect(received.toSorted(([, a = 0], [, b = 0]) => a - b)).toEqual(
        Array.from({ length: 8 }, (_, count) => [index, count]),
      )
    }
    expect(server.statistics).toMatchObject({ requests: 40, answers: 40 })
  })

  it.runIf(hasIPv6)('serves an IPv6 address', async () => {
    const server = await startServer(echo, { host: '::1' })
    expect(server.address).toEqual({ address: '::1', port: expect.any(Number), family: 'IPv6' })
    const client = await openClient(server, { host: '::1' })
    expect(Array.from(await client.request(bytes(6)))).toEqual([6])
  })

  it('takes a host name', async () => {
    const server = await startServer(echo, { host: 'localhost' })
    const client = await openClient(server, { host: server.address?.address ?? '' })
    expect(Array.from(await client.request(bytes(9)))).toEqual([9])
  })

  it('sends the follow-up after the answer', async () => {
    const server = await startServer({ handle: (message) => message, followUp: (answer) => bytes(...answer, 99) })
    const client = await openClient(server)
    expect(Array.from(await client.request(bytes(1)))).toEqual([1])
    expect(Array.from(await client.next())).toEqual([1, 99])
    expect(server.statistics).toMatchObject({ requests: 1, answers: 1, followUps: 1 })
  })
})

describe('the options of a UDP request server', () => {
  it.each([
    [{ port: -1 }, '"port" must be an integer from 0 to 65535; received -1'],
    [{ port: 65_536 }, '"port" must be an integer from 0 to 65535; received 65536'],
    [{ port: 1.5 }, '"port" must be an integer from 0 to 65535; received 1.5'],
    [{ host: '' }, '"host" must be an IP address or a host name; received ""'],
    [{ maxMessageBytes: 0 }, '"maxMessageBytes" must be an integer from 1 to 65535; received 0'],
  ])('%j is refused with what was expected', (options, message) => {
    expect(() => new UdpRequestServer(echo, options)).toThrow(message)
  })
})
