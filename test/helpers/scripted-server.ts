import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A server that says whatever the test wants: for what no good server would say. */
export class ScriptedServer {
  readonly #http: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #connections: WebSocket[] = []
  readonly #waiting: ((socket: WebSocket) => void)[] = []
  readonly handshakes: IncomingMessage[] = []
  /** What a handshake is refused with; undefined accepts it. */
  refuseWith: { status: number; headers?: Record<string, string> } | undefined

  private constructor(http: Server) {
    this.#http = http
    http.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.handshakes.push(request)
      if (this.refuseWith !== undefined) {
        const { status, headers = {} } = this.refuseWith
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n${lines.join('')}\r\n`)
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (connection) => {
        const waiter = this.#waiting.shift()
        if (waiter === undefined) this.#connections.push(connection)
        else waiter(connection)
      })
    })
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const http = createServer((_request, response) => response.writeHead(200).end('no WebSocket here'))
    const server = new ScriptedServer(http)
    http.listen(port, '127.0.0.1')
    await once(http, 'listening')
    return server
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
  }

  /** The next client that connects, or has connected already. */
  connection(): Promise<WebSocket> {
    const connection = this.#connections.shift()
    if (connection !== undefined) return Promise.resolve(connection)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    if (!this.#http.listening) return
    this.#http.close()
    await once(this.#http, 'close')
  }
}
