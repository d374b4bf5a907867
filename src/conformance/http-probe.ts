import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** What a plain HTTP request to a WebSocket endpoint led to. */
export interface HttpAnswer {
  readonly status?: number
  /** Where there was no answer. */
  readonly error?: string
}

const ANSWER_MILLIS = 5000

/** A GET without an upgrade. */
export function plainGet(webSocketUrl: string): Promise<HttpAnswer> {
  return get(webSocketUrl, {})
}

/** A handshake of a WebSocket version that was never published. */
export function handshakeOfUnknownVersion(webSocketUrl: string): Promise<HttpAnswer> {
  return get(webSocketUrl, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'Zm91ciBieSBmb3VyIGtleQ==',
    'sec-websocket-version': '99',
  })
}

function get(webSocketUrl: string, headers: Record<string, string>): Promise<HttpAnswer> {
  const url = new URL(webSocketUrl)
  const secure = url.protocol === 'wss:'
  url.protocol = secure ? 'https:' : 'http:'
  return new Promise((resolve) => {
    const request = (secure ? httpsRequest : httpRequest)(url, { headers, agent: false })
    const timer = setTimeout(() => end({ error: `no answer within ${ANSWER_MILLIS / 1000} s` }), ANSWER_MILLIS)
    const end = (answer: HttpAnswer): void => {
      clearTimeout(timer)
      resolve(answer)
      request.destroy()
    }
    const answered = (response: IncomingMessage): void => {
      const { statusCode: status } = response
      end(status === undefined ? { error: 'no status' } : { status })
    }
    request.on('response', answered)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      answered(response)
    })
    request.on('error', (error) => end({ error: error.message }))
    request.end()
  })
}
