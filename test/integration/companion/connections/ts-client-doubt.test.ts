import { afterEach, describe, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { type Clock, CorrelatedClock, Correlation, SystemClock } from '../../../../src/clocks/index.js'
import { meaningOfInvalid } from '../../../../src/companion/connections/control-timestamp-reader.js'
import type { TsClientSettings } from '../../../../src/companion/connections/ts-client-options.js'
import { TsClient } from '../../../../src/companion/node/index.js'
import { manualClock } from '../../../helpers/manual-clock.js'
import { ScriptedServer } from '../../../helpers/scripted-server.js'

vi.mock(import('../../../../src/companion/connections/connection-limits.js'), async (original) => ({
  ...(await original()),
  // 5 s as it is.
  INVALID_TIMESTAMP_SECONDS: 0.5 as 5,
}))

const clients: TsClient[] = []
const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

const QUICK = { initialSeconds: 0.01, maxSeconds: 0.02 }

async function following(options: Partial<TsClientSettings & { wallClock: Clock; tickRate: number }> = {}) {
  const server = await ScriptedServer.start()
  servers.push(server)
  const client = new TsClient(server.url, {
    wallClock: new SystemClock(),
    contentIdStem: '',
    timelineSelector: 'urn:dvb:css:timeline:pts',
    tickRate: 90_000,
    backoff: QUICK,
    ...options,
  })
  clients.push(client)
  client.start()
  return { server, client, connection: await server.connection() }
}

const timestamp = (contentTime: bigint | number, wallClockTime: bigint | number = 0, speed = 1) =>
  `{"contentTime":"${contentTime}","wallClockTime":"${wallClockTime}","timelineSpeedMultiplier":${speed}}`

async function says(client: TsClient, connection: WebSocket, message: string): Promise<void> {
  const timing = client.next('timing')
  connection.send(message)
  await timing
}

describe('a control timestamp that says "not available" in an invalid way', () => {
  it.each([
    '{"timelineSpeedMultiplier":null}',
    '{"contentTime":null}',
    '{"contentTime":null,"wallClockTime":"0","timelineSpeedMultiplier":1}',
    '{"contentTime":"5","wallClockTime":"0","timelineSpeedMultiplier":null}',
    '{"contentTime":null,"timelineSpeedMultiplier":null}',
    '{"contentTime":null,"wallClockTime":7,"timelineSpeedMultiplier":null}',
    '{"contentTime":null,"wallClockTime":null,"timelineSpeedMultiplier":"x"}',
  ])('makes the timeline unavailable, and is reported: %s', async (message) => {
    const { client, connection } = await following()
    await says(client, connection, timestamp(0))
    const [lost, error] = [client.next('unavailable'), client.next('protocolError')]
    connection.send(message)
    expect(await lost).toEqual({ reason: 'timeline' })
    await error
    expect(client.clock.available).toBe(false)
    expect(client.hasPosition).toBe(false)
    expect(client.timestamp?.contentTime).toBeNull()
    await says(client, connection, timestamp(0))
    expect(client.clock.available).toBe(true)
  })
})

describe('an invalid control timestamp', () => {
  it.each([
    [{ contentTime: 'x', wallClockTime: '0', timelineSpeedMultiplier: 1 }, 'unknown'],
    [{ timelineSpeedMultiplier: 2 }, 'unknown'],
    [undefined, 'unknown'],
    [[], 'unknown'],
    [{ type: 'extension' }, 'nothing'],
    [{}, 'nothing'],
  ])('%j means %s', (message, meaning) => {
    expect(meaningOfInvalid(message)).toBe(meaning)
  })

  it('is followed by a new connection unless a valid one comes; an unknown message is not', async () => {
    const invalid = '{"contentTime":"x","wallClockTime":"0","timelineSpeedMultiplier":1}'
    const strict = true
    const [valid, unknown] = [await following({ strict }), await following()]
    const doubted = await following({ holdSeconds: 60, strict })
    for (const { client, connection } of [valid, unknown, doubted]) await says(client, connection, timestamp(0))
    const stayed: boolean[] = []
    for (const { client } of [valid, unknown]) client.on('disconnected', () => stayed.push(false))
    const left = doubted.client.next('disconnected')
    for (const [{ client, connection }, message] of [
      [valid, invalid],
      [unknown, '{"type":"extension"}'],
      [doubted, invalid],
    ] as const) {
      const error = client.next('protocolError')
      connection.send(message)
      await error
      expect(client.clock.available).toBe(true)
    }
    await says(valid.client, valid.connection, timestamp(1))
    expect(await left).toMatchObject({ reason: 'no valid control timestamp after an invalid one' })
    await says(doubted.client, await doubted.server.connection(), timestamp(5))
    expect(stayed).toEqual([])
  })
})

describe('a control timestamp whose times are not numbers', () => {
  it.each([
    '{"contentTime":"x","wallClockTime":"0","timelineSpeedMultiplier":1}',
    '{"contentTime":"5","wallClockTime":null,"timelineSpeedMultiplier":1}',
    '{"contentTime":"5","wallClockTime":"0","timelineSpeedMultiplier":1e999}',
    '{"contentTime":1e999,"wallClockTime":"0","timelineSpeedMultiplier":1}',
    '{"contentTime":"5","wallClockTime":"0"}',
    '{"contentTime":true,"wallClockTime":"0","timelineSpeedMultiplier":1}',
  ])('makes the timeline unavailable with the reason, and the present state is asked for: %s', async (message) => {
    const { server, client, connection } = await following({ holdSeconds: 60 })
    await says(client, connection, timestamp(0))
    const [lost, error] = [client.next('unavailable'), client.next('protocolError')]
    const left = client.next('disconnected')
    connection.send(message)
    expect(await lost).toEqual({ reason: 'timeline' })
    const event = await error
    expect(event).not.toHaveProperty('forgiven')
    expect(client.invalidTimestamp).toBe(event.detail)
    expect(client.clock.available).toBe(false)
    expect(client.statistics).toMatchObject({ messages: 2, protocolErrors: 1 })
    expect(await left).toMatchObject({ reason: 'no valid control timestamp after an invalid one' })
    await says(client, await server.connection(), timestamp(5))
    expect(client.invalidTimestamp).toBeUndefined()
  })
})

describe('a control timestamp whose times are written in another way', () => {
  it('widens the error bound by what the sender has rounded', async () => {
    const { client, connection } = await following({ timestampErrorSeconds: 0 })
    const errorOf = async (message: string) => {
      await says(client, connection, message)
      return client.clock.correlation.initialErrorSeconds
    }
    expect(await errorOf(timestamp(900, 5))).toBe(0)
    expect(await errorOf('{"contentTime":900,"wallClockTime":5,"timelineSpeedMultiplier":1}')).toBe(0)
    // Half a tick.
    expect(await errorOf('{"contentTime":901.25,"wallClockTime":"5","timelineSpeedMultiplier":1}')).toBe(0.5 / 90_000)
    // 256 ns is the spacing of doubles there; at half the speed it is half as much of content.
    const late = '{"contentTime":"900","wallClockTime":1700000000123456789,"timelineSpeedMultiplier":0.5}'
    expect(await errorOf(late)).toBeCloseTo(128e-9, 12)
    // The digits that a double does not hold are used all the same.
    expect(client.timestamp?.wallClockTime).toBe(1_700_000_000_123_456_789n)
    expect(client.statistics.forgiven).toEqual({ 'number-for-string': 4, fraction: 1, 'inexact-number': 1 })
  })
})

describe('a TS client that holds its position', () => {
  it('stays available on the same line over a lost connection, with a bound that grows, and that the next timestamp shrinks', async () => {
    const wallClock = manualClock()
    const { server, client, connection } = await following({ holdSeconds: 60, wallClock: wallClock.clock })
    await says(client, connection, timestamp(0))
    const told: string[] = []
    client.on('unavailable', () => told.push('unavailable'))
    client.on('available', () => told.push('available'))
    wallClock.advanceSeconds(10)
    const error = client.clock.dispersionAt(client.clock.now())
    const disconnected = client.next('disconnected')
    connection.terminate()
    await disconnected
    expect(client.clock.available).toBe(true)
    expect(client.hasPosition).toBe(true)
    expect(client.timestamp).toBeUndefined()
    wallClock.advanceSeconds(3)
    expect(client.clock.now()).toBeCloseTo(13 * 90_000, 3)
    expect(client.clock.dispersionAt(client.clock.now())).toBeCloseTo(error + 3, 6)
    await says(client, await server.connection(), timestamp(0))
    expect(client.clock.dispersionAt(client.clock.now())).toBeCloseTo(error, 9)
    expect(told).toEqual([])
  })

  it('lets go of it after that time, and at once when the endpoint is disabled or the client is stopped', async () => {
    const short = await following({
      holdSeconds: 0.05,
      backoff: { initialSeconds: 60, random: () => 1, maxSeconds: 60 },
    })
    await says(short.client, short.connection, timestamp(0))
    const over = short.client.next('unavailable')
    short.connection.terminate()
    expect(await over).toEqual({ reason: 'disconnected' })

    const disabled = await following({ holdSeconds: 60 })
    await says(disabled.client, disabled.connection, timestamp(0))
    disabled.server.refuseWith = { status: 403 }
    const gone = disabled.client.next('unavailable')
    disabled.connection.terminate()
    expect(await gone).toEqual({ reason: 'disconnected' })

    const stopped = await following({ holdSeconds: 60 })
    await says(stopped.client, stopped.connection, timestamp(0))
    stopped.client.stop()
    expect(stopped.client.clock.available).toBe(false)
  })

  it.each([-1, Number.NaN, 1e9])('cannot hold it for %d seconds', (holdSeconds) => {
    const options = { wallClock: new SystemClock(), contentIdStem: '', timelineSelector: 'urn:x', tickRate: 1 }
    expect(() => new TsClient('ws://x/', { ...options, holdSeconds })).toThrow(
      /^"holdSeconds" must be a number of seconds from 0 to 86400/,
    )
  })
})

describe('PTS that wraps', () => {
  const RANGE = 2n ** 33n
  const HOUR = 3600

  it('keeps rising over a wrap, a pause, a new connection and another wrap', async () => {
    const wallClock = manualClock()
    const { server, client, connection } = await following({ holdSeconds: 60, wallClock: wallClock.clock })
    const at = (ticks: bigint, speed = 1) => timestamp(ticks % RANGE, BigInt(wallClock.nanos), speed)
    await says(client, connection, at(RANGE - 90_000n))
    wallClock.advanceSeconds(2)
    await says(client, connection, at(RANGE + 90_000n))
    expect(client.clock.now()).toBe(Number(RANGE + 90_000n))
    expect(client.timestamp?.contentTime).toBe(90_000n)
    await says(client, connection, at(RANGE + 90_000n, 0))
    wallClock.advanceSeconds(30 * HOUR)
    expect(client.clock.now()).toBe(Number(RANGE + 90_000n))
    await says(client, connection, at(RANGE - 90_000n, 1))
    expect(client.clock.now()).toBe(Number(RANGE - 90_000n))
    connection.terminate()
    const again = await server.connection()
    wallClock.advanceSeconds(40 * HOUR)
    const ticks = RANGE - 90_000n + BigInt(40 * HOUR * 90_000)
    await says(client, again, at(ticks))
    expect(client.clock.now()).toBe(Number(ticks))
  })

  it('is counted by the clock of this device where the wall clock has become another', async () => {
    const device = manualClock()
    const wallClock = new CorrelatedClock(device.clock)
    const { server, client, connection } = await following({ holdSeconds: 60, wallClock })
    await says(client, connection, timestamp(RANGE - 90_000n))
    device.advanceSeconds(2)
    await says(client, connection, timestamp(90_000, 2e9))
    // The television restarts with a wall clock that is 20 hours behind, and its PTS go on.
    connection.terminate()
    const again = await server.connection()
    wallClock.available = false
    await says(client, again, timestamp(180_000, 0))
    wallClock.correlation = new Correlation({ parentTicks: device.nanos, childTicks: 0 })
    wallClock.available = true
    expect(client.clock.now()).toBe(Number(RANGE) + 180_000)
  })

  it('restarts with other content', async () => {
    const wallClock = manualClock()
    const { client, connection } = await following({ wallClock: wallClock.clock })
    await says(client, connection, timestamp(RANGE - 90_000n))
    wallClock.advanceSeconds(2)
    await says(client, connection, timestamp(90_000, 2e9))
    await says(client, connection, timestamp(5000 * 90_000, 2e9))
    client.newProgramme()
    expect(client.clock.now()).toBe(5000 * 90_000)
  })
})
