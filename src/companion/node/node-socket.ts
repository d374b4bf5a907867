import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { displayUrl } from '../../validation/index.js'
import {
  CLOSE_TIMEOUT_SECONDS,
  type ConnectFailure,
  MAX_CONTROL_FRAMES_PER_SECOND,
  MAX_FRAGMENTS,
  type OpenSocket,
  type SocketEnd,
  type SocketHandlers,
  type SocketOptions,
  type Violation,
} from '../connections/index.js'
import { FrameWatch } from './frame-watch.js'

const KINDS: Record<string, ConnectFailure['kind']> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
}

/** A socket on the `ws` package, which reports why a connection was refused, unlike the WebSocket of Node itself. */
export function openNodeSocket(url: string, handlers: SocketHandlers, options: SocketOptions): OpenSocket {
  let failure: ConnectFailure | undefined
  let opened = false
  let ended = false
  let closing = false
  let remoteAddress: string | undefined
  const end = (how: SocketEnd): void => {
    if (ended) return
    ended = true
    clearTimeout(deadline)
    handlers.closed(how)
  }
  let deadline: ReturnType<typeof setTimeout> | undefined
  let socket: WebSocket
  try {
    socket = new WebSocket(url, {
      maxPayload: options.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: maxBufferedChunks(options.maxMessageBytes),
      perMessageDeflate: false,
      followRedirects: false,
      headers: options.headers,
    })
  } catch (error) {
    const message = `could not open a WebSocket to ${displayUrl(url)}: ${(error as Error).message}`
    queueMicrotask(() => end({ code: 1006, reason: '', failure: { kind: 'unknown', message } }))
    return { send: () => {}, close: () => {} }
  }
  // Limits the whole handshake. The timeout of `ws` restarts with each byte, so a slow server could extend it indefinitely.
  deadline = setTimeout(() => {
    const message = `no answer from ${displayUrl(url)} within ${options.handshakeTimeoutSeconds} s`
    end({ code: 1006, reason: '', failure: { kind: 'timeout', message } })
    socket.terminate()
  }, options.handshakeTimeoutSeconds * 1000)
  const violated = (violation: Violation): void => {
    end({ code: 1006, reason: violation.detail, violation })
    socket.terminate()
  }
  let connection: Socket | undefined
  socket.on('upgrade', (response: IncomingMessage) => {
    connection = response.socket
    remoteAddress = connection.remoteAddress
  })
  socket.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
    failure = refusedBy(url, response)
    response.resume()
    request.destroy()
    end({ code: 1006, reason: '', failure })
  })
  socket.on('open', () => {
    if (ended) return
    opened = true
    clearTimeout(deadline)
    watchLife(socket)
    // Not earlier: data that arrived with the handshake would be emitted before `ws` listens for it.
    if (connection !== undefined) watchFrames(connection, options.messageTimeoutSeconds, violated)
    handlers.opened()
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!ended && !closing) handlers.message(isBinary ? data : data.toString())
  })
  let reason = ''
  let violation: Violation | undefined
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (!opened) {
      failure ??= failedBy(url, error)
      return
    }
    reason = error.message
    violation = violationOf(error, options)
  })
  socket.on('close', (code: number, closeReason: Buffer) => {
    const ending = opened ? violation && { violation } : failure && { failure }
    end({ code, reason: closeReason.toString() || reason, ...ending })
  })
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    get remoteAddress() {
      return remoteAddress
    },
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data)
    },
    close: (code, why) => {
      closing = true
      clearTimeout(deadline)
      socket.close(code, why)
      setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_SECONDS * 1000).unref()
    },
  }
}

/** Maximum number of TCP segments of an incomplete frame: 256 bytes each on average, whereas Ethernet carries 1400. */
function maxBufferedChunks(maxMessageBytes: number): number {
  return Math.min(Math.max(4096, Math.ceil(maxMessageBytes / 256)), 2 ** 30)
}

/** Closes connections whose messages remain incomplete, and those that send too many control frames. */
function watchFrames(
  connection: Socket,
  messageTimeoutSeconds: number,
  violated: (violation: Violation) => void,
): void {
  const frames = new FrameWatch(MAX_CONTROL_FRAMES_PER_SECOND)
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  connection.on('data', (chunk: Buffer) => {
    if (!frames.read(chunk, performance.now() / 1000)) {
      const detail = `expected at most ${MAX_CONTROL_FRAMES_PER_SECOND} pings and pongs per second`
      violated({ reason: 'too-many-control-frames', detail })
    } else if (!frames.isMessageOpen) {
      if (timer !== undefined) stop()
    } else if (timer === undefined) {
      timer = setTimeout(() => {
        const detail = `expected the whole message within ${messageTimeoutSeconds} s of its first byte`
        violated({ reason: 'message-incomplete', detail })
      }, messageTimeoutSeconds * 1000)
      timer.unref()
    }
  })
  connection.once('close', stop)
}

function violationOf(
  { code, message }: NodeJS.ErrnoException,
  { maxMessageBytes }: SocketOptions,
): Violation | undefined {
  if (code?.startsWith('WS_ERR_') !== true) return undefined
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH') {
    return { reason: 'message-too-long', detail: `expected at most ${maxMessageBytes} bytes in a message` }
  }
  if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') {
    return { reason: 'too-many-parts', detail: `expected at most ${MAX_FRAGMENTS} frames in a message` }
  }
  return { reason: 'invalid-frame', detail: message }
}

/** After two pings without an answer the connection is closed. TCP alone may take a quarter of an hour to detect a dead peer. */
const PING_INTERVAL_SECONDS = 10

function watchLife(socket: WebSocket): void {
  let silentPings = 0
  const markReceived = () => {
    silentPings = 0
  }
  for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, markReceived)
  const timer = setInterval(() => {
    if (silentPings >= 2) socket.terminate()
    silentPings += 1
    if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, PING_INTERVAL_SECONDS * 1000)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}

function refusedBy(url: string, response: IncomingMessage): ConnectFailure {
  const status = response.statusCode ?? 0
  const retryAfterSeconds = parseRetryAfter(response.headers['retry-after'])
  const asks =
    retryAfterSeconds === undefined ? '' : `; the server requests a retry after ${Math.ceil(retryAfterSeconds)} s`
  const meaning = status === 403 ? ' (disabled or forbidden)' : status === 503 ? ' (at capacity or unavailable)' : ''
  const kind = status === 200 || status === 404 || status === 426 ? 'not-websocket' : 'http-status'
  const message = `expected a WebSocket at ${displayUrl(url)}, received HTTP status ${status}${meaning}${asks}`
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
  // For a host name with several addresses, the error contains one error per address.
  const first =
    error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code : undefined
  const kind = KINDS[code] ?? KINDS[first ?? ''] ?? kindOf(error)
  return { kind, message: `could not connect to ${displayUrl(url)}: ${error.message || code}` }
}

function kindOf(error: NodeJS.ErrnoException): ConnectFailure['kind'] {
  if (/CERT|SSL|TLS/.test(error.code ?? '')) return 'tls'
  if (error.code?.startsWith('HPE_') === true || /Sec-WebSocket|subprotocol|Upgrade header/i.test(error.message))
    return 'not-websocket'
  return 'unknown'
}
