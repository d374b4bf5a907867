import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { wallClockWebSocketPlugin } from '../../../../plugins/index.js'
import { WallClockClient } from '../../../../src/companion/node/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../../helpers/app.js'
import { until } from '../../../helpers/until.js'

closeAppsAfterEach()
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

function clientOf(transport: string): WallClockClient {
  const client = new WallClockClient({ transport, requestIntervalSeconds: 0.05, responseTimeoutSeconds: 0.05 })
  ends.push(() => client.stop())
  client.start()
  return client
}

/** A server that answers as the test says. */
async function server(answer: (data: Buffer, isBinary: boolean) => string | Uint8Array | undefined) {
  const webSockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  ends.push(() => webSockets.close())
  const received: boolean[] = []
  webSockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      received.push(isBinary)
      const said = answer(data, isBinary)
      if (said !== undefined) socket.send(said)
    })
  })
  await new Promise((resolve) => webSockets.once('listening', resolve))
  const { port } = webSockets.address() as { port: number }
  return { url: `ws://127.0.0.1:${port}/wc`, received }
}

const now = () => performance.now() * 1e6

describe('a wall clock client over a WebSocket without an encoding', () => {
  it('sends the 32-byte format, and keeps it once it is answered', async () => {
    const app = makeApp()
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
    const client = clientOf(`${await listen(app)}/wc`)
    await until(() => client.clock.available)
    const { dropped } = app.wallClockWebSocket.statistics
    expect(dropped).toMatchObject({ invalid: 0, 'not-json': 0 })
    expect(client.status().protocolErrors).toBe(0)
  })

  it('switches to JSON without an answer to the 32-byte format, in a form that both JSON formats accept', async () => {
    const { url, received } = await server((data, isBinary) => {
      if (isBinary) return undefined
      const { id, p, mfe } = JSON.parse(data.toString())
      return JSON.stringify({ v: 0, t: 1, p, mfe, id, rt: now(), tt: now() })
    })
    const client = clientOf(url)
    await until(() => client.clock.available)
    expect(received.slice(0, 5)).toEqual([true, true, true, true, false])
    expect(received.slice(5)).not.toContain(true)
  })

  it('switches to JSON if the answer to the 32-byte format is an error message', async () => {
    const { url } = await server((data, isBinary) => {
      if (isBinary) return 'Unexpected token in JSON'
      const { otvs, otvn } = JSON.parse(data.toString())
      return JSON.stringify({ v: 0, t: 1, p: 0.001, mfe: 500, otvs, otvn, rt: now() / 1e9, tt: now() / 1e9 })
    })
    const client = clientOf(url)
    await until(() => client.clock.available)
    expect(client.status().protocolErrors).toBeGreaterThan(0)
  })

  it('returns to the 32-byte format if JSON is not answered either', async () => {
    const { url, received } = await server(() => undefined)
    clientOf(url)
    await until(() => received.length >= 10)
    expect(received.slice(0, 10)).toEqual([true, true, true, true, false, false, false, false, true, true])
  })
})
