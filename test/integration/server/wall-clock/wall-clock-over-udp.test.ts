import { afterEach, describe, expect, it } from 'vitest'
import { SystemClock } from '../../../../src/clocks/index.js'
import { decodeWallClockMessage, encodeWallClockMessage, WallClockMessageType } from '../../../../src/messages/index.js'
import { UdpRequestServer } from '../../../../src/server/wall-clock/udp-request-server.js'
import { WallClockHandler, type WallClockHandlerOptions } from '../../../../src/server/wall-clock/wall-clock-handler.js'
import { UdpClient } from '../../../helpers/udp-client.js'

const HOST = '127.0.0.1'
const clock = new SystemClock({ precisionSeconds: 2 ** -20, maxFreqErrorPpm: 50 })

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function start(options: WallClockHandlerOptions = {}): Promise<{ server: UdpRequestServer; client: UdpClient }> {
  const server = new UdpRequestServer(new WallClockHandler(clock, options), { host: HOST })
  await server.start()
  const client = await UdpClient.open({ address: HOST, port: server.address?.port ?? 0 })
  open.push(client, { close: () => server.stop() })
  return { server, client }
}

const now = (): bigint => BigInt(clock.nanos())

function request(): Uint8Array {
  return encodeWallClockMessage({
    type: WallClockMessageType.request,
    precisionSeconds: 1,
    maxFreqErrorPpm: 0,
    originateNanos: now(),
    receiveNanos: 0n,
    transmitNanos: 0n,
  })
}

describe('the wall clock over UDP', () => {
  it('is read between the sending of the request and the receipt of the response', async () => {
    const { client, server } = await start()
    for (let i = 0; i < 20; i++) {
      const response = decodeWallClockMessage(await client.request(request()))
      const received = now()
      expect(response).toMatchObject({ type: 1, precisionSeconds: 2 ** -20, maxFreqErrorPpm: 50 })
      expect(response.receiveNanos).toBeGreaterThanOrEqual(response.originateNanos)
      expect(response.transmitNanos).toBeGreaterThanOrEqual(response.receiveNanos)
      expect(received).toBeGreaterThanOrEqual(response.transmitNanos)
    }
    expect(server.statistics).toMatchObject({ requests: 20, answers: 20, followUps: 0 })
  })

  it('comes twice in follow-up mode, and better the second time', async () => {
    const { client, server } = await start({ followUp: true })
    const first = decodeWallClockMessage(await client.request(request()))
    const second = decodeWallClockMessage(await client.next())
    expect(first.type).toBe(WallClockMessageType.responseWithFollowUp)
    expect(second.transmitNanos).toBeGreaterThanOrEqual(first.transmitNanos)
    expect(second).toEqual({ ...first, type: WallClockMessageType.followUp, transmitNanos: second.transmitNanos })
    expect(server.statistics).toMatchObject({ requests: 1, answers: 1, followUps: 1 })
  })

  it('is silent to anything malformed, and counts it by its reason', async () => {
    const { client, server } = await start()
    for (const [at, value] of [
      [0, 1],
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 200],
    ] as const) {
      const bad = request()
      bad[at] = value
      await client.send(bad)
    }
    for (const length of [0, 1, 31, 33, 64, 1472, 60_000]) await client.send(new Uint8Array(length))
    const good = request()
    expect(Buffer.from(await client.request(good)).subarray(8, 16)).toEqual(Buffer.from(good).subarray(8, 16))
    expect(client.queued).toBe(0)
    expect(server.statistics).toMatchObject({
      requests: 13,
      answers: 1,
      dropped: { 'wrong-version': 1, 'not-a-request': 4, 'wrong-length': 7 },
    })
  })
})
