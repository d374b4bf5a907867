import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import {
  type ConnectFailure,
  displayUrl,
  type OpenSocket,
  type SocketEnd,
  type SocketHandlers,
  type SocketOptions,
} from '../client/platform.js'

const KINDS: Record<string, ConnectFailure['kind']> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
}

/** A socket on the `ws` package, which tells why a connection was refused; the WebSocket that Node brings does not. */
export function openNodeSocket(url: string, handlers: SocketHandlers, options: SocketOptions): OpenSocket {
  let failure: ConnectFailure | undefined
  let opened = false
  let ended = false
  const end = (how: SocketEnd): void => {
    if (ended) return
    ended = true
    handlers.closed(how)
  }
  let socket: WebSocket
  try {
    socket = new WebSocket(url, {
      handshakeTimeout: options.handshakeTimeout,
      maxPayload: options.maxMessageBytes,
      perMessageDeflate: false,
      headers: options.headers,
    })
  } catch (error) {
    const message = `expected a ws:// or wss:// URL, got ${displayUrl(url)}: ${(error as Error).message}`
    queueMicrotask(() => end({ code: 1006, reason: '', failure: { kind: 'bad-url', message } }))
    return { send: () => {}, close: () => {} }
  }
  socket.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
    failure = refusedBy(url, response)
    response.resume()
    request.destroy()
    end({ code: 1006, reason: '', failure })
  })
  socket.on('open', () => {
    opened = true
    watchLife(socket)
    handlers.open()
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => handlers.message(isBinary ? data : data.toString()))
  let reason = ''
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (opened) reason = error.message
    else failure ??= failedBy(url, error)
  })
  socket.on('close', (code: number, said: Buffer) => {
    end({ code, reason: said.toString() || reason, ...(opened || failure === undefined ? {} : { failure }) })
  })
  return {
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data)
    },
    close: (code, why) => {
      socket.close(code, why)
      // The peer may never answer; a companion that was told to stop must not hold the process up.
      setTimeout(() => socket.terminate(), 1000).unref()
    },
  }
}

/** Milliseconds between pings; two without an answer, and the server is gone. TCP alone may take a quarter of an hour to see it. */
const PING_INTERVAL = 10_000

function watchLife(socket: WebSocket): void {
  let silentPings = 0
  const heard = () => {
    silentPings = 0
  }
  for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, heard)
  const timer = setInterval(() => {
    if (silentPings >= 2) socket.terminate()
    silentPings += 1
    if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, PING_INTERVAL)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}

function refusedBy(url: string, response: IncomingMessage): ConnectFailure {
  const status = response.statusCode ?? 0
  const retryAfterSeconds = parseRetryAfter(response.headers['retry-after'])
  const asks = retryAfterSeconds === undefined ? '' : `, and asks to try again in ${Math.ceil(retryAfterSeconds)} s`
  const meaning =
    status === 403 ? ' (switched off, or not for us)' : status === 503 ? ' (no connection left, or not ready)' : ''
  const kind = status === 200 || status === 404 || status === 426 ? 'not-websocket' : 'http-status'
  const message = `expected a WebSocket at ${displayUrl(url)}, got HTTP status ${status}${meaning}${asks}`
  return { kind, message, status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}

function failedBy(url: string, error: NodeJS.ErrnoException): ConnectFailure {
  const code = error.code ?? ''
  // A name with several addresses fails with the errors of all of them.
  const first =
    error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined
  const kind = KINDS[code] ?? KINDS[first ?? ''] ?? kindOf(error)
  return { kind, message: `could not connect to ${displayUrl(url)}: ${error.message || code}` }
}

function kindOf(error: NodeJS.ErrnoException): ConnectFailure['kind'] {
  if (/handshake has timed out/.test(error.message)) return 'timeout'
  if (/CERT|SSL|TLS/.test(error.code ?? '')) return 'tls'
  if (error.code?.startsWith('HPE_') === true || /Sec-WebSocket|subprotocol|Upgrade header/i.test(error.message))
    return 'not-websocket'
  return 'unknown'
}
