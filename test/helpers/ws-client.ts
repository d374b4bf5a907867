import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'

/** What a refused handshake was answered with. */
export interface Refusal {
  status: number
  headers: IncomingMessage['headers']
  body: Record<string, unknown>
}

/** A WebSocket client that queues what it receives, so that no message is missed between two awaits. */
export class WsClient {
  readonly socket: WebSocket
  readonly #queue: string[] = []
  readonly #waiting: ((message: string) => void)[] = []
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>

  constructor(url: string, options: WebSocket.ClientOptions = {}) {
    this.socket = new WebSocket(url, options)
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      const message = isBinary ? data.toString('hex') : data.toString()
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#queue.push(message)
      else waiter(message)
    })
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
  }

  static async open(url: string, options: WebSocket.ClientOptions = {}): Promise<WsClient> {
    const client = new WsClient(url, options)
    await Promise.race([
      once(client.socket, 'open'),
      client.refused().then(({ status }) => {
        throw new Error(`expected a connection to ${url}, received status ${status}`)
      }),
    ])
    return client
  }

  /** The next message, from the queue or as it comes. */
  next(): Promise<string> {
    const message = this.#queue.shift()
    if (message !== undefined) return Promise.resolve(message)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  async nextJson(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.next())
  }

  /** Messages that came and that nobody has asked for yet. */
  get queued(): number {
    return this.#queue.length
  }

  send(message: string | Uint8Array | object): void {
    this.socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message))
  }

  /** Resolves once the server has read all that was sent: it answers a ping after the messages before it. */
  async roundTrip(): Promise<void> {
    const pong = once(this.socket, 'pong')
    this.socket.ping()
    await pong
  }

  async refused(): Promise<Refusal> {
    const [, response] = (await once(this.socket, 'unexpected-response')) as [unknown, IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    return { status: response.statusCode ?? 0, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}

/** The refusal that a handshake gets. */
export async function refusal(url: string, options: WebSocket.ClientOptions = {}): Promise<Refusal> {
  return new WsClient(url, options).refused()
}
