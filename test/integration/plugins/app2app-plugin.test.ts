import { describe, expect, it } from 'vitest'
import {
  type App2AppPluginOptions,
  type App2AppServer,
  app2appPlugin,
  discoveryPlugin,
  metricsPlugin,
} from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { frame, RawWebSocket } from '../../helpers/raw-web-socket.js'
import { until } from '../../helpers/until.js'
import { refusal, WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()

async function relay(options: App2AppPluginOptions = {}) {
  const app = makeApp()
  await app.register(app2appPlugin, { prefix: '/app2app', ...options })
  const url = `${await listen(app)}/app2app`
  return { app, url, local: `${url}/local/`, remote: `${url}/remote/` }
}

async function pair({ local, remote }: { local: string; remote: string }, channel = 'quiz') {
  const clients = { companion: await WsClient.open(remote + channel), television: await WsClient.open(local + channel) }
  expect(await clients.companion.next()).toBe('pairingcompleted')
  expect(await clients.television.next()).toBe('pairingcompleted')
  return clients
}

describe('app2appPlugin', () => {
  it('pairs a companion with the television and relays text and bytes both ways', async () => {
    const { companion, television } = await pair(await relay())
    companion.send('{"question": "ä"}')
    companion.send(Uint8Array.of(0, 1, 255))
    companion.send('')
    expect([await television.next(), await television.next(), await television.next()]).toEqual([
      '{"question": "ä"}',
      '0001ff',
      '',
    ])
    television.send('answer')
    expect(await companion.next()).toBe('answer')
  })

  it('takes a message of 131072 bytes, and closes both clients for a longer one', async () => {
    const { companion, television } = await pair(await relay())
    companion.send('x'.repeat(131_072))
    expect(await television.next()).toHaveLength(131_072)
    companion.send('x'.repeat(131_073))
    expect(await companion.closed).toMatchObject({ code: 1009 })
    expect(await television.closed).toEqual({ code: 1001, reason: 'the other client has disconnected' })
  })

  it('reassembles a fragmented message', async () => {
    const { local, remote } = await relay()
    const television = await WsClient.open(`${local}x`)
    const companion = await RawWebSocket.open(`${remote}x`)
    expect(await television.next()).toBe('pairingcompleted')
    companion.send(frame('text', 'a', false), frame('ping', 'p'), frame('continuation', 'b'))
    expect(await television.next()).toBe('ab')
  })

  it('finds a channel whatever the query and however many slashes are before it', async () => {
    const { local, remote } = await relay()
    const companion = await WsClient.open(`${remote}/a/b%20c?device=1`)
    const television = await WsClient.open(`${local}a/b%20c`)
    expect(await companion.next()).toBe('pairingcompleted')
    expect(await television.next()).toBe('pairingcompleted')
  })

  it('closes the other client with the same code and reason', async () => {
    const { companion, television } = await pair(await relay())
    television.socket.close(4321, 'game over')
    expect(await companion.closed).toEqual({ code: 4321, reason: 'game over' })
  })

  it('closes the other client when one vanishes, or breaks the protocol', async () => {
    const urls = await relay()
    const one = await pair(urls)
    one.companion.socket.terminate()
    expect(await one.television.closed).toMatchObject({ code: 1001 })
    const television = await WsClient.open(`${urls.local}x`)
    const companion = await RawWebSocket.open(`${urls.remote}x`)
    expect(await television.next()).toBe('pairingcompleted')
    companion.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
    expect(await companion.closeCode()).toBe(1002)
    expect(await television.closed).toMatchObject({ code: 1001 })
    expect(urls.app.app2app.statistics.pairs).toBe(0)
  })

  it('sends both away with 1001 when the app closes', async () => {
    const urls = await relay()
    const { companion, television } = await pair(urls)
    await urls.app.close()
    expect((await companion.closed).code).toBe(1001)
    expect((await television.closed).code).toBe(1001)
  })

  it('refuses a handshake without a channel, or on one where too many wait', async () => {
    const { app, remote } = await relay({ maxWaitingPerChannel: 1 })
    expect(await refusal(remote)).toMatchObject({ status: 404, body: { code: 'FST_DVBCSS_ERR_NO_CHANNEL' } })
    expect((await refusal(remote + 'x'.repeat(1001))).status).toBe(404)
    const first = await WsClient.open(`${remote}x`)
    const full = await refusal(`${remote}x`)
    expect(full).toMatchObject({ status: 503, body: { code: 'FST_DVBCSS_ERR_CHANNEL_FULL' } })
    expect(full.headers['retry-after']).toBe('1')
    await first.close()
    await until(() => app.app2app.statistics.waiting.remote === 0)
    await WsClient.open(`${remote}x`)
    const { refused, open } = app.app2app.remote.statistics
    expect(refused).toMatchObject({ 'no-channel': 2, 'channel-full': 1 })
    expect(open).toBe(1)
  })

  it('lets only this machine connect to the local side, unless it is told otherwise', async () => {
    const app = makeApp({ trustProxy: true })
    await app.register(app2appPlugin, { prefix: '/app2app' })
    await app.register(app2appPlugin, { prefix: '/open', decorateAs: 'open', localAllow: ['192.0.2.0/24'] })
    const url = await listen(app)
    const headers = { 'x-forwarded-for': '192.0.2.7' }
    expect(await refusal(`${url}/app2app/local/x`, { headers })).toMatchObject({
      status: 403,
      body: { code: 'FST_DVBCSS_ERR_DENIED' },
    })
    await WsClient.open(`${url}/app2app/remote/x`, { headers })
    await WsClient.open(`${url}/open/local/x`, { headers })
    expect((await refusal(`${url}/open/local/x`)).status).toBe(403)
  })

  it('gives each side its own limits', async () => {
    const { local, remote } = await relay({ maxConnections: 1 })
    await pair({ local, remote })
    expect((await refusal(`${remote}x`)).status).toBe(503)
    expect((await refusal(`${local}x`)).status).toBe(503)
  })

  it('keeps rooms apart that share a route', async () => {
    const { app, url } = await relay({ prefix: '/rooms/:room/app2app' })
    const base = new URL(url).origin.replace('http', 'ws')
    await WsClient.open(`${base}/rooms/kitchen/app2app/remote/x`)
    await WsClient.open(`${base}/rooms/study/app2app/local/x`)
    expect(app.app2app.statistics).toMatchObject({ pairs: 0, waiting: { local: 1, remote: 1 } })
    const television = await WsClient.open(`${base}/rooms/kitchen/app2app/local/x`)
    expect(await television.next()).toBe('pairingcompleted')
  })

  it('answers a plain request with 426, and one without a channel with 404', async () => {
    const { app } = await relay()
    expect((await app.inject('/app2app/remote/x')).statusCode).toBe(426)
    expect((await app.inject('/app2app/remote')).statusCode).toBe(404)
    expect((await app.inject('/app2app/elsewhere/x')).statusCode).toBe(404)
  })

  it('calls the hooks of the app with the client and its channel', async () => {
    const seen: string[] = []
    const urls = await relay({
      hooks: {
        onConnect: (_connection, { side, channel, peer }) => {
          seen.push(`${side} ${channel} ${peer === undefined ? 'waits' : 'paired'}`)
        },
        onDisconnect: (_connection, { side }) => {
          seen.push(`${side} gone`)
        },
      },
    })
    const { companion, television } = await pair(urls)
    await companion.close()
    await television.closed
    await until(() => seen.length === 4)
    expect(seen).toEqual(['remote quiz waits', 'local quiz paired', 'remote gone', 'local gone'])
  })

  it('refuses options that it does not know or that cannot be', async () => {
    await expect(relay({ maxMessageByte: 1 } as never)).rejects.toThrow('unknown option "maxMessageByte"')
    await expect(relay({ handler: class {} } as never)).rejects.toThrow('unknown option "handler"')
    await expect(relay({ maxMessageBytes: 1 })).rejects.toThrow('"maxMessageBytes" must be')
  })
})

describe('a client of App2App that does not read', () => {
  const MESSAGES = 400
  const message = (index: number) => `${index} ${'x'.repeat(60_000)}`

  /** Sends as much as the relay takes, until it has taken nothing for a while. @returns how many messages that were. */
  async function fill(sender: WsClient, taken: () => number): Promise<number> {
    let [sent, before, unchanged] = [0, -1, 0]
    while (sent < MESSAGES && unchanged < 20) {
      if (sender.socket.bufferedAmount < 200_000) sender.send(message(sent++))
      unchanged = taken() === before && sender.socket.bufferedAmount >= 200_000 ? unchanged + 1 : 0
      before = taken()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return sent
  }

  /** Whether more waits for every client than may, so that none is read. */
  function areFull({ local, remote }: App2AppServer): boolean {
    const connections = [...local.connections.keys(), ...remote.connections.keys()]
    return connections.every(({ bufferedAmount }) => bufferedAmount > 65_536)
  }

  it('makes its peer wait, costs a bounded amount of memory, and misses nothing', async () => {
    const { app, local, remote } = await relay({ sendTimeoutSeconds: 60 })
    const reader = await WsClient.open(`${local}x`)
    const sender = await WsClient.open(`${remote}x`)
    expect(await reader.next()).toBe('pairingcompleted')
    reader.socket.pause()
    const { local: side, remote: other, statistics } = app.app2app
    let sent = await fill(sender, () => other.statistics.messagesIn)
    expect(sent).toBeLessThan(MESSAGES)
    expect(statistics.pauses).toBeGreaterThan(0)
    const [connection] = side.connections.keys()
    expect(connection?.bufferedAmount).toBeLessThan(65_536 * 2 + 131_072)
    // The other direction goes on.
    reader.send('I am busy')
    expect(await sender.next()).toBe('pairingcompleted')
    expect(await sender.next()).toBe('I am busy')
    reader.socket.resume()
    while (sent < MESSAGES) sender.send(message(sent++))
    sender.socket.close(1000, 'done')
    for (let index = 0; index < MESSAGES; index++) {
      const received = await reader.next()
      if (received !== message(index)) expect(received.slice(0, 20)).toBe(message(index).slice(0, 20))
    }
    expect(await reader.closed).toEqual({ code: 1000, reason: 'done' })
    expect(side.statistics.dropped).toEqual(expect.objectContaining({ unread: 0, unpaired: 0 }))
  })

  it('is not read either when its peer does not read, without blocking it once that reads again', async () => {
    const { app, local, remote } = await relay({ sendTimeoutSeconds: 60, heartbeatIntervalSeconds: 0.1 })
    const clients = [await RawWebSocket.open(`${local}x`), await RawWebSocket.open(`${remote}x`)]
    for (const { socket } of clients) socket.pause()
    const chunk = Buffer.concat(Array(50).fill(frame('binary', new Uint8Array(10_000))))
    const { statistics } = app.app2app
    await Promise.all(clients.map((client) => client.flood(chunk, () => areFull(app.app2app))))
    expect(areFull(app.app2app)).toBe(true)
    // A client that is paused is not taken for dead, though its pongs are not read.
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(statistics.pairs).toBe(1)
    for (const { socket } of clients) socket.resume()
    const { messagesOut } = app.app2app.local.statistics
    await until(() => app.app2app.local.statistics.messagesOut > messagesOut)
    for (const { socket } of clients) socket.destroy()
  })

  it('does not hold up app.close()', async () => {
    const { app, local, remote } = await relay({ sendTimeoutSeconds: 60 })
    const clients = [await RawWebSocket.open(`${local}x`), await RawWebSocket.open(`${remote}x`)]
    for (const { socket } of clients) socket.pause()
    const chunk = Buffer.concat(Array(50).fill(frame('binary', new Uint8Array(10_000))))
    const { statistics } = app.app2app
    await Promise.all(clients.map((client) => client.flood(chunk, () => areFull(app.app2app))))
    await app.close()
    expect(statistics).toMatchObject({ pairs: 0, waiting: { local: 0, remote: 0 } })
    for (const { socket } of clients) socket.destroy()
  })

  it('is disconnected after sendTimeoutSeconds, and its peer with it', async () => {
    const { app, local, remote } = await relay({ sendTimeoutSeconds: 0.2 })
    const reader = await RawWebSocket.open(`${local}x`)
    const sender = await WsClient.open(`${remote}x`)
    reader.socket.pause()
    await fill(sender, () => app.app2app.remote.statistics.messagesIn)
    expect((await sender.closed).code).toBe(1001)
    expect(app.app2app.local.statistics.timedOut.send).toBe(1)
    reader.socket.destroy()
  })

  it('costs little more where its peer sends short messages', async () => {
    const { app, local, remote } = await relay({ sendTimeoutSeconds: 60 })
    const reader = await RawWebSocket.open(`${local}x`)
    reader.socket.pause()
    const sender = await RawWebSocket.open(`${remote}x`)
    const chunk = Buffer.concat(Array(2000).fill(frame('text', 'x'.repeat(40))))
    await sender.flood(chunk, () => app.app2app.statistics.pauses > 0)
    const [connection] = app.app2app.local.connections.keys()
    // What counts is what the messages cost, and 64 KiB that had been read already.
    expect(connection?.bufferedAmount).toBeLessThan(2 * 65_536)
    sender.socket.destroy()
    reader.socket.destroy()
  })
})

describe('App2App beside the other plugins', () => {
  it('is announced to companions by discovery, at the address where they ask', async () => {
    const app = makeApp()
    await app.register(app2appPlugin, { prefix: '/app2app' })
    await app.register(discoveryPlugin, { ssdp: false })
    const { host } = new URL(await listen(app))
    const application = await (await fetch(`http://${host}/apps/HbbTV`)).text()
    expect(application).toContain(`App2AppURL>ws://${host}/app2app/remote/</`)
  })

  it('is in the metrics', async () => {
    const app = makeApp()
    await app.register(app2appPlugin, { prefix: '/app2app' })
    await app.register(metricsPlugin)
    const url = `${await listen(app)}/app2app`
    await pair({ local: `${url}/local/`, remote: `${url}/remote/` })
    const waiting = await WsClient.open(`${url}/remote/x`)
    waiting.send('too early')
    await waiting.roundTrip()
    const { body } = await app.inject('/metrics')
    for (const line of [
      'dvbcss_app2app_pairs{relay="/app2app"} 1',
      'dvbcss_app2app_waiting{relay="/app2app",side="remote"} 1',
      'dvbcss_app2app_paired_total{relay="/app2app"} 1',
      'dvbcss_app2app_pauses_total{relay="/app2app"} 0',
      'dvbcss_connections{endpoint="/app2app/remote"} 2',
      'dvbcss_messages_dropped_total{endpoint="/app2app/remote",reason="unpaired"} 1',
    ])
      expect(body).toContain(line)
  })
})
