import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Pending {
  readonly timer: NodeJS.Timeout
  /** Undefined for a handshake. */
  readonly response: ServerResponse | undefined
  readonly done: () => void
}

/** The requests of one connection: clients may send many without waiting for the answers. */
interface PendingOfSocket {
  readonly requests: Set<IncomingMessage>
  readonly closed: () => void
}

/**
 * Ends requests to our endpoints that take too long. Node has no limit of its own once a client asks for an upgrade, and
 * Fastify turns off the one for request bodies: a client that disappears while a hook of the app is waiting would keep its
 * socket, and its place, for good. Requests to other routes are never seen here.
 */
export class HandshakeDeadline {
  readonly #pending = new Map<IncomingMessage, Pending>()
  readonly #bySocket = new Map<Socket, PendingOfSocket>()

  /**
   * Starts the time of a request.
   * @param response undefined if the request is a handshake.
   * @param timedOut called after the socket has been destroyed.
   */
  start(
    request: IncomingMessage,
    response: ServerResponse | undefined,
    milliseconds: number,
    timedOut: () => void,
  ): void {
    if (this.#pending.has(request)) return
    const done = () => this.done(request)
    const timer = setTimeout(() => {
      done()
      request.socket.destroy()
      timedOut()
    }, milliseconds)
    timer.unref()
    this.#pending.set(request, { timer, response, done })
    response?.once('close', done)
    this.#requestsOf(request.socket).add(request)
  }

  /** The response has been sent, or the handshake is complete: a connection owns the socket now. */
  done(request: IncomingMessage): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    clearTimeout(pending.timer)
    pending.response?.off('close', pending.done)
    this.#pending.delete(request)
    const { socket } = request
    const ofSocket = this.#bySocket.get(socket)
    ofSocket?.requests.delete(request)
    if (ofSocket?.requests.size !== 0) return
    socket.off('close', ofSocket.closed)
    this.#bySocket.delete(socket)
  }

  /** A handshake was refused: nothing else ends its socket when a hook has refused it before the websocket plugin saw it. */
  refused(request: IncomingMessage): void {
    const pending = this.#pending.get(request)
    if (pending === undefined || pending.response !== undefined) return
    request.socket.destroySoon()
  }

  /** Ends all handshakes that are under way. Plain requests are left to {@link AppConnections}. */
  close(): void {
    for (const [request, { response }] of this.#pending) {
      const isHandshake = response === undefined
      if (!isHandshake) continue
      this.done(request)
      request.socket.destroy()
    }
  }

  /** The socket has one listener for all: a response that waits for its turn does not learn that the socket has gone. */
  #requestsOf(socket: Socket): Set<IncomingMessage> {
    const known = this.#bySocket.get(socket)
    if (known !== undefined) return known.requests
    const requests = new Set<IncomingMessage>()
    const closed = () => {
      for (const request of [...requests]) this.done(request)
    }
    this.#bySocket.set(socket, { requests, closed })
    socket.once('close', closed)
    return requests
  }
}
