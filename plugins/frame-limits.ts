import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

type WebSocketServer = FastifyInstance['websocketServer']

/**
 * Bytes of a message for each fragment and each chunk that may carry them. Clients fragment at their own buffers, TCP at 536 bytes or
 * more.
 */
const BYTES_PER_FRAGMENT = 512
const BYTES_PER_CHUNK = 64

/** For small messages: some clients send a header and a payload, or each field, in a write of its own. */
const LEAST_FRAGMENTS = 16
const LEAST_CHUNKS = 256

interface Limits {
  readonly maxPayload: number
  readonly maxFragments: number
  readonly maxBufferedChunks: number
}

const LIMITS = Symbol('limits')

/** What `ws` may hold of a message that is not complete. Each fragment can keep the whole chunk of TCP data alive in which it came. */
export function limitsFor(maxMessageBytes: number): Limits {
  return {
    maxPayload: maxMessageBytes,
    maxFragments: Math.max(LEAST_FRAGMENTS, Math.ceil(maxMessageBytes / BYTES_PER_FRAGMENT)),
    maxBufferedChunks: Math.max(LEAST_CHUNKS, Math.ceil(maxMessageBytes / BYTES_PER_CHUNK)),
  }
}

const limitsOfServers = new WeakMap<WebSocketServer, FrameLimits>()

/**
 * Gives each connection of an endpoint the limits of its endpoint. One WebSocket server serves every route of the app, and may
 * have been set up by the app with options of its own; `ws` reads them once for each connection, between its events `headers`
 * and `connection`, which it emits within one call. In between, the options are those for the request at hand.
 */
export class FrameLimits {
  readonly #server: WebSocketServer
  #replaced: WebSocketServer['options'] | undefined
  /** Options of the server, each with the limits for which it was made: few, and the same for most connections. */
  #combined = new Map<Limits, { from: WebSocketServer['options']; options: WebSocketServer['options'] }>()

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('headers', (_headers, request) => this.#replace(request))
    server.on('connection', () => this.#restore())
  }

  /** The limits of a WebSocket server, one object for each. */
  static of(server: WebSocketServer): FrameLimits {
    let limits = limitsOfServers.get(server)
    if (limits === undefined) {
      limits = new FrameLimits(server)
      limitsOfServers.set(server, limits)
    }
    return limits
  }

  /** Sets the limits for the connection that this request may become. @param limits the same object for all of an endpoint. */
  set(request: IncomingMessage, limits: Limits): void {
    ;(request as { [LIMITS]?: Limits })[LIMITS] = limits
  }

  #replace(request: IncomingMessage): void {
    this.#restore()
    const limits = (request as { [LIMITS]?: Limits })[LIMITS]
    if (limits === undefined) return
    const from = this.#server.options
    let combined = this.#combined.get(limits)
    if (combined?.from !== from) {
      combined = { from, options: { ...from, ...limits } }
      this.#combined.set(limits, combined)
    }
    this.#replaced = from
    this.#server.options = combined.options
    hold(request)
  }

  #restore(): void {
    if (this.#replaced !== undefined) this.#server.options = this.#replaced
    this.#replaced = undefined
  }
}

/**
 * Holds the answer to the handshake back, which `ws` writes now, until the server has taken the connection: with the first message
 * it makes one packet, and one call of the operating system. The next tick comes first if the server never gets the connection.
 */
function hold({ socket }: IncomingMessage): void {
  // An injected request has none.
  if (socket === undefined) return
  socket.cork()
  process.nextTick(uncork, socket)
}

function uncork(socket: Socket): void {
  socket.uncork()
}
