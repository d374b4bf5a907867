import type { TimeoutReason } from './endpoint-statistics.js'
import type { Logger } from './logger.js'

/** Where a client reached this server. */
export interface Authority {
  /** Whether it came over TLS, so that its URLs begin with `wss:`. */
  readonly secure: boolean
  /**
   * A name, an IPv4 address, or an IPv6 address in brackets: fit for a URL. Null where none is: the client came to a link-local IPv6
   * address, and the app listens on no other address of that interface.
   */
  readonly host: string | null
  /** The TCP port that the client connected to, or the one that `publicUrl` or a trusted proxy states; without one there, 443 if `secure`, otherwise 80. */
  readonly port: number
  /** The path that a proxy strips from what clients ask for: `/css`, with no slash at its end. Default: none. */
  readonly prefix?: string
  /** The address of this machine that the client has connected to. Left out behind a proxy, which has an address of its own. */
  readonly localAddress?: string
}

/** The least that an adapter knows of the request that became a connection. */
export interface HandshakeRequest {
  /** The request target: path and query, for example `/cii?device=1`. Empty for a connection over a message port. */
  readonly url: string
  /** The HTTP headers of the request, with names in lower case. A header that was repeated may be an array. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The types of request that become connections. Whoever mounts endpoints adds theirs by declaration merging, as the Fastify plugins do. */
// biome-ignore lint/suspicious/noEmptyInterface: others extend it.
export interface HandshakeRequests {}

/**
 * The HTTP request that became a connection. Under Fastify it is the `FastifyRequest`, with what the app's hooks have put on it. A
 * connection over a message port has none: there `url` is empty, and nothing else but `headers` exists.
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
  /** Where the client reached us: what `{{scheme}}`, `{{host}}`, `{{port}}` and `{{prefix}}` stand for. */
  readonly localAuthority: Authority
  /** What the client asked with: who it is, for an app that has authenticated it. */
  readonly handshake: Handshake
  /** Bytes that wait in the process for this client to read. Bytes in the operating system's buffers are not counted. */
  readonly bufferedAmount: number
  /** A child of the endpoint's logger that carries the connection's id. */
  readonly log: Logger
  /**
   * Sends a string as a text frame, bytes as a binary frame. Sending on a closed connection does nothing. Where more than
   * `maxBufferedBytes` of the endpoint wait already, the message is dropped and the connection closed with 1008.
   * @param onFlushed called once, when the operating system has the message or the connection has failed.
   */
  send(data: string | Uint8Array, onFlushed?: () => void): void
  /** Sends text that is UTF-8 already. The same bytes for many connections in a row are encoded and framed once. */
  sendText(utf8: Uint8Array, onFlushed?: () => void): void
  /** Calls back once, when the operating system has everything that waits now. Does not call back while the connection closes. */
  whenFlushed(flushed: () => void): void
  /**
   * Stops reading from this client until {@link resume}: the client then has to wait with what it sends, and its time-outs are
   * suspended. Messages that the process has read already still arrive.
   */
  pause(): void
  /** Reads from this client again. */
  resume(): void
  /** Closes with a WebSocket status code (default 1000) and a reason of at most 123 bytes. */
  close(code?: number, reason?: string): void
}

/** What an adapter brings to {@link EndpointServer.open}: one open WebSocket of whatever library. */
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
  /** Calls back once, when the operating system has everything that waits now, or the socket has failed. */
  whenFlushed(flushed: () => void): void
  /** Starts or stops reading from the peer. While nothing is read, the peer must not be taken for dead. */
  setPaused(isPaused: boolean): void
  /** Starts the closing handshake, and ends the socket by force when the peer does not answer it. */
  close(code: number, reason: string): void
}

/** What {@link EndpointServer.open} gives back: the adapter calls these when its socket has something to tell. */
export interface ConnectionHandlers {
  /** The adapter received a complete message: a string from a text frame, bytes from a binary frame. */
  message(data: string | Uint8Array): void
  /** The peer broke the WebSocket protocol; the adapter's library closes the connection itself. */
  failed(error: Error): void
  /** The connection has ended, with the WebSocket status code (1006 if there was no closing handshake) and the reason, which may be empty. */
  closed(code: number, reason: string): void
  /** A ping or pong that does not answer the adapter. A peer that sends too many of them is closed. */
  controlFrame(): void
  /** The peer has taken too long. For `message` the server closes the connection; otherwise the adapter destroys the socket. */
  timedOut(reason: TimeoutReason): void
  /** The server that the adapter belongs to stops: sends this client away with 1001. */
  goAway(): void
}
