import { displayUrl } from '../../validation/index.js'
import type { OpenSocket, SocketEnd, SocketOpener } from './platform.js'

/** The first text frame of a pair of App2App clients (ETSI TS 102 796, clause 14.5). */
export const PAIRING_COMPLETED = 'pairingcompleted'

/** Some televisions close connections with this code when an application ends. No server restarts, so no random delay is needed. */
const SERVICE_RESTART = 1012
const GOING_AWAY = 1001

/**
 * Opens connections to an App2App channel. A connection counts as open once the television has paired it with one of its
 * applications, because the television drops earlier messages. `handshakeTimeoutSeconds` applies to the pairing as well.
 *
 * Some televisions do not send `pairingcompleted`, so any other message also shows that the connection is paired.
 */
export function pairedSocketOpener(openSocket: SocketOpener): SocketOpener {
  return (url, handlers, options) => {
    let state: 'waiting' | 'paired' | 'ended' = 'waiting'
    let deadline: ReturnType<typeof setTimeout> | undefined
    const end = (how: SocketEnd): void => {
      if (state === 'ended') return
      state = 'ended'
      clearTimeout(deadline)
      handlers.closed(how)
    }
    const socket: OpenSocket = openSocket(
      url,
      {
        opened: () => {
          if (state !== 'waiting') return
          deadline = setTimeout(() => {
            socket.close(1000, '')
            const message = `no application on the television has joined ${displayUrl(url)} within ${options.handshakeTimeoutSeconds} s`
            end({ code: 1006, reason: '', failure: { kind: 'not-paired', message } })
          }, options.handshakeTimeoutSeconds * 1000)
        },
        message: (data) => {
          if (state === 'waiting') {
            clearTimeout(deadline)
            state = 'paired'
            handlers.opened()
            if (data === PAIRING_COMPLETED) return
          }
          // Further ones are passed on as messages, whose number is limited.
          if (state === 'paired') handlers.message(data)
        },
        closed: (how) => {
          if (state === 'paired') return end(how.code === SERVICE_RESTART ? { ...how, code: GOING_AWAY } : how)
          if (how.failure !== undefined || how.violation !== undefined) return end(how)
          const why = how.reason === '' ? `${how.code}` : `${how.code}: ${how.reason}`
          const message = `${displayUrl(url)} was closed with ${why} before an application on the television joined it`
          end({ ...how, failure: { kind: 'not-paired', message } })
        },
      },
      options,
    )
    return {
      get bufferedAmount() {
        return socket.bufferedAmount ?? 0
      },
      get remoteAddress() {
        return socket.remoteAddress
      },
      send: (data) => {
        if (state === 'paired') socket.send(data)
      },
      close: (code, reason) => {
        clearTimeout(deadline)
        socket.close(code, reason)
      },
    }
  }
}
