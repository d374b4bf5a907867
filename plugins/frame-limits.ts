import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

type WebSocketServer = FastifyInstance['websocketServer']

/** Bytes of a message for each fragment and each chunk that may carry them. Clients fragment at their own buffers, TCP at 536 bytes or more. */
const BYTES_PER_FRAGMENT = 512
const BYTES_PER_CHUNK = 64

/** For small messages: some clients send a header and a payload, or each field, in a write of its own. */
const LEAST_FRAGMENTS = 16
const LEAST_CHUNKS = 256

/** What `ws` may hold of a message that is not complete. Each fragment can keep the whole chunk of TCP data alive in which it came. */
function limitsFor(maxMessageBytes: number) {
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
  readonly #limits = new WeakMap<IncomingMessage, ReturnType<typeof limitsFor>>()
  #replaced: WebSocketServer['options'] | undefined

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

  /** Sets the limits for the connection that this request may become. */
  set(request: IncomingMessage, maxMessageBytes: number): void {
    this.#limits.set(request, limitsFor(maxMessageBytes))
  }

  #replace(request: IncomingMessage): void {
    this.#restore()
    const limits = this.#limits.get(request)
    if (limits === undefined) return
    this.#replaced = this.#server.options
    this.#server.options = { ...this.#replaced, ...limits }
  }

  #restore(): void {
    if (this.#replaced !== undefined) this.#server.options = this.#replaced
    this.#replaced = undefined
  }
}
