import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'

/** One datagram, as it came. */
export interface ProbeReply {
  readonly bytes: Uint8Array
  /** On this machine's monotonic clock, read before anything else was done. */
  readonly receivedNanos: bigint
  readonly address: string
  readonly port: number
}

/**
 * Sends any bytes to one place, and hands over whatever comes back, from wherever it comes. The socket is not connected:
 * an answer from another address than the one that was asked must be seen, not dropped by the system.
 */
export class UdpProbe {
  /** Where the datagrams go, looked up. */
  readonly address: string
  readonly port: number
  readonly #socket: Socket

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket
    this.address = address
    this.port = port
  }

  /** @throws Error when the host is not found, or no socket can be had. */
  static async open(host: string, port: number, replied: (reply: ProbeReply) => void): Promise<UdpProbe> {
    const { address, family } = await lookup(host)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    socket.on('message', (bytes, remote) => {
      const receivedNanos = process.hrtime.bigint()
      replied({ bytes, receivedNanos, address: remote.address, port: remote.port })
    })
    socket.bind(0)
    await once(socket, 'listening')
    // What a socket reports later is a datagram that was lost, and is seen as one.
    socket.on('error', () => {})
    return new UdpProbe(socket, address, port)
  }

  /**
   * Sends at once; a datagram that the system will not take is lost, like any other.
   * @returns the time just before it was handed over, in nanoseconds of this machine's monotonic clock.
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
