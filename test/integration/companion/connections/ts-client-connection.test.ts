import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, OffsetClock, SystemClock } from '../../../../src/clocks/index.js'
import { TsClient, TsClientConnection } from '../../../../src/companion/node/index.js'
import { manualClock } from '../../../helpers/manual-clock.js'
import { ScriptedServer } from '../../../helpers/scripted-server.js'

const setup = { contentIdStem: 'dvb://', timelineSelector: 'urn:dvb:css:timeline:pts' }
interface Startable {
  start(): void
  stop(): void
}
const clients: Startable[] = []
const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.stop()
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function scripted(): Promise<ScriptedServer> {
  const server = await ScriptedServer.start()
  servers.push(server)
  return server
}

async function connect<Client extends Startable>(server: ScriptedServer, client: Client) {
  clients.push(client)
  client.start()
  const connection = await server.connection()
  const [asked] = await once(connection, 'message')
  return { client, connection, asked: JSON.parse(String(asked)) }
}

const playing = '{"contentTime":"900","wallClockTime":"1000","timelineSpeedMultiplier":1}'

describe('a TS connection without a clock', () => {
  it('sends setup-data, and emits the control timestamps as they come', async () => {
    const server = await scripted()
    const { client, connection, asked } = await connect(server, new TsClientConnection(server.url, setup))
    expect(asked).toEqual(setup)
    const came = client.next('controlTimestamp')
    connection.send(playing)
    const timestamp = { contentTime: 900n, wallClockTime: 1000n, timelineSpeedMultiplier: 1 }
    expect(await came).toEqual({ timestamp })
    expect(client.timestamp).toEqual(timestamp)
  })

  it('reports an invalid message, keeps the last timestamp, and forgets it with the connection', async () => {
    const server = await scripted()
    const options = { ...setup, backoff: { initialSeconds: 0.01, maxSeconds: 0.02 } }
    const { client, connection } = await connect(server, new TsClientConnection(server.url, options))
    const came = client.next('controlTimestamp')
    connection.send(playing)
    await came
    const error = client.next('protocolError')
    connection.send('{"contentTime":[]}')
    expect((await error).reason).toBe('wrong-type')
    expect(client.timestamp?.contentTime).toBe(900n)
    const lost = client.next('disconnected')
    connection.close()
    await lost
    expect(client.timestamp).toBeUndefined()
  })

  it('sends presentation timestamps', async () => {
    const server = await scripted()
    const { client, connection } = await connect(server, new TsClientConnection(server.url, setup))
    const sent = client.sendPresentationTimestamps({
      earliest: { contentTime: 1n, wallClockTime: 'minusinfinity' },
      latest: { contentTime: 1n, wallClockTime: 'plusinfinity' },
    })
    const [message] = await once(connection, 'message')
    expect([sent, JSON.parse(String(message))]).toEqual([
      true,
      {
        earliest: { contentTime: '1', wallClockTime: 'minusinfinity' },
        latest: { contentTime: '1', wallClockTime: 'plusinfinity' },
      },
    ])
  })
})

describe('a TS client with a clock of the app', () => {
  it('steers that clock, which is unavailable until then', async () => {
    const server = await scripted()
    const wallClock = new SystemClock()
    const clock = new CorrelatedClock(wallClock, { tickRate: 1000 })
    const client = new TsClient(server.url, { ...setup, clock })
    expect([client.clock === clock, clock.available]).toEqual([true, false])
    const { connection } = await connect(server, client)
    const available = client.next('available')
    connection.send('{"contentTime":"500","wallClockTime":"2000000000","timelineSpeedMultiplier":2}')
    await available
    expect(clock.available).toBe(true)
    expect(clock.fromParent(3e9)).toBe(2500)
    client.stop()
    expect(clock.available).toBe(false)
  })

  it.each([
    [{ clock: new SystemClock() }, '"clock" must be a CorrelatedClock; received {'],
    [
      { clock: new CorrelatedClock(new SystemClock()), tickRate: 1 },
      '"clock" cannot be combined with wallClock or tickRate',
    ],
    [{ wallClock: new SystemClock(), tickRate: 1, latestClock: 1 }, '"latestClock" must be a Clock; received 1'],
  ])('refuses options that make no sense: %#', (options, message) => {
    expect(() => new TsClient('ws://127.0.0.1:1', { ...setup, ...options } as never)).toThrow(message)
  })
})

describe('the presentation timestamps of clocks', () => {
  async function following() {
    const server = await scripted()
    const root = manualClock()
    root.nanos = 5e9
    const client = new TsClient(server.url, { ...setup, wallClock: root.clock, tickRate: 1000 })
    const { connection } = await connect(server, client)
    const available = client.next('available')
    connection.send('{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":1}')
    await available
    return { client, connection, root }
  }

  it('are the present moment of each clock, and infinite bounds for those that there are not', async () => {
    const { client } = await following()
    expect(client.presentationTimestamps()).toEqual({
      actual: { contentTime: 5000n, wallClockTime: 5_000_000_000n },
      earliest: { contentTime: 5000n, wallClockTime: 'minusinfinity' },
      latest: { contentTime: 5000n, wallClockTime: 'plusinfinity' },
    })
  })

  it('are read from earliestClock and latestClock, which can be set at any time, and are sent by default', async () => {
    const { client, connection } = await following()
    client.earliestClock = new OffsetClock(client.clock, { offsetSeconds: 2 })
    client.latestClock = new OffsetClock(client.clock, { offsetSeconds: -3 })
    expect(client.sendPresentationTimestamps()).toBe(true)
    const [message] = await once(connection, 'message')
    expect(JSON.parse(String(message))).toEqual({
      actual: { contentTime: '5000', wallClockTime: '5000000000' },
      earliest: { contentTime: '7000', wallClockTime: '5000000000' },
      latest: { contentTime: '2000', wallClockTime: '5000000000' },
    })
  })

  it('omit the actual one on request, and treat an unavailable clock as absent', async () => {
    const { client } = await following()
    const earliestClock = new OffsetClock(client.clock)
    earliestClock.available = false
    client.earliestClock = earliestClock
    const { actual, earliest } = client.presentationTimestamps({ includeActual: false })
    expect([actual, earliest.wallClockTime]).toEqual([undefined, 'minusinfinity'])
  })

  it('contain the time of a whole tick, and the current time while the clock is stopped', async () => {
    const { client, root } = await following()
    root.nanos = 5_000_700_000
    expect(client.presentationTimestamps().actual).toEqual({ contentTime: 5000n, wallClockTime: 5_000_000_000n })
    client.clock.setCorrelationAndSpeed(new Correlation({ childTicks: 42.5 }), 0)
    expect(client.presentationTimestamps().actual).toEqual({ contentTime: 42n, wallClockTime: 5_000_700_000n })
  })

  it('are in the range of a timeline that wraps, though the clock counts on', async () => {
    const { client, connection, root } = await following()
    const wrap = 2 ** 33
    // A jump by more than half the range would be taken for one backwards.
    for (const [contentTime, wallClockTime] of [
      [2 ** 32 - 1000, 5e9],
      [wrap - 2000, 5e9],
      [wrap - 1000, 5e9],
      [4000, 10e9],
    ]) {
      root.nanos = wallClockTime ?? 0
      const timing = client.next('timing')
      connection.send(`{"contentTime":"${contentTime}","wallClockTime":"${wallClockTime}","timelineSpeedMultiplier":1}`)
      await timing
    }
    expect(client.clock.now()).toBe(wrap + 4000)
    client.earliestClock = new OffsetClock(client.clock, { offsetSeconds: -5 })
    const { actual, earliest } = client.presentationTimestamps()
    expect([actual?.contentTime, earliest.contentTime]).toEqual([4000n, BigInt(wrap - 1000)])
  })

  it('have no actual one without a position', () => {
    const client = new TsClient('ws://127.0.0.1:1', { ...setup, wallClock: manualClock().clock, tickRate: 1000 })
    expect(client.presentationTimestamps()).toEqual({
      earliest: { contentTime: 0n, wallClockTime: 'minusinfinity' },
      latest: { contentTime: 0n, wallClockTime: 'plusinfinity' },
    })
  })

  it('stand beside a summary of the client in one line', async () => {
    const { client } = await following()
    expect(client.statusSummary()).toBe('connected, available, 5.000 s at speed 1')
    client.stop()
    expect(client.statusSummary()).toBe('not connected, timeline unavailable')
  })
})
