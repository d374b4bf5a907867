import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

type TimedOut = (request: IncomingMessage, remoteAddress: string | undefined) => void

interface Pending {
  readonly request: IncomingMessage
  /** Undefined for a handshake. */
  readonly response: ServerResponse | undefined
  readonly dueAt: number
  readonly timedOut: TimedOut
  /** The rest only if it lasts longer than a turn of the event loop. */
  timer: NodeJS.Timeout | undefined
  done: (() => void) | undefined
}

/** The requests of one connection: clients may send many without waiting for the answers. */
interface PendingOfSocket {
  readonly requests: Set<Pending>
  readonly closed: () => void
}

const PENDING: unique symbol = Symbol('pending')

interface MaybePending {
  [PENDING]?: Pending | undefined
}

/**
 * Ends requests to our endpoints that take too long. Node has no limit of its own once a client asks for an upgrade, and
 * Fastify turns off the one for request bodies: a client that disappears while a hook of the app is waiting would keep its
 * socket, and its place, for good. Requests to other routes are never seen here.
 */
export class HandshakeDeadline {
  /** Began in this turn of the event loop. Where no hook waits they are over before it ends, and need neither timer nor listener. */
  #begun: Pending[] = []
  readonly #waiting = new Set<Pending>()
  readonly #bySocket = new Map<Socket, PendingOfSocket>()

  /**
   * Starts the time of a request.
   * @param response undefined if the request is a handshake.
   * @param timedOut called after the socket has been destroyed.
   */
  start(
    request: IncomingMessage & MaybePending,
    response: ServerResponse | undefined,
    milliseconds: number,
    timedOut: TimedOut,
  ): void {
    if (request[PENDING] !== undefined) return
    const dueAt = performance.now() + milliseconds
    const pending: Pending = { request, response, dueAt, timedOut, timer: undefined, done: undefined }
    request[PENDING] = pending
    if (this.#begun.length === 0) setImmediate(() => this.#waitForBegun())
    this.#begun.push(pending)
  }

  #waitForBegun(): void {
    const begun = this.#begun
    this.#begun = []
    for (const pending of begun) {
      if (isPending(pending)) this.#wait(pending)
    }
  }

  #wait(pending: Pending): void {
    const { request, response, dueAt } = pending
    const { socket } = request
    if (socket.destroyed || response?.destroyed || response?.writableFinished) {
      this.#end(pending)
      return
    }
    pending.done = () => this.#end(pending)
    pending.timer = setTimeout(() => {
      this.#end(pending)
      const { remoteAddress } = socket
      socket.destroy()
      pending.timedOut(request, remoteAddress)
    }, dueAt - performance.now())
    pending.timer.unref()
    this.#waiting.add(pending)
    response?.once('close', pending.done)
    this.#requestsOf(socket).add(pending)
  }

  /** The response has been sent, or the handshake is complete: a connection owns the socket now. */
  done(request: IncomingMessage & MaybePending): void {
    const pending = request[PENDING]
    if (pending !== undefined) this.#end(pending)
  }

  #end(pending: Pending): void {
    const { response, timer, done } = pending
    const request: IncomingMessage & MaybePending = pending.request
    request[PENDING] = undefined
    if (timer === undefined || done === undefined) return
    clearTimeout(timer)
    response?.off('close', done)
    this.#waiting.delete(pending)
    const { socket } = request
    const ofSocket = this.#bySocket.get(socket)
    ofSocket?.requests.delete(pending)
    if (ofSocket?.requests.size !== 0) return
    socket.off('close', ofSocket.closed)
    this.#bySocket.delete(socket)
  }

  /** Ends all handshakes that are under way. Plain requests are left to {@link AppConnections}. */
  close(): void {
    for (const pending of [...this.#begun, ...this.#waiting]) {
      const isHandshake = pending.response === undefined
      if (!isHandshake || !isPending(pending)) continue
      this.#end(pending)
      pending.request.socket.destroy()
    }
  }

  /** The socket has one listener for all: a response that waits for its turn does not learn that the socket has gone. */
  #requestsOf(socket: Socket): Set<Pending> {
    const known = this.#bySocket.get(socket)
    if (known !== undefined) return known.requests
    const requests = new Set<Pending>()
    const closed = () => {
      for (const pending of [...requests]) this.#end(pending)
    }
    this.#bySocket.set(socket, { requests, closed })
    socket.once('close', closed)
    return requests
  }
}

function isPending(pending: Pending): boolean {
  const request: IncomingMessage & MaybePending = pending.request
  return request[PENDING] === pending
}
