import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** Messages that no correct client sends, with names for people. */
export const INVALID_MESSAGES: readonly { readonly name: string; readonly data: string | Uint8Array }[] = [
  { name: 'text that is not JSON', data: 'dvbcss check {' },
  { name: 'an empty text frame', data: '' },
  { name: 'JSON that is not an object', data: '[null,7]' },
  { name: 'properties of wrong types', data: '{"contentIdStem":7,"timelineSelector":{},"earliest":[],"latest":null}' },
  { name: 'arrays nested 5000 deep', data: '['.repeat(5000) + ']'.repeat(5000) },
  { name: 'a binary frame', data: new Uint8Array(32).fill(0xa5) },
]

/** The result of a plain HTTP request to a WebSocket endpoint. */
export interface HttpResponse {
  readonly status?: number
  /** Set if there was no response. */
  readonly error?: string
}

const RESPONSE_MILLIS = 5000

/** A GET without an upgrade. */
export function plainGet(webSocketUrl: string): Promise<HttpResponse> {
  return get(webSocketUrl, {})
}

/** A handshake with a WebSocket version that does not exist. */
export function handshakeOfUnknownVersion(webSocketUrl: string): Promise<HttpResponse> {
  return get(webSocketUrl, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'Zm91ciBieSBmb3VyIGtleQ==',
    'sec-websocket-version': '99',
  })
}

function get(webSocketUrl: string, headers: Record<string, string>): Promise<HttpResponse> {
  const url = new URL(webSocketUrl)
  const secure = url.protocol === 'wss:'
  url.protocol = secure ? 'https:' : 'http:'
  return new Promise((resolve) => {
    const request = (secure ? httpsRequest : httpRequest)(url, { headers, agent: false })
    const timer = setTimeout(() => end({ error: `no response within ${RESPONSE_MILLIS / 1000} s` }), RESPONSE_MILLIS)
    const end = (result: HttpResponse): void => {
      clearTimeout(timer)
      resolve(result)
      request.destroy()
    }
    const responded = (response: IncomingMessage): void => {
      const { statusCode: status } = response
      end(status === undefined ? { error: 'no status' } : { status })
    }
    request.on('response', responded)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      responded(response)
    })
    request.on('error', (error) => end({ error: error.message }))
    request.end()
  })
}
