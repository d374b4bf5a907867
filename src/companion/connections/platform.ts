import { type OptionTable, option } from '../../validation/index.js'
import type { WallClockTransport } from './wall-clock-transport.js'

/** Why a connection failed to open. */
export interface ConnectFailure {
  /** The cause, for programs. Browsers do not reveal it: there it is `timeout` or `unknown`. */
  readonly kind:
    | 'http-status'
    | 'refused'
    | 'unreachable'
    | 'dns'
    | 'timeout'
    | 'not-websocket'
    | 'tls'
    /** Over App2App: no application on the television has joined the channel. */
    | 'not-paired'
    | 'unknown'
  /** Human-readable: what was expected and what was received. */
  readonly message: string
  /** The HTTP status that rejected the handshake: 403 if the endpoint is disabled, 503 if it is at capacity. */
  readonly status?: number
  /** Seconds that the server asks the client to wait (`Retry-After`). */
  readonly retryAfterSeconds?: number
}

/** How a socket ended. */
export interface SocketEnd {
  /** The WebSocket close code; 1006 if there was no closing handshake. */
  readonly code: number
  /** Human-readable cause: the reason in the close frame of the server, or why the client closed the connection. May be empty. */
  readonly reason: string
  /** Present only if the connection never opened. */
  readonly failure?: ConnectFailure
  /** Present only if the client closed the connection because the server violated the protocol or exceeded a limit. */
  readonly violation?: Violation
}

/** A violation of the WebSocket protocol by a server, or a limit that it exceeded. */
export interface Violation {
  /** The cause, for programs: see {@link ViolationReason}. */
  readonly reason: ViolationReason
  /** Human-readable: what was expected and what was received. */
  readonly detail: string
}

/**
 * `message-too-long`: exceeds `maxMessageBytes`; `message-incomplete`: the last byte did not arrive within
 * `messageTimeoutSeconds`; `too-many-parts`: a message in too many frames or TCP segments; `invalid-frame`: not a WebSocket frame;
 * `too-many-messages`: exceeds `maxMessagesPerSecond`; `too-many-control-frames`: too many pings and pongs; `not-reading`: the server
 * does not read from its connection.
 */
export type ViolationReason =
  | 'message-too-long'
  | 'message-incomplete'
  | 'too-many-parts'
  | 'invalid-frame'
  | 'too-many-messages'
  | 'too-many-control-frames'
  | 'not-reading'

/** Callbacks through which a {@link SocketOpener} reports what happens to its socket. */
export interface SocketHandlers {
  /** The handshake has succeeded: the socket can send. */
  opened(): void
  /** A string from a text frame, bytes from a binary frame. */
  message(data: string | Uint8Array): void
  /** Called exactly once, even if the connection never opened. */
  closed(end: SocketEnd): void
}

/** A socket created by a {@link SocketOpener}; it may still be connecting. */
export interface OpenSocket {
  /** Bytes queued for sending. Absent if unknown. */
  readonly bufferedAmount?: number
  /** IP address of the server, if known: in Node, once the socket is open. */
  readonly remoteAddress?: string | undefined
  /** Has no effect if the socket is not open. */
  send(data: string | Uint8Array): void
  /** Starts to close the socket, with an optional WebSocket close code and reason; `closed` follows. */
  close(code?: number, reason?: string): void
}

/** Limits and headers that a {@link SocketOpener} must apply to its connection. */
export interface SocketOptions {
  /** Maximum size of a message in bytes; a longer one closes the connection. */
  readonly maxMessageBytes: number
  /** Timeout of the handshake in seconds, including name look-up, TCP and TLS. */
  readonly handshakeTimeoutSeconds: number
  /** Timeout in seconds between the first and the last byte of a message. Not enforced in browsers, which do not expose frames. */
  readonly messageTimeoutSeconds: number
  /** Headers of the handshake, for example a token. Not available in browsers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Opens a connection. It must not call the handlers before it has returned. */
export type SocketOpener = (url: string, handlers: SocketHandlers, options: SocketOptions) => OpenSocket

/** The transports of a companion, which differ between browsers, Node and other environments. */
export interface Platform {
  /** Opens `ws://` and `wss://` URLs. Default: the standard WebSocket; in Node, the `ws` package. */
  readonly openSocket?: SocketOpener
  /** Creates the transport for a `udp://` URL. Default: UDP in Node; elsewhere none, so `udp://` URLs are rejected. */
  readonly createUdpTransport?: (url: string) => WallClockTransport
}

export const PLATFORM_OPTIONS: OptionTable<Platform> = {
  openSocket: option.func<SocketOpener>(),
  createUdpTransport: option.func<(url: string) => WallClockTransport>(),
}
