import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { SystemClock } from '../../../../src/clocks/index.js'
import { WallClockClient, WebSocketWallClockTransport } from '../../../../src/companion/node/index.js'
import { decodeWallClockJson, encodeWallClockJson } from '../../../../src/messages/index.js'
import { WallClockHandler } from '../../../../src/server/wall-clock/wall-clock-handler.js'

const servers: WebSocketServer[] = []
const clients: WallClockClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.stop()
  for (const server of servers.splice(0)) closeServer(server)
})

function closeServer(server: WebSocketServer): void {
  for (const socket of server.clients) socket.terminate()
  server.close()
}

type Answer = (socket: WebSocket, data: Buffer, isBinary: boolean) => void

async function serve(answer: Answer = honest, port = 0): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port })
  servers.push(server)
  server.on('connection', (socket) => {
    socket.on('message', (data: RawData, isBinary) => answer(socket, data as Buffer, isBinary))
  })
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const clock = new SystemClock()
const handler = new WallClockHandler(clock)
const honest: Answer = (socket, data, isBinary) => {
  if (isBinary) {
    socket.send(handler.handle(data))
    return
  }
  const receiveNanos = BigInt(Math.floor(clock.nanos()))
  const { precisionSeconds, maxFreqErrorPpm } = { precisionSeconds: 1e-6, maxFreqErrorPpm: 50 }
  const request = decodeWallClockJson(JSON.parse(data.toString()))
  const transmitNanos = BigInt(Math.floor(clock.nanos()))
  const response = { ...request, type: 1 as const, precisionSeconds, maxFreqErrorPpm, receiveNanos, transmitNanos }
  socket.send(encodeWallClockJson(response))
}

function start(url: string, encoding: 'binary' | 'json'): WallClockClient {
  const transport = new WebSocketWallClockTransport(url, { encoding, backoff: { initialSeconds: 0.01 } })
  const client = new WallClockClient({ transport, maxDispersionSeconds: 60 })
  clients.push(client)
  client.start()
  return client
}

function checkError({ clock }: WallClockClient): void {
  const parentTicks = clock.parent.now()
  const ticks = clock.fromParent(parentTicks)
  expect(Math.abs(ticks - parentTicks) / 1e9).toBeLessThanOrEqual(clock.dispersionAt(ticks))
}

for (const encoding of ['binary', 'json'] as const) {
  describe(`the wall clock over a WebSocket, as ${encoding}`, () => {
    it('is right within its bound', async () => {
      const { url } = await serve()
      const client = start(url, encoding)
      for (let i = 0; i < 20; i++) {
        await client.next('candidate')
        checkError(client)
      }
      expect(client.status()).toMatchObject({ available: true, protocolErrors: 0 })
    })

    it('keeps an honest bound while the server is away, and comes back to it', async () => {
      const { server, url } = await serve()
      const client = start(url, encoding)
      await client.next('available')
      const disconnected = client.next('disconnected')
      closeServer(server)
      await disconnected
      await client.next('disconnected')
      expect(client.clock.available).toBe(true)
      checkError(client)
      await serve(honest, Number(new URL(url).port))
      await client.next('candidate')
      expect(client.status()).toMatchObject({ available: true, connected: true, protocolErrors: 0 })
    })

    it('reports a message that is too long, and connects again', async () => {
      let isFirst = true
      const { url } = await serve((socket, data, isBinary) => {
        if (!isFirst) return honest(socket, data, isBinary)
        isFirst = false
        socket.send('x'.repeat(100 * 1024 * 1024))
      })
      const client = start(url, encoding)
      expect(await client.next('protocolError')).toMatchObject({ reason: 'message-too-long' })
      await client.next('available')
      checkError(client)
    })

    it('reports and survives invalid answers', async () => {
      let count = 0
      const { url } = await serve((socket, data, isBinary) => {
        count += 1
        if (count === 1) socket.send('hello')
        else if (count === 2) socket.send(Buffer.alloc(5))
        else honest(socket, data, isBinary)
      })
      const client = start(url, encoding)
      expect(await client.next('protocolError')).toMatchObject({ reason: 'not-json' })
      expect(await client.next('protocolError')).toMatchObject({ reason: 'wrong-length' })
      await client.next('available')
    })
  })
}
