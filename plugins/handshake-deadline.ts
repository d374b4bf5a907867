import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** A refusal for a handshake that nobody is there to answer any more. */
const CLOSING = 'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'

/**
 * Ends handshakes that take too long. Node has no time limit of its own once a request asks for an upgrade: a client that
 * goes away while a hook of the app is waiting for something would hold its socket, and its place, for good.
 *
 * It holds for every handshake of the server. Which of them are for one of our endpoints only the router knows, and
 * until it is asked a hook may already wait.
 */
export class HandshakeDeadline {
  readonly #server: Server
  readonly #pending = new Map<IncomingMessage, { socket: Duplex; timer: NodeJS.Timeout }>()
  #milliseconds = 0

  constructor(server: Server) {
    this.#server = server
    // First, so that the clock runs before any hook does.
    server.prependListener('upgrade', this.#upgrade)
  }

  /** An endpoint gives its handshakes this long. The longest of all counts. */
  allow(milliseconds: number): void {
    this.#milliseconds = Math.max(this.#milliseconds, milliseconds)
  }

  /** The handshake is over: the socket belongs to a connection now. */
  done(request: IncomingMessage): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    clearTimeout(pending.timer)
    this.#pending.delete(request)
  }

  /** Ends all handshakes that are under way. */
  close(): void {
    for (const [request, { socket }] of this.#pending) {
      this.done(request)
      socket.destroy()
    }
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex): void => {
    if (this.#server.listenerCount('upgrade') === 1) {
      // The websocket plugin has left, because the app closes; hooks may yet wait before we are told. A socket that nobody
      // takes keeps the server from closing.
      socket.on('error', () => {})
      socket.end(CLOSING, () => socket.destroy())
      return
    }
    const timer = setTimeout(() => socket.destroy(), this.#milliseconds)
    timer.unref()
    this.#pending.set(request, { socket, timer })
    socket.once('close', () => this.done(request))
  }
}
