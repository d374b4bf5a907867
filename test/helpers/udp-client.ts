import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

export interface UdpClientOptions {
  /** Address to send from; its family is the socket's. Default `127.0.0.1`. */
  readonly host?: string
  /** How long `next` waits before it rejects. Default 10 s. */
  readonly timeoutMillis?: number
}

/** Sends raw bytes to one place, and queues what comes back, so that nothing is missed between two calls. */
export class UdpClient {
  readonly #socket: Socket
  readonly #received: Uint8Array[] = []
  readonly #waiting: ((message: Uint8Array) => void)[] = []
  readonly #timeoutMillis: number
  #target: { address: string; port: number }

  private constructor(socket: Socket, target: { address: string; port: number }, timeoutMillis: number) {
    this.#socket = socket
    this.#target = target
    this.#timeoutMillis = timeoutMillis
    socket.on('message', (message) => {
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#received.push(message)
      else waiter(message)
    })
  }

  static async open(target: { address: string; port: number }, options: UdpClientOptions = {}): Promise<UdpClient> {
    const { host = '127.0.0.1', timeoutMillis = 10_000 } = options
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.bind(0, host)
    await once(socket, 'listening')
    return new UdpClient(socket, target, timeoutMillis)
  }

  /** The port that this sends from. */
  get port(): number {
    return this.#socket.address().port
  }

  /** What has been received and not yet taken with `next`. */
  get queued(): number {
    return this.#received.length
  }

  /** Resolves once the system has the message; on a loopback interface that is once the receiver's system has it too. */
  send(message: Uint8Array, target: { address: string; port: number } = this.#target): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(message, target.port, target.address, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** The oldest message that was not yet taken, or the next to come. */
  next(): Promise<Uint8Array> {
    const message = this.#received.shift()
    if (message !== undefined) return Promise.resolve(message)
    return new Promise((resolve, reject) => {
      const waiter = (received: Uint8Array): void => {
        clearTimeout(timer)
        resolve(received)
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(new Error(`no UDP message within ${this.#timeoutMillis} ms`))
      }, this.#timeoutMillis)
      this.#waiting.push(waiter)
    })
  }

  async request(message: Uint8Array): Promise<Uint8Array> {
    await this.send(message)
    return this.next()
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
