import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const END_OF_HEAD = '\r\n\r\n'

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A masked frame, with a mask of zeros. */
export function frame(opcode: keyof typeof OPCODES, payload: string | Uint8Array = '', fin = true): Buffer {
  const data = Buffer.from(payload as string)
  const length = data.length < 126 ? [data.length] : [126, data.length >> 8, data.length & 255]
  length[0] = (length[0] ?? 0) | 0x80
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | OPCODES[opcode], ...length, 0, 0, 0, 0]), data])
}

/** A client that sends whatever bytes it is given after its handshake, and answers nothing. It reads unless it is paused. */
export class RawWebSocket {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  #received: Buffer = Buffer.alloc(0)

  private constructor(url: string) {
    const { hostname, port, pathname } = new URL(url)
    this.socket = connect(Number(port), hostname)
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', resolve)
    })
    this.socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
  }

  static async open(url: string): Promise<RawWebSocket> {
    const client = new RawWebSocket(url)
    client.socket.on('data', (data: Buffer) => {
      client.#received = Buffer.concat([client.#received, data])
    })
    while (!client.#received.includes(END_OF_HEAD)) {
      const isOpen = await Promise.race([once(client.socket, 'data').then(() => true), client.closed.then(() => false)])
      if (!isOpen) throw new Error(`${url} closed the connection during the handshake`)
    }
    client.#received = client.#received.subarray(client.#received.indexOf(END_OF_HEAD) + END_OF_HEAD.length)
    return client
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** Sends a chunk over and over, as fast as it is taken, until the connection ends or the test says so; for 10 s at most. */
  async flood(chunk: Buffer, until: () => boolean = () => false): Promise<void> {
    const end = performance.now() + 10_000
    while (!this.socket.destroyed && !until() && performance.now() < end) {
      if (this.socket.writableLength < 1 << 20) this.socket.write(chunk)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** The status code of the close frame with which the server ended the connection; undefined if it sent none. */
  async closeCode(): Promise<number | undefined> {
    await this.closed
    const bytes = this.#received
    for (let at = 0; at + 2 <= bytes.length; ) {
      const [first = 0, second = 0] = bytes.subarray(at)
      const header = second === 127 ? 10 : second === 126 ? 4 : 2
      const length =
        second === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : second === 126 ? bytes.readUInt16BE(at + 2) : second
      if ((first & 15) === OPCODES.close) return bytes.readUInt16BE(at + header)
      at += header + length
    }
    return undefined
  }
}
