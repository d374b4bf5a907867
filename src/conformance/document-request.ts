import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { DocumentResponse } from './discovery-observations.js'
import { parseXml } from './xml-document.js'

const RESPONSE_MILLIS = 3000
/** Descriptions have a few kilobytes. */
const MAX_BODY_BYTES = 65_536

/** A GET of a document, without following redirects. Size and time are bounded. */
export function getDocument(url: string, headers: Readonly<Record<string, string>> = {}): Promise<DocumentResponse> {
  return new Promise((resolve) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
      headers: { connection: 'close', ...headers },
      agent: false,
    })
    const end = (result: Omit<DocumentResponse, 'url'>): void => {
      clearTimeout(timer)
      resolve({ url, ...result })
      request.destroy()
    }
    const timer = setTimeout(() => end({ error: `no response within ${RESPONSE_MILLIS / 1000} s` }), RESPONSE_MILLIS)
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > MAX_BODY_BYTES)
          end({ status: response.statusCode ?? 0, error: `a body of more than ${MAX_BODY_BYTES} bytes` })
        else chunks.push(chunk)
      })
      response.on('error', (error) => end({ error: error.message }))
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        const xml = parseXml(body)
        const { statusCode: status = 0 } = response
        end({ status, headers: firstValues(response), body, ...(xml === undefined ? {} : { xml }) })
      })
    })
    request.on('error', (error) => end({ error: error.message }))
    request.end()
  })
}

function firstValues({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headersDistinct).map(([name, values]) => [name, values?.[0] ?? '']))
}
