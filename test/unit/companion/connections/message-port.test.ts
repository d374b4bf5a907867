import { afterEach, describe, expect, it } from 'vitest'
import {
  CiiServer,
  ClockTimelineSource,
  type Connection,
  CorrelatedClock,
  EndpointServer,
  type MessagePortLike,
  OffsetClock,
  SystemClock,
  serveMessagePort,
  TsServer,
  WallClockWebSocketServer,
} from '../../../../plugins/index.js'
import { overMessagePort } from '../../../../src/companion/connections/message-port-socket.js'
import {
  CiiClient,
  TsClient,
  WallClockClient,
  WebSocketWallClockTransport,
} from '../../../../src/companion/node/index.js'
import { until } from '../../../helpers/until.js'

const silent = { level: 'silent', fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} }
const logger = { ...silent, child: () => logger } as never
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const QUICK = { initialSeconds: 0.01, maxSeconds: 0.02 }

/** Opens a channel to the server for each connection; keeps the server's ends. */
function linkTo(server: EndpointServer<unknown>) {
  const ports: MessagePort[] = []
  const openSocket = overMessagePort(() => {
    const { port1, port2 } = new MessageChannel()
    ports.push(port2)
    serveMessagePort(server, port2 as unknown as MessagePortLike)
    return port1 as unknown as MessagePortLike
  })
  return { ports, openSocket }
}

function started<Client extends { start(): void; stop(): void }>(client: Client): Client {
  stops.push(() => client.stop())
  client.start()
  return client
}

describe('the protocols over message ports', () => {
  it('carry CII, and its close', async () => {
    const server = new CiiServer({
      logger,
      cii: { contentId: 'dvb://1', contentIdStatus: 'final', tsUrl: 'ws://h/ts' },
    })
    const client = new CiiClient('port:cii', { openSocket: linkTo(server).openSocket, backoff: QUICK })
    const first = client.next('change')
    started(client)
    expect((await first).state).toMatchObject({ contentId: 'dvb://1', tsUrl: 'ws://h/ts' })
    const second = client.next('change')
    server.update({ contentId: 'dvb://2' })
    expect((await second).state.contentId).toBe('dvb://2')
    const ended = client.next('disconnected')
    server.enabled = false
    expect((await ended).code).toBe(1001)
    await until(() => server.statistics.open === 0)
    // Refused now, and let in again later.
    await until(() => server.statistics.refused.disabled > 0)
    const back = client.next('connected')
    server.enabled = true
    await back
    client.stop()
    await until(() => server.statistics.open === 0)
  })

  it('carry CSS-TS in both directions', async () => {
    const wallClock = new SystemClock()
    const server = new TsServer({ logger, wallClock, contentId: 'dvb://1' })
    const timeline = new CorrelatedClock(wallClock, { tickRate: 1000 })
    server.attachTimelineSource(new ClockTimelineSource('urn:x', wallClock, timeline))
    const client = new TsClient('port:ts', {
      openSocket: linkTo(server).openSocket,
      wallClock,
      tickRate: 1000,
      contentIdStem: '',
      timelineSelector: 'urn:x',
    })
    const available = client.next('available')
    started(client)
    await available
    const now = wallClock.now()
    expect(Math.abs(client.clock.fromRoot(now) - timeline.fromRoot(now))).toBeLessThan(0.01)
    client.sendPresentationTimestamps()
    const [connection] = server.connections.keys() as Iterable<Connection>
    const said = () => server.stateOf(connection as Connection)?.presentationTimestamps?.value
    await until(() => said() !== undefined)
    expect(said()?.earliest.wallClockTime).toBe('minusinfinity')
  })

  it.each(['binary', 'json'] as const)('carry the wall clock, as %s', async (encoding) => {
    const wallClock = new OffsetClock(new SystemClock(), { offsetSeconds: 1000 })
    const server = new WallClockWebSocketServer({ logger, wallClock })
    const transport = new WebSocketWallClockTransport('port:wc', { encoding, openSocket: linkTo(server).openSocket })
    const client = new WallClockClient({ transport })
    const available = client.next('available')
    started(client)
    await available
    expect(client.status().offsetSeconds).toBeCloseTo(1000, 1)
  })
})

describe('a message port', () => {
  class Recorder extends EndpointServer {
    readonly messages: (string | Uint8Array)[] = []
    override onMessage(_connection: Connection, message: string | Uint8Array): void {
      this.messages.push(message)
    }
  }

  it('ignores foreign messages, and ends the connection when the port is closed', async () => {
    const server = new Recorder({ logger })
    const { port1, port2 } = new MessageChannel()
    expect(serveMessagePort(server, port2 as unknown as MessagePortLike)).toBe(true)
    for (const message of [null, 7, { other: 'message' }, [], 'text', new ArrayBuffer(3)]) port1.postMessage(message)
    await until(() => server.messages.length === 2)
    expect(server.messages).toEqual(['text', new Uint8Array(3)])
    port1.close()
    await until(() => server.statistics.open === 0)
    expect(server.canAllocateConnection()).toBe(true)
  })

  it('of one client too many is closed with 1013', async () => {
    const server = new Recorder({ logger, maxConnections: 1 })
    const [first, second] = [new MessageChannel(), new MessageChannel()]
    stops.push(() => first.port1.close())
    const ports = [first, second].map(({ port2 }) => port2 as unknown as MessagePortLike)
    const message = new Promise((resolve) => {
      second.port1.onmessage = ({ data }) => resolve(data)
    })
    expect(ports.map((port) => serveMessagePort(server, port))).toEqual([true, false])
    expect(await message).toEqual({ closeCode: 1013, closeReason: 'full' })
  })

  it('with too long a message is left', async () => {
    const server = new Recorder({ logger })
    const link = linkTo(server)
    const client = new CiiClient('port:cii', { openSocket: link.openSocket, backoff: QUICK, maxMessageBytes: 100 })
    const error = client.next('protocolError')
    const connected = client.next('connected')
    started(client)
    await connected
    link.ports[0]?.postMessage('x'.repeat(101))
    expect((await error).reason).toBe('message-too-long')
  })

  it('that is unavailable is a failed connection attempt, which is repeated', async () => {
    let attempts = 0
    const openSocket = overMessagePort(() => {
      attempts += 1
      throw new Error('no port')
    })
    const client = new CiiClient('port:cii', { openSocket, backoff: QUICK })
    const failed = client.next('connectFailed')
    started(client)
    expect((await failed).failure.message).toBe('no message port for port:cii: no port')
    await until(() => attempts > 1)
  })

  it('is rejected if openSocket is not a function', () => {
    expect(() => new CiiClient('port:cii', { openSocket: 1 as never })).toThrow(
      '"openSocket" must be a function; received 1',
    )
  })
})
