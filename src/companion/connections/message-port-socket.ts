import { type MessagePortLike, postableBytes, readPortMessage } from '../../messages/index.js'
import { checkOption, option } from '../../validation/index.js'
import type { SocketEnd, SocketOpener } from './platform.js'

const CONNECT_TYPE = option.func<(url: string) => MessagePortLike>()

/**
 * Carries a client's protocol over message ports instead of WebSockets: for a companion in a worker or an iframe whose page, or
 * another worker, has the connection or is the server. Pass it to a client as `openSocket`. The URL is used for display only.
 *
 * ```js
 * const { port1, port2 } = new MessageChannel()
 * worker.postMessage(port2, [port2]) // there: serveMessagePort(ciiServer, port2)
 * const client = new CiiClient('port:cii', { openSocket: overMessagePort(() => port1) })
 * ```
 *
 * @param connect returns a new port for each connection, because a closed port cannot be reused. If it throws, the connection
 * attempt fails.
 */
export function overMessagePort(connect: (url: string) => MessagePortLike): SocketOpener {
  checkOption('connect', CONNECT_TYPE, connect)
  return (url, handlers, { maxMessageBytes }) => {
    let ended = false
    let port: MessagePortLike | undefined
    const end = (how: SocketEnd): void => {
      if (ended) return
      ended = true
      port?.removeEventListener('message', onMessage)
      port?.removeEventListener('close', onClose)
      handlers.closed(how)
    }
    const onClose = (): void => end({ code: 1006, reason: 'the message port was closed' })
    const onMessage = ({ data }: { readonly data?: unknown }): void => {
      const message = readPortMessage(data)
      if (message === undefined || ended) return
      if (typeof message === 'object' && 'closeCode' in message) {
        port?.close?.()
        end({ code: message.closeCode, reason: message.closeReason })
        return
      }
      if (message.length > maxMessageBytes) {
        const detail = `expected at most ${maxMessageBytes} bytes in a message, received ${message.length}`
        close(1009, 'message too large')
        end({ code: 1009, reason: detail, violation: { reason: 'message-too-long', detail } })
        return
      }
      handlers.message(message)
    }
    const close = (code = 1000, reason = ''): void => {
      if (ended || port === undefined) return
      port.postMessage({ closeCode: code, closeReason: reason })
      port.close?.()
    }
    // Asynchronous: a client does not expect its handlers to be called before this function has returned the socket.
    queueMicrotask(() => {
      if (ended) return
      try {
        port = connect(url)
        port.addEventListener('message', onMessage)
        port.addEventListener('close', onClose)
      } catch (error) {
        const message = `no message port for ${url}: ${error instanceof Error ? error.message : String(error)}`
        end({ code: 1006, reason: '', failure: { kind: 'unknown', message } })
        return
      }
      handlers.opened()
      // Start the port only when the handlers are ready for the first message.
      port.start?.()
    })
    return {
      send: (data) => {
        if (!ended) port?.postMessage(typeof data === 'string' ? data : postableBytes(data))
      },
      close: (code, reason) => {
        if (ended) return
        close(code, reason)
        end({ code: code ?? 1000, reason: reason ?? '' })
      },
    }
  }
}
