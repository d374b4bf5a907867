import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'

interface Pending {
  readonly timer: NodeJS.Timeout
  readonly ending: EventEmitter
  readonly done: () => void
}

/**
 * Ends requests to our endpoints that take too long. Node has no limit of its own once a client asks for an upgrade, and
 * Fastify turns off the one for request bodies: a client that disappears while a hook of the app is waiting would keep its
 * socket, and its place, for good. Requests to other routes are never seen here.
 */
export class HandshakeDeadline {
  readonly #pending = new Map<IncomingMessage, Pending>()

  /**
   * Starts the time of a request.
   * @param ending emits 'close' when the request has ended: the response, or the socket if the request is a handshake.
   * @param timedOut called after the socket has been destroyed.
   */
  start(request: IncomingMessage, ending: EventEmitter, milliseconds: number, timedOut: () => void): void {
    if (this.#pending.has(request)) return
    const done = () => this.done(request)
    const timer = setTimeout(() => {
      done()
      request.socket.destroy()
      timedOut()
    }, milliseconds)
    timer.unref()
    this.#pending.set(request, { timer, ending, done })
    ending.once('close', done)
  }

  /** The handshake is complete: a connection owns the socket now. */
  done(request: IncomingMessage): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    clearTimeout(pending.timer)
    pending.ending.off('close', pending.done)
    this.#pending.delete(request)
  }

  /** Ends all handshakes that are under way. Plain requests are left to {@link AppConnections}. */
  close(): void {
    for (const [request, { ending }] of this.#pending) {
      const isHandshake = ending === request.socket
      if (!isHandshake) continue
      this.done(request)
      request.socket.destroy()
    }
  }
}
