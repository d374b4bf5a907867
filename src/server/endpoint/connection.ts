import type { ConnectionStatistics } from './connection-statistics.js'
import type { TimeoutReason } from './endpoint-statistics.js'
import type { Logger } from './logger.js'

/** Where a client reached this server. */
export interface Authority {
  /** Whether the client connected over TLS, so that its URLs begin with `wss:`. */
  readonly secure: boolean
  /**
   * A name, an IPv4 address, or an IPv6 address in brackets, as in a URL. Null if there is none: the client connected to a link-local
   * IPv6 address, and the app listens on no other address of that interface.
   */
  readonly host: string | null
  /**
   * The TCP port that the client connected to, or the one that `publicUrl` or a trusted proxy states; without one there, 443 if `secure`,
   * otherwise 80.
   */
  readonly port: number
  /** The path prefix that a proxy strips from request paths: `/css`, without a trailing slash. Default: none. */
  readonly prefix?: string
  /** The address of this machine that the client connected to. Undefined behind a proxy, which has an address of its own. */
  readonly localAddress?: string
}

/** The minimum that an adapter knows about the request that became a connection. */
export interface HandshakeRequest {
  /** The request target: path and query, for example `/cii?device=1`. Empty for a connection over a message port. */
  readonly url: string
  /** The HTTP headers of the request, with names in lower case. A repeated header may be an array. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The types of request that become connections. Adapters add theirs by declaration merging, as the Fastify plugins do. */
// biome-ignore lint/suspicious/noEmptyInterface: others extend it.
export interface HandshakeRequests {}

/**
 * The HTTP request that became a connection. Under Fastify it is the `FastifyRequest`, with everything that the app's hooks have added
 * to it. A connection over a message port has none: `url` is then empty, and only `headers` exists besides.
 */
export type Handshake = keyof HandshakeRequests extends never
  ? HandshakeRequest
  : HandshakeRequests[keyof HandshakeRequests]

/** One client, as the protocols see it. */
export interface Connection {
  /** Readable and unique in the process: `cii-1`. */
  readonly id: string
  /** The client's IP address; behind a proxy that the app trusts, the address that the proxy names. */
  readonly remoteAddress: string
  /** The address at which the client reached this server: the values of `{{scheme}}`, `{{host}}`, `{{port}}` and `{{prefix}}`. */
  readonly localAuthority: Authority
  /** The request that became this connection, for example with the user that the app has authenticated. */
  readonly handshake: Handshake
  /** Bytes buffered in the process for this client, without those in the buffers of the operating system. */
  readonly bufferedAmount: number
  /** A snapshot of what is known of this connection, also after its end. */
  readonly statistics: ConnectionStatistics
  /** A child of the endpoint's logger with the connection's id. */
  readonly log: Logger
  /**
   * Sends a string as a text frame, bytes as a binary frame. Has no effect on a closed connection. If more than the endpoint's
   * `maxBufferedBytes` are already buffered, the message is dropped and the connection closed with 1008.
   * @param onFlushed called once, when the operating system has the message or the connection has failed.
   */
  send(data: string | Uint8Array, onFlushed?: () => void): void
  /** Sends text that is already encoded as UTF-8. The same bytes for many connections in a row are framed once. */
  sendText(utf8: Uint8Array, onFlushed?: () => void): void
  /** Calls back once, when the operating system has all data buffered now. Does not call back if the connection is closing. */
  whenFlushed(flushed: () => void): void
  /**
   * Pings this client, for a recent `roundTripSeconds` in its {@link statistics}. Has no effect within a second of the last ping, while a
   * ping is not answered, while reading is paused, and on connections over a message port. The heartbeat is independent of it.
   */
  ping(): void
  /**
   * Stops reading from this client until {@link resume}, which puts back-pressure on the client and suspends its time-outs. Messages
   * that the process has already read still arrive.
   */
  pause(): void
  /** Resumes reading from this client. */
  resume(): void
  /** Closes with a WebSocket status code (default 1000) and a reason of at most 123 bytes. */
  close(code?: number, reason?: string): void
}

/** One open WebSocket of any library, which an adapter passes to {@link EndpointServer.open}. */
export interface ConnectionSocket {
  /** The client's IP address, used by the per-address limits and in logs: see {@link Connection.remoteAddress}. */
  readonly remoteAddress: string
  /** Where the client reached this server, used to build the URLs that it is sent: see {@link Connection.localAuthority}. */
  readonly localAuthority: Authority
  /** The HTTP request that became this connection, passed on to hooks as {@link Connection.handshake}. */
  readonly handshake: HandshakeRequest
  /** Bytes queued in the process for this client, not counting the buffers of the operating system. */
  readonly bufferedAmount: number
  /**
   * Sends one message as one WebSocket message.
   *
   * @param isText whether the frame is text; bytes that are sent as text are UTF-8.
   * @param onFlushed called once, when the operating system has the message or the connection has failed.
   */
  send(data: string | Uint8Array, isText: boolean, onFlushed: (() => void) | undefined): void
  /** Calls back once, when the operating system has all data buffered now, or the socket has failed. */
  whenFlushed(flushed: () => void): void
  /** Resumes or pauses reading from the peer. While reading is paused, the peer must not be considered dead. */
  setPaused(isPaused: boolean): void
  /** Sends a ping, at most one a second, and none while one is not answered. Absent where there are no pings. */
  ping?(): void
  /** Starts the closing handshake, and destroys the socket if the peer does not answer. */
  close(code: number, reason: string): void
}

/** Callbacks returned by {@link EndpointServer.open}, for the events of the adapter's socket. */
export interface ConnectionHandlers {
  /**
   * The adapter received a complete message: a string from a text frame, bytes from a binary frame.
   *
   * @param byteLength the length of the message in UTF-8, if the adapter knows it.
   */
  message(data: string | Uint8Array, byteLength?: number): void
  /** The peer has answered a ping of the adapter. */
  pong(roundTripSeconds: number): void
  /** The peer broke the WebSocket protocol; the adapter's library closes the connection itself. */
  failed(error: Error): void
  /**
   * The connection has ended, with the WebSocket status code (1006 if there was no closing handshake) and the reason, which may be empty.
   */
  closed(code: number, reason: string): void
  /** The peer sent a ping, or a pong that does not answer a ping of the adapter. A peer that sends too many is closed. */
  controlFrame(): void
  /** The peer has timed out. For `message` the server closes the connection; otherwise the adapter destroys the socket. */
  timedOut(reason: TimeoutReason): void
  /** The adapter's server is closing: closes this connection with 1001. */
  goAway(): void
}
