import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, OffsetClock, SystemClock } from '../../../../../src/clocks/index.js'
import {
  decodeWallClockMessage,
  encodeWallClockMessage,
  type WallClockMessage,
} from '../../../../../src/messages/index.js'
import {
  IsolatedWallClockServer,
  type IsolatedWallClockServerOptions,
} from '../../../../../src/server/wall-clock/isolated/isolated-wall-clock-server.js'
import { UdpRequestServer } from '../../../../../src/server/wall-clock/udp-request-server.js'
import { WallClockHandler } from '../../../../../src/server/wall-clock/wall-clock-handler.js'
import { LogLines } from '../../../../helpers/log-lines.js'
import { manualClock } from '../../../../helpers/manual-clock.js'
import { UdpClient } from '../../../../helpers/udp-client.js'

const HOST = '127.0.0.1'
const REQUEST = encodeWallClockMessage({
  type: 0,
  precisionSeconds: 0.001,
  maxFreqErrorPpm: 50,
  originateNanos: 123_000_000_456n,
  receiveNanos: 0n,
  transmitNanos: 0n,
})

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function start(
  clock: ConstructorParameters<typeof IsolatedWallClockServer>[0],
  options: IsolatedWallClockServerOptions = {},
) {
  const log = new LogLines()
  const server = new IsolatedWallClockServer(clock, { host: HOST, logger: pino(log), ...options })
  open.push({ close: () => server.stop() })
  await server.start()
  const client = await UdpClient.open({ address: HOST, port: server.address?.port ?? 0 })
  open.push(client)
  return { server, client, log }
}

const ask = async (client: UdpClient): Promise<WallClockMessage> =>
  decodeWallClockMessage(await client.request(REQUEST))

/** Asserts that the answer tells the time of the clock, as it was between the sending and the arrival. */
async function expectTimeOf(clock: SystemClock | CorrelatedClock | OffsetClock, client: UdpClient): Promise<void> {
  const before = Math.floor(clock.nanos())
  const { receiveNanos, transmitNanos } = await ask(client)
  const after = clock.nanos()
  expect(Number(receiveNanos)).toBeGreaterThanOrEqual(before)
  expect(Number(transmitNanos)).toBeGreaterThanOrEqual(Number(receiveNanos))
  expect(Number(transmitNanos)).toBeLessThanOrEqual(after)
}

describe('a wall clock in a thread of its own', () => {
  it('tells the time of the system clock, as precisely as it is', async () => {
    const clock = new SystemClock({ precisionSeconds: 2 ** -20, maxFreqErrorPpm: 40 })
    const { client } = await start(clock)
    await expectTimeOf(clock, client)
    expect(await ask(client)).toMatchObject({
      type: 1,
      originateNanos: 123_000_000_456n,
      precisionSeconds: 2 ** -20,
      maxFreqErrorPpm: 40,
    })
  })

  it('follows every change of the clock, from the moment when it is made', async () => {
    const root = new SystemClock()
    const parent = new CorrelatedClock(root)
    const clock = new CorrelatedClock(parent, { tickRate: 90_000 })
    const { client } = await start(clock)
    await expectTimeOf(clock, client)
    const changes = [
      () => {
        clock.correlation = new Correlation({ parentTicks: parent.now(), childTicks: 900_000_000 })
      },
      () => clock.setCorrelationAndSpeed(new Correlation({ parentTicks: parent.now(), childTicks: 90_000 }), 3),
      () => {
        clock.tickRate = 48_000
      },
      () => {
        parent.correlation = new Correlation({ parentTicks: 0, childTicks: 5e9 })
      },
      () => {
        parent.speed = 2
      },
      () => {
        clock.parent = new OffsetClock(root, { offsetSeconds: 7 })
      },
    ]
    for (const change of changes) {
      change()
      await expectTimeOf(clock, client)
    }
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: 0, childTicks: 48_000 * 12 }), 0)
    expect(await ask(client)).toMatchObject({ receiveNanos: 12_000_000_000n, transmitNanos: 12_000_000_000n })
  })

  it('gives no answer while the clock is not available', async () => {
    const clock = new CorrelatedClock(new SystemClock())
    const { client, server } = await start(clock)
    clock.available = false
    await client.send(REQUEST)
    // What this socket sends arrives in turn: with this one's drop counted, the other is dealt with.
    await client.send(new Uint8Array(5))
    await expect
      .poll(() => server.statistics.dropped, { timeout: 10_000 })
      .toMatchObject({ 'clock-unavailable': 1, 'wrong-length': 1 })
    clock.available = true
    await expectTimeOf(clock, client)
    expect(client.queued).toBe(0)
  })

  it('states the dispersion of a clock that follows another', async () => {
    const root = new SystemClock()
    const correlation = new Correlation({
      parentTicks: root.now(),
      childTicks: 0,
      initialErrorSeconds: 0.3,
      errorGrowthRate: 1e-6,
    })
    const { client } = await start(new CorrelatedClock(root, { correlation }))
    expect((await ask(client)).precisionSeconds).toBe(0.5)
  })

  it('states what it is told to state, and follows up when it is told to', async () => {
    const options = { precisionSeconds: 2 ** -10, maxFreqErrorPpm: 12, followUp: true }
    const { client, server } = await start(new SystemClock(), options)
    const first = await ask(client)
    expect(first).toMatchObject({ type: 2, precisionSeconds: 2 ** -10, maxFreqErrorPpm: 12 })
    const second = decodeWallClockMessage(await client.next())
    expect(second).toEqual({ ...first, type: 3, transmitNanos: second.transmitNanos })
    expect(second.transmitNanos).toBeGreaterThanOrEqual(first.transmitNanos)
    expect(server.statistics).toMatchObject({ requests: 1, answers: 1, followUps: 1 })
  })

  it('counts what it drops by its reason, and each answer before it is sent', async () => {
    const { client, server } = await start(new SystemClock())
    for (const bad of [
      new Uint8Array(31),
      Uint8Array.from(REQUEST).fill(1, 0, 1),
      Uint8Array.from(REQUEST).fill(1, 1, 2),
    ]) {
      await client.send(bad)
    }
    await ask(client)
    expect(server.statistics).toMatchObject({
      requests: 4,
      answers: 1,
      followUps: 0,
      dropped: { 'wrong-length': 1, 'wrong-version': 1, 'not-a-request': 1, 'clock-unavailable': 0 },
      restarts: 0,
    })
    const inProcess = new UdpRequestServer(new WallClockHandler(new SystemClock()))
    expect(Object.keys(server.statistics.dropped)).toEqual(Object.keys(inProcess.statistics.dropped))
  })

  it('keeps to the rate that it is given, and counts what is over it', async () => {
    const { client, server } = await start(new SystemClock(), { maxRequestsPerSecond: 1 })
    await ask(client)
    for (let i = 0; i < 5; i++) await client.send(REQUEST)
    await expect.poll(() => server.statistics.requests, { timeout: 10_000 }).toBe(6)
    expect(server.statistics.dropped['rate-limited']).toBeGreaterThan(0)
  })
})

describe('a clock that cannot be read in another thread', () => {
  it('is refused with the way out', () => {
    const clock = new CorrelatedClock(manualClock().clock, { name: 'simulated' })
    expect(() => new IsolatedWallClockServer(clock)).toThrow(
      '"wallClock" must be a clock derived from a SystemClock without a custom source, because no other clock can be ' +
        'read in another thread; received "simulated, root root"',
    )
  })

  it('is one of nanoseconds when it counts them in other ticks', () => {
    for (const tickRate of [1, 90_000, 1e6, 27e6, 3e9]) {
      expect(() => new IsolatedWallClockServer(new SystemClock({ tickRate }))).not.toThrow()
    }
  })

  it('gets no more answers when it has become one, and they go on when it is one no longer', async () => {
    const root = new SystemClock()
    const clock = new CorrelatedClock(root)
    const { client, server, log } = await start(clock)
    clock.parent = manualClock().clock
    await client.send(REQUEST)
    await expect.poll(() => server.statistics.dropped['clock-unavailable'], { timeout: 10_000 }).toBe(1)
    await log.message('wall clock cannot be followed, and is not answered for')
    clock.parent = root
    await expectTimeOf(clock, client)
  })
})
