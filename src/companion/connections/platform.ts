import { describeValue, visible } from '../../validation/index.js'
import type { WallClockTransport } from './wall-clock-transport.js'

/** Why a connection never opened. */
export interface ConnectFailure {
  readonly kind:
    | 'http-status'
    | 'refused'
    | 'unreachable'
    | 'dns'
    | 'timeout'
    | 'not-websocket'
    | 'tls'
    | 'bad-url'
    | 'unknown'
  /** For people: what was expected, and what came. */
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
  /** For people: what was expected, and what came. */
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
  open(): void
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
  /** Milliseconds that the handshake may take, name look-up, TCP and TLS included. */
  readonly handshakeTimeout: number
  /** Milliseconds between the first and the last byte of a message. A browser does not show when a message begins. */
  readonly messageTimeout: number
  /** Of the handshake, a token for instance. A browser lets no page set any. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What a companion needs of the machine it runs on. */
export interface Platform {
  openSocket(url: string, handlers: SocketHandlers, options: SocketOptions): OpenSocket
  /** Absent where there is no UDP, as in a browser. */
  createUdpTransport?(url: string): WallClockTransport
}

let platform: Platform | undefined

/** The machine's WebSocket and UDP: those of `fastify-dvbcss/client` for Node, or a browser's. */
export function getPlatform(): Platform {
  platform ??= { openSocket: openStandardSocket }
  return platform
}

/** Sets what {@link getPlatform} gives. The package's entry for Node calls it; an app need not. */
export function setPlatform(next: Platform): void {
  platform = next
}

/** A URL as it may be shown and logged: without a password, and without a query, which is where tokens are. */
export function displayUrl(url: string): string {
  if (!URL.canParse(url)) return describeValue(url)
  const { protocol, host, pathname, search } = new URL(url)
  return visible(`${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`)
}

/** A socket on the WebSocket that browsers have. Why a connection fails they do not tell, on purpose. */
function openStandardSocket(url: string, handlers: SocketHandlers, options: SocketOptions): OpenSocket {
  let opened = false
  let ended = false
  const end = (how: SocketEnd): void => {
    if (ended) return
    ended = true
    clearTimeout(deadline)
    handlers.closed(how)
  }
  const fail = (kind: ConnectFailure['kind'], message: string): void => {
    end({ code: 1006, reason: '', failure: { kind, message } })
  }
  let socket: WebSocket
  let deadline: ReturnType<typeof setTimeout> | undefined
  try {
    socket = new WebSocket(url)
  } catch (error) {
    const message = `expected a ws:// or wss:// URL that this page may open, got ${displayUrl(url)}: ${(error as Error).message}`
    queueMicrotask(() => fail('bad-url', message))
    return { send: () => {}, close: () => {} }
  }
  socket.binaryType = 'arraybuffer'
  deadline = setTimeout(() => {
    fail('timeout', `no answer from ${displayUrl(url)} within ${options.handshakeTimeout} ms`)
    socket.close()
  }, options.handshakeTimeout)
  socket.onopen = () => {
    if (ended) return
    opened = true
    clearTimeout(deadline)
    handlers.open()
  }
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (ended) return
    const length = typeof data === 'string' ? data.length : data.byteLength
    if (length > options.maxMessageBytes) {
      // The browser has it in memory by now; all that can be done is to read no further.
      const detail = `expected at most ${options.maxMessageBytes} bytes in a message, got ${length}`
      socket.close(3009, 'message too large')
      end({ code: 1009, reason: detail, violation: { reason: 'message-too-long', detail } })
      return
    }
    handlers.message(typeof data === 'string' ? data : new Uint8Array(data))
  }
  socket.onclose = ({ code, reason }) => {
    if (opened) end({ code, reason })
    else fail('unknown', `could not connect to ${displayUrl(url)}; a browser does not tell why, its console may`)
  }
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data as Uint8Array<ArrayBuffer> | string)
    },
    close: (code, reason) => {
      // A socket that is still connecting takes no code, and neither does the standard take most of the codes.
      socket.close(code === 1000 || (code !== undefined && code >= 3000) ? code : undefined, reason)
    },
  }
}
