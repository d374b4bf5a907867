import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a network does to what it carries, one way. */
export interface Network {
  readonly delayMillis: number
  /** Added at random. */
  readonly jitterMillis: number
  /** The share of datagrams that are lost. */
  readonly loss: number
  /** The share of datagrams that arrive twice. */
  readonly duplicates: number
}

/** A way to a television over a slow network: what arrives here is relayed late, or not at all. */
export class SlowNetwork {
  readonly #network: Network
  readonly #closings: (() => void)[] = []

  constructor(network: Network) {
    this.#network = network
  }

  /** A port that leads to another one by TCP. */
  async tcp(port: number): Promise<number> {
    const server: Server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1')
      this.#relay(client, upstream)
      this.#relay(upstream, client)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#closings.push(() => server.close())
    return (server.address() as AddressInfo).port
  }

  /** A port that leads to another one by UDP. */
  async udp(port: number): Promise<number> {
    const clients = new Map<number, UdpSocket>()
    const outside = createSocket('udp4')
    outside.on('message', (message, from: RemoteInfo) => {
      let inside = clients.get(from.port)
      if (inside === undefined) {
        inside = createSocket('udp4')
        inside.on('message', (reply) => this.#carry(() => outside.send(reply, from.port, from.address, ignore)))
        clients.set(from.port, inside)
        this.#closings.push(() => inside?.close())
      }
      const socket = inside
      this.#carry(() => socket.send(message, port, '127.0.0.1', ignore))
    })
    outside.bind(0, '127.0.0.1')
    await once(outside, 'listening')
    this.#closings.push(() => outside.close())
    return outside.address().port
  }

  close(): void {
    for (const close of this.#closings.splice(0)) close()
  }

  #relay(from: Socket, to: Socket): void {
    // In order, as TCP delivers.
    let carried = Promise.resolve()
    const late = (act: () => void): void => {
      const due = performance.now() + this.#delay()
      carried = carried.then(() => sleep(Math.max(0, due - performance.now()))).then(act)
    }
    from.on('data', (data) => late(() => void to.write(data)))
    from.on('end', () => late(() => void to.end()))
    from.on('error', () => to.destroy())
    from.on('close', () => late(() => void to.destroy()))
  }

  #carry(deliver: () => void): void {
    const { loss, duplicates } = this.#network
    if (Math.random() < loss) return
    const copies = Math.random() < duplicates ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      setTimeout(() => {
        // The network may have been closed meanwhile.
        if (this.#closings.length > 0) deliver()
      }, this.#delay())
    }
  }

  #delay(): number {
    const { delayMillis, jitterMillis } = this.#network
    return delayMillis + Math.random() * jitterMillis
  }
}

function ignore(): void {}
