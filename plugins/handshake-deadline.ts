import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Ends handshakes that take too long. Node has no time limit of its own once a request asks for an upgrade: a client that
 * goes away while a hook of the app is waiting for something would hold its socket, and its place, for good.
 */
export class HandshakeDeadline {
  readonly #server: Server
  readonly #routes: { path: RegExp; milliseconds: number }[] = []
  readonly #pending = new Map<IncomingMessage, { socket: Duplex; timer: NodeJS.Timeout }>()

  constructor(server: Server) {
    this.#server = server
    // First, so that the clock runs before any hook does.
    server.prependListener('upgrade', this.#upgrade)
  }

  /** Watches the handshakes for a route; a parameter in it stands for any one segment. */
  watch(route: string, milliseconds: number): void {
    const pattern = route
      .split('/')
      .map((segment) => (/[:*]/.test(segment) ? '[^/]*' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/')
    this.#routes.push({ path: new RegExp(`^${pattern}/?$`, 'i'), milliseconds })
  }

  /** The handshake is over: the socket belongs to the connection now. */
  done(request: IncomingMessage): void {
    const pending = this.#pending.get(request)
    if (pending === undefined) return
    clearTimeout(pending.timer)
    this.#pending.delete(request)
  }

  /** Ends all handshakes that are under way, and listens no more. */
  close(): void {
    this.#server.removeListener('upgrade', this.#upgrade)
    for (const [request, { socket }] of this.#pending) {
      this.done(request)
      socket.destroy()
    }
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex): void => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const route = this.#routes.find((candidate) => candidate.path.test(path))
    if (route === undefined) return
    const timer = setTimeout(() => socket.destroy(), route.milliseconds)
    timer.unref()
    this.#pending.set(request, { socket, timer })
    socket.once('close', () => this.done(request))
  }
}
