import { displayUrl } from '../../validation/index.js'
import type { ConnectFailure, OpenSocket, SocketEnd, SocketHandlers, SocketOptions } from './platform.js'

/** A socket on the standard WebSocket. Browsers deliberately hide the reason for a failed connection. */
export function openStandardSocket(url: string, handlers: SocketHandlers, options: SocketOptions): OpenSocket {
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
    // A page that came over https: may not open ws:, and before Node 22 there is no WebSocket at all.
    const message = `could not open a WebSocket to ${displayUrl(url)}: ${(error as Error).message}`
    queueMicrotask(() => fail('unknown', message))
    return { send: () => {}, close: () => {} }
  }
  socket.binaryType = 'arraybuffer'
  deadline = setTimeout(() => {
    fail('timeout', `no answer from ${displayUrl(url)} within ${options.handshakeTimeoutSeconds} s`)
    socket.close()
  }, options.handshakeTimeoutSeconds * 1000)
  socket.onopen = () => {
    if (ended) return
    opened = true
    clearTimeout(deadline)
    handlers.opened()
  }
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (ended) return
    const length = typeof data === 'string' ? data.length : data.byteLength
    if (length > options.maxMessageBytes) {
      // The browser has already buffered the message; the best remaining option is to close the connection.
      const detail = `expected at most ${options.maxMessageBytes} bytes in a message, received ${length}`
      socket.close(3009, 'message too large')
      end({ code: 1009, reason: detail, violation: { reason: 'message-too-long', detail } })
      return
    }
    handlers.message(typeof data === 'string' ? data : new Uint8Array(data))
  }
  socket.onclose = ({ code, reason }) => {
    if (opened) end({ code, reason })
    else fail('unknown', `could not connect to ${displayUrl(url)}; see the console of the browser for the reason`)
  }
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data as Uint8Array<ArrayBuffer> | string)
    },
    close: (code, reason) => {
      // The standard WebSocket accepts no code while connecting, and only some codes afterwards.
      socket.close(code === 1000 || (code !== undefined && code >= 3000) ? code : undefined, reason)
    },
  }
}
