import { connect, type Socket } from 'node:net'

/** A TCP client that writes what it is given, and then does nothing by itself. */
export class RawClient {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  received = ''

  constructor(url: string, text: string) {
    const { hostname, port } = new URL(url)
    this.socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    this.socket.on('data', (data) => {
      this.received += data.toString('latin1')
    })
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', resolve)
    })
    if (text !== '') this.socket.write(text)
  }
}

/** A WebSocket handshake as bytes. */
export function handshake(target: string, headers = ''): string {
  return (
    `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`
  )
}
