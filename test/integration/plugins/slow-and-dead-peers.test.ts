import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CiiServer, ciiPlugin, endpointPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { until } from '../../helpers/until.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const BIG = 'x'.repeat(60_000)

async function ciiApp(options: Record<string, unknown>, appOptions = {}) {
  const app = makeApp(appOptions)
  await app.register(ciiPlugin, { prefix: '/cii', ...options })
  return { app, url: `${await listen(app)}/cii` }
}

/** A network that can go dead: bytes are swallowed from then on, and nobody is told. */
async function deadableProxy(target: number) {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    sockets.push(near, far)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    goDead: () => {
      for (const socket of sockets) socket.unpipe().resume()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a peer that reads nothing', () => {
  it('costs one message, and ends with exactly the last state when it reads again', async () => {
    const { app, url } = await ciiApp({})
    const client = await WsClient.open(url)
    const state = await client.nextJson()
    client.socket.pause()
    // The operating system takes some megabytes first.
    let changes = 0
    const [connection] = app.cii.connections.keys()
    for (; (connection?.bufferedAmount ?? 0) === 0; changes += 1) {
      app.cii.update({ teUrl: `ws://${BIG}/${changes}` })
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const end = changes + 500; changes < end; changes += 1) app.cii.update({ teUrl: `ws://${BIG}/${changes}` })
    expect(connection?.bufferedAmount).toBeLessThan(2 * BIG.length)
    expect(app.cii.statistics.coalesced).toBeGreaterThanOrEqual(498)
    app.cii.update({ teUrl: null, mrsUrl: 'http://last/' })
    client.socket.resume()
    while (state.mrsUrl !== 'http://last/') Object.assign(state, await client.nextJson())
    expect(state).toEqual({ protocolVersion: '1.1', mrsUrl: 'http://last/', teUrl: null })
  })

  it('is given up after the send timeout, and others are not', async () => {
    const stream = new LogLines()
    const { app, url } = await ciiApp({ sendTimeoutSeconds: 0.05 }, { logger: { level: 'warn', stream } })
    const stalled = await WsClient.open(url)
    const reading = await WsClient.open(url)
    stalled.socket.pause()
    for (let n = 0; app.cii.statistics.timedOut.send === 0; n += 1) {
      app.cii.update({ teUrl: `ws://${BIG}/${n}` })
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await stream.message('connection timed out')).toMatchObject({ reason: 'send', level: 40 })
    await until(() => app.cii.connections.size === 1)
    app.cii.update({ teUrl: 'ws://last/' })
    while ((await reading.nextJson()).teUrl !== 'ws://last/') {}
    stalled.socket.terminate()
  })
})

describe('a peer that shows no life', () => {
  it('is given up after two silent pings, when the network swallows everything', async () => {
    const { app, url } = await ciiApp({ heartbeatIntervalSeconds: 0.02 })
    const proxy = await deadableProxy(Number(new URL(url).port))
    const client = await WsClient.open(`ws://127.0.0.1:${proxy.port}/cii`)
    await client.next()
    proxy.goDead()
    await until(() => app.cii.connections.size === 0)
    expect(app.cii.statistics.timedOut.heartbeat).toBe(1)
    await proxy.close()
  })

  it('is told apart from one that only answers pings', async () => {
    const { app, url } = await ciiApp({ heartbeatIntervalSeconds: 0.02 })
    const client = await WsClient.open(url)
    for (let pings = 0; pings < 6; pings += 1) await once(client.socket, 'ping')
    expect(app.cii.connections.size).toBe(1)
    expect(app.cii.statistics.timedOut.heartbeat).toBe(0)
    await client.close()
  })
})

describe('admission by address', () => {
  it('limits the connections of an address with 429, and not those of another', async () => {
    const { app, url } = await ciiApp({ maxConnectionsPerAddress: 2 }, { trustProxy: true })
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
    const [first] = [await WsClient.open(url, from('192.0.2.1')), await WsClient.open(url, from('192.0.2.1'))]
    const refused = await refusal(url, from('192.0.2.1'))
    expect(refused).toMatchObject({ status: 429, body: { code: 'FST_DVBCSS_ERR_ADDRESS_FULL', statusCode: 429 } })
    expect(refused.headers['retry-after']).toBe('1')
    expect(app.cii.canAllocateConnection('192.0.2.1')).toBe(false)
    expect(app.cii.canAllocateConnection('192.0.2.2')).toBe(true)
    await WsClient.open(url, from('192.0.2.2'))
    await first.close()
    await until(() => app.cii.canAllocateConnection('192.0.2.1'))
    await WsClient.open(url, from('192.0.2.1'))
    expect(app.cii.statistics.refused['address-full']).toBe(1)
  })

  it('counts an IPv6 /64 as one address', async () => {
    const { url } = await ciiApp({ maxConnectionsPerAddress: 1 }, { trustProxy: true })
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
    await WsClient.open(url, from('2001:db8::1'))
    expect((await refusal(url, from('2001:db8::2'))).status).toBe(429)
    await WsClient.open(url, from('2001:db8:0:1::1'))
  })

  it('drops messages beyond the rate, and closes who goes on', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', maxMessagesPerSecond: 5, maxBadMessages: 10 })
    const client = await WsClient.open(`${await listen(app)}/cii`)
    for (let n = 0; n < 1000; n += 1) client.send('{}')
    expect((await client.closed).code).toBe(1008)
    expect(app.cii.statistics.dropped['rate-limited']).toBe(10)
  })

  it.each([
    ['maxConnectionsPerAddress', 0, 'a positive integer or Infinity; received 0'],
    ['maxMessagesPerSecond', 'many', 'a positive integer or Infinity; received "many"'],
    ['heartbeatIntervalSeconds', 0, 'a number of seconds from 0.001 to 2147483 or Infinity; received 0'],
    ['sendTimeoutSeconds', -1, 'a number of seconds from 0.001 to 2147483 or Infinity; received -1'],
    ['messageTimeoutSeconds', 0, 'a number of seconds from 0.001 to 2147483 or Infinity; received 0'],
    ['maxBufferedBytes', 0.5, 'a positive integer or Infinity; received 0.5'],
  ])('refuses wrong options by name: %s', async (option, value, message) => {
    const app = makeApp()
    const expected = `"${option}" must be ${message}`
    await expect(app.register(endpointPlugin, { [option]: value }).ready()).rejects.toThrow(expected)
    if (option.startsWith('max')) expect(() => new CiiServer({ [option]: value })).toThrow(expected)
  })
})

describe('a process that starts and stops its app a hundred times', () => {
  it('keeps no handle, listener or timer', async () => {
    const cycle = async () => {
      const app = makeApp()
      await app.register(ciiPlugin, { prefix: '/cii' })
      const client = await WsClient.open(`${await listen(app)}/cii`)
      await client.next()
      await app.close()
      await client.closed
    }
    const count = () => ({
      resources: process.getActiveResourcesInfo().length,
      listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    })
    for (let n = 0; n < 3; n += 1) await cycle()
    const before = count()
    for (let n = 0; n < 100; n += 1) await cycle()
    await until(() => count().resources <= before.resources)
    expect(count().listeners).toBe(before.listeners)
  })
})
