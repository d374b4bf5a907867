import { describe, expect, it } from 'vitest'
import { type Connection, EndpointServer, endpointPlugin, wallClockWebSocketPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { frame, RawWebSocket } from '../../helpers/raw-web-socket.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

const NEVER = Number.POSITIVE_INFINITY
const REQUESTS = Buffer.concat(Array(500).fill(frame('binary', new Uint8Array(32))))

async function wallClockApp(options: Record<string, unknown> = {}) {
  const app = makeApp()
  await app.register(wallClockWebSocketPlugin, { prefix: '/wc', ...options })
  return { app, url: `${await listen(app)}/wc`, statistics: () => app.wallClockWebSocket.statistics }
}

/** Asks for the time and does not read, until the server does not read either. @returns the most that waited for it. */
async function stall(url: string, connections: () => Iterable<Connection>) {
  const client = await RawWebSocket.open(url)
  client.socket.pause()
  let most = 0
  let lastRead = performance.now()
  let bytesWritten = 0
  await client.flood(REQUESTS, () => {
    for (const { bufferedAmount } of connections()) most = Math.max(most, bufferedAmount)
    // What the process has handed to the operating system: it stands still once neither side reads.
    const written = client.socket.bytesWritten - client.socket.writableLength
    if (written !== bytesWritten) lastRead = performance.now()
    bytesWritten = written
    return most > 0 && performance.now() - lastRead > 400
  })
  return { client, most }
}

describe('a client of the wall clock that asks and does not read', () => {
  it('has to wait with its requests, and costs a bounded number of answers', async () => {
    const { app, url, statistics } = await wallClockApp({ sendTimeoutSeconds: NEVER })
    const { client, most } = await stall(url, () => app.wallClockWebSocket.connections.keys())
    expect(most).toBeLessThan(16_384 + 100)
    // Requests that had been read already when the answers began to wait.
    expect(statistics().dropped.unread).toBeLessThan(5000)
    const { messagesIn } = statistics()
    const other = await WsClient.open(url)
    other.send(new Uint8Array(32))
    expect(await other.next()).toHaveLength(64)
    expect(statistics().messagesIn).toBe(messagesIn + 1)
    client.socket.destroy()
  })

  it('is served again when it reads', async () => {
    const { app, url, statistics } = await wallClockApp({ sendTimeoutSeconds: NEVER })
    const { client } = await stall(url, () => app.wallClockWebSocket.connections.keys())
    const { messagesOut } = statistics()
    client.socket.resume()
    await until(() => statistics().messagesOut > messagesOut + 1000)
    expect(statistics().open).toBe(1)
    client.socket.destroy()
  })

  it('loses answers above maxBufferedBytes, which are counted, and not its connection', async () => {
    const { app, url, statistics } = await wallClockApp({
      sendTimeoutSeconds: NEVER,
      maxBufferedBytes: 100,
      followUp: true,
    })
    const { client, most } = await stall(url, () => app.wallClockWebSocket.connections.keys())
    expect(most).toBeLessThan(200)
    expect(statistics().dropped.unread).toBeGreaterThan(0)
    expect(statistics()).toMatchObject({ open: 1, hookErrors: 0 })
    client.socket.destroy()
  })

  it('is disconnected after the send timeout', async () => {
    const { url, statistics } = await wallClockApp({ sendTimeoutSeconds: 0.1 })
    const client = await RawWebSocket.open(url)
    client.socket.pause()
    await client.flood(REQUESTS, () => statistics().timedOut.send === 1)
    await until(() => statistics().open === 0)
    client.socket.destroy()
  })
})

describe('a client that does not read what an endpoint of the app sends', () => {
  class Ticker extends EndpointServer {
    readonly most = { buffered: 0 }
    tick() {
      for (const connection of this.connections.keys()) {
        connection.send('x'.repeat(10_000))
        this.most.buffered = Math.max(this.most.buffered, connection.bufferedAmount)
      }
    }
  }

  async function tickerApp(server: Ticker) {
    const app = makeApp()
    await app.register(endpointPlugin, { prefix: '/ticks', handler: server })
    return `${await listen(app)}/ticks`
  }

  it('is closed when more than maxBufferedBytes wait for it, and others are not', async () => {
    const ticker = new Ticker({ maxBufferedBytes: 50_000 })
    const url = await tickerApp(ticker)
    const reading = await WsClient.open(url)
    const stalled = await WsClient.open(url)
    stalled.socket.pause()
    while (ticker.statistics.disconnected === 0) {
      ticker.tick()
      await reading.next()
    }
    expect(ticker.most.buffered).toBeLessThan(70_000)
    expect(ticker.statistics.dropped.unread).toBe(1)
    expect(ticker.statistics.open).toBe(1)
    stalled.socket.terminate()
  })

  it('keeps its connection, and loses messages, where the endpoint says so', async () => {
    class Lossy extends Ticker {
      override bufferFull() {}
    }
    const lossy = new Lossy({ maxBufferedBytes: 50_000 })
    const stalled = await WsClient.open(await tickerApp(lossy))
    stalled.socket.pause()
    while (lossy.statistics.dropped.unread < 10) {
      lossy.tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(lossy.most.buffered).toBeLessThan(70_000)
    expect(lossy.statistics.open).toBe(1)
    stalled.socket.terminate()
  })

  it('hands over what it drops, so that a sender that waits for that goes on', async () => {
    const ticker = new Ticker({ maxBufferedBytes: 1 })
    const stalled = await WsClient.open(await tickerApp(ticker))
    stalled.socket.pause()
    await until(() => ticker.connections.size === 1)
    const [connection] = ticker.connections.keys()
    while (connection?.bufferedAmount === 0) connection.send('x'.repeat(1_000_000))
    await new Promise<void>((resolve) => connection?.send('dropped', resolve))
    expect(ticker.statistics.dropped.unread).toBe(1)
    stalled.socket.terminate()
  })
})
