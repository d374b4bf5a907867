import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type Connection, ciiPlugin, EndpointServer, endpointPlugin, serveMessagePort } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

class Echo extends EndpointServer {
  override onMessage(connection: Connection, message: string | Uint8Array) {
    connection.send(message)
  }
}

async function echoApp(options: Record<string, unknown> = {}, clientOptions = {}) {
  const app = makeApp()
  const server = new Echo()
  await app.register(endpointPlugin, { prefix: '/echo', handler: server, ...options })
  const client = await WsClient.open(`${await listen(app)}/echo`, clientOptions)
  await until(() => server.connections.size === 1)
  const [connection] = server.connections.keys() as Iterable<Connection>
  return { server, client, connection: connection as Connection }
}

describe('the statistics of a connection', () => {
  it('count messages and bytes each way, and say when the last ones passed', async () => {
    const before = Date.now()
    const { client, connection } = await echoApp()
    expect(connection.statistics).toMatchObject({ messagesIn: 0, bytesIn: 0, messagesOut: 0, bytesOut: 0 })
    expect(connection.statistics.lastMessageInAt).toBeUndefined()
    expect(connection.statistics.lastMessageOutAt).toBeUndefined()
    client.send('äöü')
    await client.next()
    client.send(new Uint8Array([1, 2]))
    await client.next()
    const { openedAt, lastMessageInAt, lastMessageOutAt, ...counts } = connection.statistics
    expect(counts).toMatchObject({ messagesIn: 2, bytesIn: 8, messagesOut: 2, bytesOut: 8, badMessages: 0 })
    for (const at of [openedAt, lastMessageInAt, lastMessageOutAt]) {
      expect(at).toBeGreaterThanOrEqual(before)
      expect(at).toBeLessThanOrEqual(Date.now())
    }
  })

  it('count what one state costs each of the clients that share its frame', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', cii: { mrsUrl: 'http://ä/' } })
    const url = `${await listen(app)}/cii`
    const clients = [await WsClient.open(url), await WsClient.open(url)]
    for (const client of clients) {
      const bytes = Buffer.byteLength(await client.next())
      const [, connection] = [client, [...app.cii.connections.keys()][clients.indexOf(client)]]
      expect(connection?.statistics).toMatchObject({ messagesOut: 1, bytesOut: bytes })
    }
  })

  it('count invalid messages, and can be read after the end', async () => {
    const app = makeApp()
    await app.register(ciiPlugin, { prefix: '/cii', maxBadMessages: 2 })
    const client = await WsClient.open(`${await listen(app)}/cii`)
    const [connection] = app.cii.connections.keys()
    client.send('{')
    client.send('{')
    expect((await client.closed).code).toBe(1008)
    await until(() => app.cii.connections.size === 0)
    expect(connection?.statistics).toMatchObject({ messagesIn: 2, bytesIn: 2, badMessages: 2 })
  })

  it('count the messages of a message port too, which has no pings', async () => {
    const { port1, port2 } = new MessageChannel()
    const server = new Echo()
    serveMessagePort(server, port1)
    const [connection] = server.connections.keys()
    const answer = once(port2, 'message')
    port2.postMessage('äöü')
    await answer
    connection?.ping()
    expect(connection?.statistics).toMatchObject({ messagesIn: 1, bytesIn: 6, messagesOut: 1, bytesOut: 6 })
    expect(connection?.statistics.roundTripSeconds).toBeUndefined()
    port2.close()
  })
})

describe('the round trip of a connection', () => {
  it('is measured by the heartbeat', async () => {
    const { connection } = await echoApp({ heartbeatIntervalSeconds: 0.02 })
    await until(() => connection.statistics.roundTripSeconds !== undefined)
    const { roundTripSeconds } = connection.statistics
    expect(roundTripSeconds).toBeGreaterThan(0)
    expect(roundTripSeconds).toBeLessThan(25)
    await until(() => connection.statistics.roundTripSeconds !== roundTripSeconds)
  })

  it('is measured when the app asks for it, without waiting for the heartbeat', async () => {
    const { client, connection } = await echoApp()
    const pings: Buffer[] = []
    client.socket.on('ping', (payload) => pings.push(payload))
    // Of these only the first counts: the others are within a second.
    for (let n = 0; n < 10; n += 1) connection.ping()
    await until(() => connection.statistics.roundTripSeconds !== undefined)
    for (let n = 0; n < 10; n += 1) connection.ping()
    await client.roundTrip()
    expect(pings).toHaveLength(1)
  })

  it('counts the time that the client takes to answer', async () => {
    const { client, connection } = await echoApp({}, { autoPong: false })
    connection.ping()
    const [payload] = (await once(client.socket, 'ping')) as [Buffer]
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.socket.pong(payload)
    await until(() => connection.statistics.roundTripSeconds !== undefined)
    expect(connection.statistics.roundTripSeconds).toBeGreaterThan(0.045)
  })

  it('is that of the latest ping, whose answer is told apart from those to earlier pings', async () => {
    const { client, connection } = await echoApp({ heartbeatIntervalSeconds: 0.05 }, { autoPong: false })
    const payloads: Buffer[] = []
    client.socket.on('ping', (payload) => {
      payloads.push(payload)
      // A sign of life, or the heartbeat would end the connection.
      client.send('x')
    })
    await until(() => payloads.length >= 2)
    client.socket.pong(payloads[0])
    client.socket.pong(Buffer.from('of nothing'))
    await client.roundTrip()
    expect(connection.statistics.roundTripSeconds).toBeUndefined()
    client.socket.on('ping', (payload) => client.socket.pong(payload))
    await until(() => connection.statistics.roundTripSeconds !== undefined)
    expect(connection.statistics.roundTripSeconds).toBeLessThan(25)
  })

  it('does not keep alive a client that answers nothing', async () => {
    const { server, connection } = await echoApp({ heartbeatIntervalSeconds: 0.05 }, { autoPong: false })
    connection.ping()
    await until(() => server.connections.size === 0)
    expect(server.statistics.timedOut.heartbeat).toBe(1)
    connection.ping()
  })
})
