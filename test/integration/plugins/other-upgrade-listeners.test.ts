import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { ciiPlugin } from '../../../plugins/index.js'
import { closeAppsAfterEach, listen, makeApp } from '../../helpers/app.js'
import { LogLines } from '../../helpers/log-lines.js'
import { handshake, RawClient } from '../../helpers/raw-client.js'
import { shorten } from '../../helpers/shorten.js'
import { until } from '../../helpers/until.js'
import { WsClient } from '../../helpers/ws-client.js'

closeAppsAfterEach()
shorten({ closeReportAfterSeconds: 0.3, unroutedUpgradeTimeoutSeconds: 0.5 })

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
    await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.1 })
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

/** A WebSocket server of the app, beside Fastify. */
function addOwnServer(app: FastifyInstance): void {
  const own = new WebSocketServer({ noServer: true })
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.url !== '/own') return
    own.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (message) => webSocket.send(`own ${message}`))
    })
  })
}

describe('a WebSocket server of the app with an upgrade listener', () => {
  it.each(['before the endpoint', 'after the endpoint', 'after listen'])(
    'keeps its sockets when added %s',
    async (when) => {
      const log = new LogLines()
      const app = makeApp({ logger: { level: 'warn', stream: log } })
      if (when === 'before the endpoint') addOwnServer(app)
      await app.register(ciiPlugin, { prefix: '/cii', handshakeTimeoutSeconds: 0.1 })
      if (when === 'after the endpoint') addOwnServer(app)
      const url = await listen(app)
      if (when === 'after listen') {
        addOwnServer(app)
        await Promise.resolve()
      }
      const client = await WsClient.open(`${url}/own`)
      // Longer than the endpoint gives its own handshakes.
      await new Promise((resolve) => setTimeout(resolve, 200))
      client.send('hello')
      expect(await client.next()).toBe('own hello')
      const companion = await WsClient.open(`${url}/cii`)
      expect(JSON.parse(await companion.next())).toEqual({ protocolVersion: '1.1' })
      expect(log.lines).toEqual([])
      client.socket.terminate()
    },
  )

  it('keeps its sockets while the app closes, and the log names them', async () => {
    const log = new LogLines()
    const app = makeApp({ logger: { level: 'warn', stream: log } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    addOwnServer(app)
    const client = await WsClient.open(`${await listen(app)}/own`)
    const closed = app.close()
    const line = await log.message('app.close() is waiting for connections of other plugins')
    expect(line).toMatchObject({ upgradedSockets: 1, connections: [{ kind: 'upgraded socket', path: '/own' }] })
    client.send('hello')
    expect(await client.next()).toBe('own hello')
    client.socket.close()
    await closed
  })

  it.each([
    ['/own', '/nowhere', '404 Not Found'],
    ['/own/%ff', '/nowhere/%ff', '400 Bad Request'],
    ['/own?throw', '/nowhere?throw', '500 Internal Server Error'],
  ])(
    'keeps the sockets that it takes later, and nobody gets an answer before: %s',
    async (ownPath, nobodysPath, answer) => {
      const rewriteUrl = ({ url = '' }) => {
        if (url.endsWith('?throw')) throw new Error('on purpose')
        return url
      }
      const app = makeApp({ rewriteUrl })
      await app.register(ciiPlugin, { prefix: '/cii' })
      const own = new WebSocketServer({ noServer: true })
      app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
        if (request.url !== ownPath) return
        setTimeout(() => {
          own.handleUpgrade(request, socket, head, (webSocket) => {
            webSocket.on('message', (message) => webSocket.send(`own ${message}`))
          })
        }, 100)
      })
      const url = await listen(app)
      const client = await WsClient.open(`${url}${ownPath}`)
      const nobodys = new RawClient(url, handshake(nobodysPath))
      await nobodys.closed
      expect(nobodys.received).toContain(answer)
      client.send('hello')
      expect(await client.next()).toBe('own hello')
      client.socket.terminate()
    },
  )

  it('keeps a refusal that it has sent itself', async () => {
    const app = makeApp()
    app.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      if (request.url === '/own') socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')
    })
    await app.register(ciiPlugin, { prefix: '/cii' })
    const client = new RawClient(await listen(app), handshake('/own'))
    await client.closed
    expect(client.received).toBe('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')
  })
})

describe('a handshake that is pipelined behind a request without an answer', () => {
  it('does not end the process when its client resets the connection, and does not fill the log', async () => {
    const log = new LogLines()
    const app = makeApp({ logger: { level: 'warn', stream: log } })
    await app.register(ciiPlugin, { prefix: '/cii' })
    app.get('/slow', () => new Promise(() => {}))
    let upgrades = 0
    const sockets: Socket[] = []
    app.server.on('upgrade', (_request, socket: Socket) => {
      upgrades += 1
      sockets.push(socket)
    })
    const url = await listen(app)
    const pipelined = `GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${handshake('/cii')}`
    const clients = Array.from({ length: 60 }, () => new RawClient(url, pipelined))
    await until(() => upgrades === 60)
    // Without a listener the 'error' of a reset is thrown out of the process.
    expect(sockets.map((socket) => socket.listenerCount('error') > 0)).not.toContain(false)
    for (const client of clients) client.socket.resetAndDestroy()
    await until(() => sockets.every((socket) => socket.destroyed))
    expect(log.lines).toEqual([])
  })
})
