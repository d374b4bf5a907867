import { describe, expect, it } from 'vitest'
import {
  CiiServer,
  ciiPlugin,
  type EndpointObserver,
  EndpointServer,
  FixedTimelineSource,
  tsPlugin,
  UnknownOptionError,
  wallClockWebSocketPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { FakeSocket } from '../../helpers/fake-socket.js'
import { LogLines } from '../../helpers/log-lines.js'
import { until } from '../../helpers/until.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

/** An observer that writes down what it is told, with the connections by number. */
function recorder() {
  const events: unknown[][] = []
  const ids: string[] = []
  const record =
    (event: string) =>
    (connection: { id: string }, ...details: unknown[]) => {
      if (!ids.includes(connection.id)) ids.push(connection.id)
      events.push([event, ids.indexOf(connection.id), ...details])
    }
  const observer: Required<EndpointObserver> = {
    connected: record('connected'),
    disconnected: record('disconnected'),
    messageReceived: record('messageReceived'),
    messageSent: record('messageSent'),
    messageRejected: record('messageRejected'),
    refused: (...details) => events.push(['refused', ...details]),
  }
  return { events, observer }
}

describe('an observer of an endpoint', () => {
  it('is notified of connections, messages each way, rejected messages and refused handshakes', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', maxConnections: 1 })
    const { events, observer } = recorder()
    app.cii.observe(observer)
    const url = `${await listen(app)}/cii`
    const client = await WsClient.open(url)
    const state = await client.next()
    client.send('{"ä":1}')
    client.send('{')
    await client.roundTrip()
    await refusal(url)
    await client.close()
    await until(() => app.cii.statistics.open === 0)
    expect(events).toEqual([
      ['connected', 0],
      ['messageSent', 0, state],
      ['messageReceived', 0, '{"ä":1}'],
      ['messageReceived', 0, '{'],
      ['messageRejected', 0, 'not-json', expect.stringContaining('JSON')],
      ['refused', '127.0.0.1', 'full'],
      ['disconnected', 0, 1005, ''],
    ])
  })

  it('is notified of a message to many clients for each of them, though it is framed once', async () => {
    const app = makeApp()
    await app.register(tsPlugin, { prefix: '/ts', contentId: 'dvb://1' })
    app.ts.attachTimelineSource(
      new FixedTimelineSource('urn:x', { contentTime: 5n, wallClockTime: 6n, timelineSpeedMultiplier: 1 }),
    )
    const { events, observer } = recorder()
    app.ts.observe(observer)
    const url = `${await listen(app)}/ts`
    for (let n = 0; n < 3; n += 1) {
      const client = await WsClient.open(url)
      client.send({ contentIdStem: 'dvb:', timelineSelector: 'urn:x' })
      const message = await client.next()
      expect(events.filter(([event]) => event === 'messageSent').at(-1)).toEqual(['messageSent', n, message])
    }
  })

  it('is notified of binary messages as bytes', async () => {
    const app = makeApp()
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    const sizes: unknown[] = []
    app.wallClockWebSocket.observe({
      messageReceived: (_connection, message) => sizes.push(message instanceof Uint8Array && message.length),
      messageSent: (_connection, message) => sizes.push(message instanceof Uint8Array && message.length),
    })
    const client = await WsClient.open(`${await listen(app)}/wc`)
    client.send(new Uint8Array(32))
    await client.next()
    expect(sizes).toEqual([32, 32])
  })

  it('is notified of the reason if a message was not received completely', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', maxMessageBytes: 200 })
    const { events, observer } = recorder()
    app.cii.observe(observer)
    const client = await WsClient.open(`${await listen(app)}/cii`)
    client.send('x'.repeat(201))
    expect((await client.closed).code).toBe(1009)
    expect(events.filter(([event]) => String(event).startsWith('message')).slice(1)).toEqual([
      ['messageRejected', 0, 'too-large', expect.any(String)],
    ])
  })

  it('can still read what is known of a connection that has ended', () => {
    const server = new EndpointServer()
    let open: number | undefined
    server.observe({
      disconnected: (connection) => {
        open = server.connections.has(connection) ? connection.statistics.openedAt : undefined
      },
    })
    server.open(new FakeSocket()).closed(1000, '')
    expect(open).toBeTypeOf('number')
    expect(server.connections.size).toBe(0)
  })
})

describe('several observers of an endpoint', () => {
  it('are notified until they are removed, the same one as often as it was added', () => {
    const server = new EndpointServer()
    const told: string[] = []
    const observer = { connected: () => told.push('first') }
    const removers = [server.observe(observer), server.observe(observer)]
    removers.push(server.observe({ connected: () => told.push('second') }))
    const connect = () => {
      told.splice(0)
      server.open(new FakeSocket())
      return told.join(' ')
    }
    expect(connect()).toBe('first first second')
    removers[0]?.()
    removers[0]?.()
    expect(connect()).toBe('first second')
    for (const remove of removers) remove()
    expect(connect()).toBe('')
  })

  it('can be added and removed by one another', () => {
    const server = new EndpointServer()
    const told: string[] = []
    const remove = server.observe({
      connected: () => {
        remove()
        server.observe({ connected: () => told.push('later') })
      },
    })
    server.open(new FakeSocket())
    expect(told).toEqual([])
    server.open(new FakeSocket())
    expect(told).toEqual(['later'])
  })

  it('can be objects of a class, with other members', () => {
    class Monitor {
      opened = 0
      connected() {
        this.opened += 1
      }
    }
    const server = new EndpointServer()
    const monitor = new Monitor()
    server.observe(monitor)
    server.open(new FakeSocket())
    expect(monitor.opened).toBe(1)
  })
})

describe('an observer that fails', () => {
  it('is logged and counted, and harms neither the connections nor the other observers', async () => {
    const stream = new LogLines()
    const app = makeApp({ logger: { level: 'error', stream } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const fail = () => {
      throw new Error('of the observer')
    }
    const { events, observer } = recorder()
    app.cii.observe({
      connected: fail,
      disconnected: fail,
      messageReceived: async () => fail(),
      messageSent: fail,
      messageRejected: fail,
      refused: fail,
    })
    app.cii.observe(observer)
    const client = await WsClient.open(`${await listen(app)}/cii`)
    await client.next()
    client.send('{')
    app.cii.update({ mrsUrl: 'http://x/' })
    await client.next()
    await client.roundTrip()
    expect(app.cii.connections.size).toBe(1)
    expect(app.cii.statistics.hookErrors).toBe(5)
    expect(events).toHaveLength(5)
    const line = await stream.message('an observer of this endpoint failed')
    expect(line).toMatchObject({ err: { message: 'of the observer' } })
  })

  it.each([
    ['a function', () => {}, '"observer" must be an object'],
    ['a misspelt name', { conected: () => {} }, 'did you mean "connected"?'],
    ['no function', { connected: 5 }, '"observer.connected" must be a function; received 5'],
  ])('is refused if it could never be called: %s', (_what, observer, message) => {
    expect(() => new CiiServer().observe(observer as EndpointObserver)).toThrow(message)
  })

  it('is refused as any unknown option is', () => {
    expect(() => new EndpointServer().observe({ x: 1 } as EndpointObserver)).toThrow(UnknownOptionError)
  })
})
