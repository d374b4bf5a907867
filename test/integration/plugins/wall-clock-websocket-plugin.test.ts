import { describe, expect, it } from 'vitest'
import {
  ciiPlugin,
  decodeWallClockJson,
  decodeWallClockMessage,
  encodeWallClockJson,
  encodeWallClockMessage,
  SystemClock,
  tsPlugin,
  type WallClockMessage,
  wallClockPlugin,
  wallClockWebSocketPlugin,
  wallClockWebSocketUrl,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const REQUEST: WallClockMessage = {
  type: 0,
  precisionSeconds: 2 ** -10,
  maxFreqErrorPpm: 50,
  originateNanos: 123_000_000_456n,
  receiveNanos: 0n,
  transmitNanos: 0n,
}

async function wallClock(options: Record<string, unknown> = {}) {
  const app = makeApp()
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc', ...options })
  const client = await WsClient.open(`${await listen(app)}/wc`)
  return { app, client, clock: app.wallClockWebSocket.wallClock }
}

const binary = (hex: string) => decodeWallClockMessage(Buffer.from(hex, 'hex'))
const json = (text: string) => decodeWallClockJson(JSON.parse(text))

describe('the wall clock over WebSocket', () => {
  it('drops requests while its clock is unavailable, and does not charge them to the client', async () => {
    const wallClockServed = new SystemClock()
    const { app, client } = await wallClock({ wallClock: wallClockServed, maxBadMessages: 3 })
    wallClockServed.available = false
    for (let request = 0; request < 10; request++) {
      client.send(encodeWallClockMessage(REQUEST))
      client.send(encodeWallClockJson(REQUEST))
    }
    await client.roundTrip()
    wallClockServed.available = true
    client.send(encodeWallClockMessage(REQUEST))
    expect(binary(await client.next()).type).toBe(1)
    expect(app.wallClockWebSocket.statistics.dropped).toMatchObject({ 'clock-unavailable': 20, invalid: 0 })
  })

  it('answers each request in the encoding in which it arrived', async () => {
    const { client, clock } = await wallClock()
    for (const [request, decode] of [
      [encodeWallClockMessage(REQUEST), binary],
      [encodeWallClockJson(REQUEST), json],
    ] as const) {
      const before = Math.floor(clock.nanos())
      client.send(request)
      const response = decode(await client.next())
      const after = clock.nanos()
      expect(response).toMatchObject({ type: 1, originateNanos: REQUEST.originateNanos, maxFreqErrorPpm: 500 })
      expect(Number(response.receiveNanos)).toBeGreaterThanOrEqual(before)
      expect(response.transmitNanos).toBeGreaterThanOrEqual(response.receiveNanos)
      expect(Number(response.transmitNanos)).toBeLessThanOrEqual(after)
    }
  })

  it('repeats originate nanoseconds that are no time at all', async () => {
    const { client } = await wallClock()
    const request = encodeWallClockMessage(REQUEST)
    request.fill(0xff, 8, 16)
    client.send(request)
    expect(Buffer.from(await client.next(), 'hex').subarray(8, 16)).toEqual(Buffer.alloc(8, 0xff))
    client.send('{"v":0,"t":0,"p":0,"mfe":0,"otvs":7,"otvn":4294967295,"rt":0,"tt":0}')
    expect(JSON.parse(await client.next())).toMatchObject({ otvs: 7, otvn: 4_294_967_295 })
  })

  it('follows up when it is told to', async () => {
    const { client } = await wallClock({ followUp: true, precisionSeconds: 2 ** -8, maxFreqErrorPpm: 3 })
    client.send(encodeWallClockMessage(REQUEST))
    expect(binary(await client.next())).toMatchObject({ type: 2, precisionSeconds: 2 ** -8, maxFreqErrorPpm: 3 })
    expect(binary(await client.next()).type).toBe(3)
    client.send(encodeWallClockJson(REQUEST))
    expect(json(await client.next()).type).toBe(2)
    expect(json(await client.next()).type).toBe(3)
  })

  it.each([
    ['a length that is wrong', new Uint8Array(31), 'invalid'],
    ['a response', encodeWallClockMessage({ ...REQUEST, type: 1 }), 'invalid'],
    ['text that is not JSON', 'what time is it?', 'not-json'],
    ['a version that is wrong', '{"v":1,"t":0,"p":0,"mfe":0,"otvs":7,"otvn":0,"rt":0,"tt":0}', 'invalid'],
    ['numbers that are none', '{"v":0,"t":0,"p":1e999,"mfe":0,"otvs":7,"otvn":-1,"rt":0,"tt":0}', 'invalid'],
  ])('gives no answer to %s, counts it, and answers the next request', async (_name, message, reason) => {
    const { app, client } = await wallClock()
    client.send(message)
    client.send(encodeWallClockMessage(REQUEST))
    expect(binary(await client.next()).type).toBe(1)
    expect(app.wallClockWebSocket.statistics.dropped).toMatchObject({ [reason]: 1 })
  })

  it('tells the time of app.wallClock, in whichever order the plugins are registered', async () => {
    const app = makeApp()
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(tsPlugin, { prefix: '/ts' })
    await app.register(wallClockPlugin, {
      port: 0,
      wallClock: new SystemClock({ source: () => 77e9, precisionSeconds: 1e-6 }),
    })
    const base = await listen(app)
    expect(app.wallClockWebSocket.wallClock).toBe(app.wallClock)
    const client = await WsClient.open(`${base}/ts`)
    client.send({ contentIdStem: '', timelineSelector: 'urn:x' })
    expect(await client.nextJson()).toMatchObject({ contentTime: null, wallClockTime: '77000000000' })
  })
})

describe('CII', () => {
  it('names it in wcUrl where there is no other wall clock', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii' })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    const base = await listen(app)
    const client = await WsClient.open(`${base}/cii`)
    expect(await client.nextJson()).toEqual({ protocolVersion: '1.1', wcUrl: `${base}/wc` })
  })

  it('names it in private data beside the UDP one, and keeps the private data of the app', async () => {
    const app = makeApp()
    await app.register(wallClockPlugin, { port: 0 })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    await app.register(ciiPlugin, { prefix: '/cii', cii: { private: [{ type: 'urn:own', a: '{{host}}' }] } })
    const base = await listen(app)
    const client = await WsClient.open(`${base}/cii`)
    const cii = await client.nextJson()
    expect(cii).toMatchObject({
      wcUrl: `udp://127.0.0.1:${app.wallClockServer.address?.port}`,
      private: [
        { type: 'urn:own', a: '{{host}}' },
        { type: 'urn:x-fastify-dvbcss:wall-clock-websocket', wcUrl: `${base}/wc` },
      ],
    })
    expect(wallClockWebSocketUrl(cii)).toBe(`${base}/wc`)
  })
})
