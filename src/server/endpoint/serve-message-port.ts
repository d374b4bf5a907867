import { type MessagePortLike, postableBytes, readPortMessage } from '../../messages/index.js'
import type { Authority, ConnectionSocket } from './connection.js'
import type { EndpointServer } from './endpoint-server.js'

/** Options of {@link serveMessagePort}: information about the client that a message port does not provide. */
export interface ServeMessagePortOptions {
  /** The client's address for limits by address, `allow`, `deny` and the log. Default `127.0.0.1`. */
  remoteAddress?: string
  /** The values of `{{host}}` and the other placeholders in CII. Default: no host, so that URLs that need one are omitted. */
  localAuthority?: Authority
}

const NOWHERE: Authority = { secure: false, host: null, port: 0 }
/** "Policy violation" (RFC 6455, 7.4.1), where an HTTP handshake would be answered with 403. */
const FORBIDDEN = 1008
/** "Try again later" (IANA, WebSocket Close Code Number Registry), where it would be 429 or 503. */
const TRY_AGAIN_LATER = 1013
const decoder = new TextDecoder()

/**
 * Serves one client over a message port instead of a WebSocket, with the same server: a `CiiServer`, a `TsServer`, a
 * `WallClockWebSocketServer` or one of your own. The other end is `overMessagePort` of `fastify-dvbcss/client`. A port does not
 * show how much data is unread, so limits on that have no effect.
 *
 * ```js
 * parentPort.on('message', (port) => serveMessagePort(app.cii, port))
 * ```
 *
 * @returns false if the server has refused the client. A port has no handshake, so the client sees a connection that closes at once:
 * with 1008 if the server is disabled or denies the address, with 1013 if a limit was reached.
 */
export function serveMessagePort(
  server: EndpointServer<unknown>,
  port: MessagePortLike,
  { remoteAddress = '127.0.0.1', localAuthority = NOWHERE }: ServeMessagePortOptions = {},
): boolean {
  const close = (code: number, reason: string): void => {
    port.postMessage({ closeCode: code, closeReason: reason })
    port.close?.()
  }
  const admission = server.admit(remoteAddress)
  if ('refusal' in admission) {
    const { refusal } = admission
    close(refusal === 'disabled' || refusal === 'denied' ? FORBIDDEN : TRY_AGAIN_LATER, refusal)
    return false
  }
  let ended = false
  const end = (code: number, reason: string): void => {
    if (ended) return
    ended = true
    port.removeEventListener('message', onMessage)
    port.removeEventListener('close', onClose)
    admission.release()
    handlers.closed(code, reason)
  }
  const onClose = (): void => end(1006, '')
  const onMessage = ({ data }: { readonly data?: unknown }): void => {
    const message = readPortMessage(data)
    if (message === undefined || ended) return
    if (typeof message === 'object' && 'closeCode' in message) {
      port.close?.()
      end(message.closeCode, message.closeReason)
    } else {
      handlers.message(message)
    }
  }
  const socket: ConnectionSocket = {
    remoteAddress,
    localAuthority,
    handshake: { url: '', headers: {} },
    bufferedAmount: 0,
    send: (data, isText, onFlushed) => {
      if (!ended) port.postMessage(postable(data, isText))
      if (onFlushed !== undefined) queueMicrotask(onFlushed)
    },
    whenFlushed: (flushed) => queueMicrotask(flushed),
    // A port that has been started cannot be stopped.
    setPaused: () => {},
    close: (code, reason) => {
      if (ended) return
      close(code, reason)
      // As with a socket, not from inside the call.
      queueMicrotask(() => end(code, reason))
    },
  }
  const handlers = server.open(socket)
  port.addEventListener('message', onMessage)
  port.addEventListener('close', onClose)
  port.start?.()
  return true
}

function postable(data: string | Uint8Array, isText: boolean): string | Uint8Array {
  if (typeof data === 'string') return data
  return isText ? decoder.decode(data) : postableBytes(data)
}
