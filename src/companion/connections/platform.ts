import { type OptionTable, option } from '../../validation/index.js'
import type { WallClockTransport } from './wall-clock-transport.js'

/** Why a connection never opened. */
export interface ConnectFailure {
  readonly kind: 'http-status' | 'refused' | 'unreachable' | 'dns' | 'timeout' | 'not-websocket' | 'tls' | 'unknown'
  /** For people: what was expected, and what was received. */
  readonly message: string
  /** The HTTP status that refused the handshake: 403 from an endpoint that is switched off, 503 from one that is full. */
  readonly status?: number
  /** How long the server asks to be left alone. */
  readonly retryAfterSeconds?: number
}

/** How a socket ended. */
export interface SocketEnd {
  /** The WebSocket close code; 1006 where there was no closing handshake. */
  readonly code: number
  readonly reason: string
  /** Only when it never opened. */
  readonly failure?: ConnectFailure
  /** Only when it was closed here because the server broke a rule or exceeded a limit. */
  readonly violation?: Violation
}

/** A rule of WebSocket that a server broke, or a limit that it exceeded. */
export interface Violation {
  /** One of a closed set: see {@link ViolationReason}. */
  readonly reason: ViolationReason
  /** For people: what was expected, and what was received. */
  readonly detail: string
}

/**
 * `message-too-long`: over `maxMessageBytes`; `message-incomplete`: its last byte did not arrive within
 * `messageTimeoutSeconds`; `too-many-parts`: a message in too many frames or too many TCP segments; `invalid-frame`: not
 * a WebSocket frame; `too-many-messages`: over `maxMessagesPerSecond`; `too-many-control-frames`: pings and pongs;
 * `not-reading`: the server did not read what was sent to it.
 */
export type ViolationReason =
  | 'message-too-long'
  | 'message-incomplete'
  | 'too-many-parts'
  | 'invalid-frame'
  | 'too-many-messages'
  | 'too-many-control-frames'
  | 'not-reading'

export interface SocketHandlers {
  opened(): void
  /** A string from a text frame, bytes from a binary frame. */
  message(data: string | Uint8Array): void
  /** Exactly once, also when it never opened. */
  closed(end: SocketEnd): void
}

export interface OpenSocket {
  /** Bytes that wait to be sent. Absent where that is not known. */
  readonly bufferedAmount?: number
  /** The address of the server, where it is known: in Node, once the socket is open. */
  readonly remoteAddress?: string | undefined
  /** Does nothing when the socket is not open. */
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
}

export interface SocketOptions {
  /** A longer message closes the connection. */
  readonly maxMessageBytes: number
  /** The limit for the handshake, including name look-up, TCP and TLS. */
  readonly handshakeTimeoutSeconds: number
  /** The limit between the first and the last byte of a message. A browser does not show when a message begins. */
  readonly messageTimeoutSeconds: number
  /** Of the handshake, a token for instance. A browser lets no page set any. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Opens a connection. The handlers are called after it has returned, never before. */
export type SocketOpener = (url: string, handlers: SocketHandlers, options: SocketOptions) => OpenSocket

/** How a companion reaches servers: what differs between browsers, Node and other environments. */
export interface Platform {
  /** Opens `ws://` and `wss://` URLs. Default: the standard WebSocket; in Node, the `ws` package. */
  readonly openSocket?: SocketOpener
  /** Makes the transport for a `udp://` URL. Default: none, except in Node; then `udp://` URLs cannot be used. */
  readonly createUdpTransport?: (url: string) => WallClockTransport
}

export const PLATFORM_OPTIONS: OptionTable<Platform> = {
  openSocket: option.func<SocketOpener>(),
  createUdpTransport: option.func<(url: string) => WallClockTransport>(),
}
