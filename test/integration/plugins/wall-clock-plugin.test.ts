import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { decodeWallClockMessage, encodeWallClockMessage, SystemClock, wallClockPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, makeApp } from '../../helpers/app.js'
import { UdpClient } from '../../helpers/udp-client.js'
import { until } from '../../helpers/until.js'

closeAppsAfterEach()

const REQUEST = encodeWallClockMessage({
  type: 0,
  precisionSeconds: 0.001,
  maxFreqErrorPpm: 50,
  originateNanos: 123_000_000_456n,
  receiveNanos: 0n,
  transmitNanos: 0n,
})

async function clientOf(app: ReturnType<typeof makeApp>): Promise<UdpClient> {
  await app.ready()
  const port = app.wallClockServer.address?.port ?? 0
  return UdpClient.open({ address: '127.0.0.1', port })
}

describe('the wall clock plugin', () => {
  it('answers with the time of app.wallClock once the app has booted', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    expect(app.wallClockServer.address).toBeNull()
    const client = await clientOf(app)
    const before = app.wallClock.nanos()
    const response = decodeWallClockMessage(await client.request(REQUEST))
    const after = app.wallClock.nanos()
    expect(response).toMatchObject({ type: 1, originateNanos: 123_000_000_456n, maxFreqErrorPpm: 500 })
    expect(Number(response.receiveNanos)).toBeGreaterThanOrEqual(before)
    expect(Number(response.transmitNanos)).toBeGreaterThanOrEqual(Number(response.receiveNanos))
    expect(Number(response.transmitNanos)).toBeLessThanOrEqual(after)
    await client.close()
  })

  it('states what it is told to state, and follows up when it is told to', async () => {
    const app = makeApp()
    const wallClock = new SystemClock({ source: () => 5e9 })
    const options = { port: 0, wallClock, precisionSeconds: 2 ** -10, maxFreqErrorPpm: 12, followUp: true }
    await app.register(wallClockPlugin, options)
    expect(app.wallClock).toBe(wallClock)
    const client = await clientOf(app)
    const first = decodeWallClockMessage(await client.request(REQUEST))
    expect(first).toMatchObject({
      type: 2,
      precisionSeconds: 2 ** -10,
      maxFreqErrorPpm: 12,
      receiveNanos: 5_000_000_000n,
    })
    expect(decodeWallClockMessage(await client.next())).toEqual({ ...first, type: 3 })
    await client.close()
  })

  it('makes listen() reject with host and port in the message when the port is taken', async () => {
    const squatter = createSocket('udp4')
    squatter.bind(0, '127.0.0.1')
    await once(squatter, 'listening')
    const { port } = squatter.address()
    const app = makeApp()
    await app.register(wallClockPlugin, { host: '127.0.0.1', port })
    await expect(app.listen({ port: 0 })).rejects.toThrow(
      new RegExp(`127\\.0\\.0\\.1.*${port}|${port}.*127\\.0\\.0\\.1`),
    )
    squatter.close()
  })

  it('closes its socket with the app', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    await app.ready()
    const port = app.wallClockServer.address?.port
    await app.close()
    expect(app.wallClockServer.address).toBeNull()
    const next = createSocket('udp4')
    next.bind(port, '0.0.0.0')
    await once(next, 'listening')
    next.close()
  })

  it.each([false, true])(
    'answers one source as often as it may be asked, and counts the rest (isolate: %s)',
    async (isolate) => {
      const app = makeApp()
      await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, maxRequestsPerSecond: 2, isolate })
      const client = await clientOf(app)
      for (let sent = 0; sent < 50; sent += 1) await client.send(REQUEST)
      await until(() => app.wallClockServer.statistics.requests === 50)
      const { answers, dropped } = app.wallClockServer.statistics
      expect(answers).toBeGreaterThanOrEqual(2)
      expect(dropped['rate-limited']).toBe(50 - answers)
      expect(answers).toBeLessThan(50)
      await client.close()
    },
  )

  it('serves a second clock under a second name', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    await app.register(wallClockPlugin, { port: 0, decorateAs: 'studioClock' })
    await app.ready()
    const { studioClock, studioClockServer } = app as unknown as Record<string, typeof app.wallClockServer>
    expect(studioClock).toBeInstanceOf(SystemClock)
    expect(studioClockServer?.address?.port).toBeGreaterThan(0)
  })

  it.each([
    ['port', 70_000, 'an integer from 0 to 65535; received 70000'],
    ['host', 7, 'an IP address or a host name; received 7'],
    ['wallClock', {}, 'a Clock; received'],
    ['precisionSeconds', 0, 'a number of seconds above 0; received 0'],
    ['maxFreqErrorPpm', -1, 'a number of ppm from 0 upward; received -1'],
    ['followUp', 'yes', 'a boolean; received'],
    ['maxRequestsPerSecond', 0, 'a positive integer or Infinity; received 0'],
  ])('refuses a wrong option by its name: %s', async (option, value, message) => {
    const app = makeApp()
    const expected = `"${option}" must be ${message}`
    await expect(app.register(wallClockPlugin, { [option]: value }).ready()).rejects.toThrow(expected)
  })
})
