import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'

/** One datagram as received. */
export interface ProbeReply {
  readonly bytes: Uint8Array
  /** On this machine's monotonic clock, read first thing on arrival. */
  readonly receivedNanos: bigint
  readonly address: string
  readonly port: number
}

/**
 * Sends any bytes to one address, and passes on every datagram it receives, from any address. The socket is not connected,
 * because the system would drop responses from another address than the requested one.
 */
export class UdpProbe {
  /** The resolved destination. */
  readonly address: string
  readonly port: number
  readonly #socket: Socket

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket
    this.address = address
    this.port = port
  }

  /** @throws Error if the host cannot be resolved or the socket cannot be bound. */
  static async open(host: string, port: number, received: (reply: ProbeReply) => void): Promise<UdpProbe> {
    const { address, family } = await lookup(host)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    socket.on('message', (bytes, remote) => {
      const receivedNanos = process.hrtime.bigint()
      received({ bytes, receivedNanos, address: remote.address, port: remote.port })
    })
    socket.bind(0)
    await once(socket, 'listening')
    // Later errors concern single datagrams, which then count as lost.
    socket.on('error', () => {})
    return new UdpProbe(socket, address, port)
  }

  /**
   * Sends immediately. A datagram that the system rejects counts as lost.
   * @returns the time just before sending, in nanoseconds of this machine's monotonic clock.
   */
  send(bytes: Uint8Array): bigint {
    const sentNanos = process.hrtime.bigint()
    this.#socket.send(bytes, this.port, this.address, () => {})
    return sentNanos
  }

  close(): void {
    this.#socket.close()
  }
}
