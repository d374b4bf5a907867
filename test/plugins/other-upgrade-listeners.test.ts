import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { ciiPlugin } from '../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../helpers/app.js'
import { LogLines } from '../helpers/log-lines.js'
import { WsClient } from '../helpers/ws-client.js'

closeAppsAfterEach()

/** Takes upgrades under a path as @fastify/http-proxy does: with a response that it assigns to the socket first. */
function addProxy(app: FastifyInstance): void {
  const proxy = new WebSocketServer({ noServer: true })
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!request.url?.startsWith('/proxied')) return
    new ServerResponse(request).assignSocket(socket)
    proxy.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (message) => webSocket.send(`proxied ${message}`))
    })
  })
  app.addHook('onClose', async () => proxy.close())
}

describe('a WebSocket proxy in the same app', () => {
  it.each(['before', 'after'])('keeps its sockets when it is registered %s the endpoint', async (when) => {
    const log = new LogLines()
    const app = makeApp({ logger: { level: 'warn', stream: log } })
    if (when === 'before') addProxy(app)
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeout: 100 })
    if (when === 'after') addProxy(app)
    const url = await listen(app)
    const proxied = await WsClient.open(`${url}/proxied/a`)
    // Longer than the endpoint gives its own handshakes.
    await new Promise((resolve) => setTimeout(resolve, 200))
    proxied.send('hello')
    expect(await proxied.next()).toBe('proxied hello')
    const companion = await WsClient.open(`${url}/cii`)
    expect(JSON.parse(await companion.next())).toEqual({ protocolVersion: '1.1' })
    expect(log.lines).toEqual([])
    proxied.socket.terminate()
  })
})
