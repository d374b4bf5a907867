import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ServedFile {
  type: string
  body: string | Buffer
}

/** Serves files by path on loopback, with byte ranges: without them Chromium cannot seek. */
export async function servePage(files: Record<string, ServedFile>): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => answer(files, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(files: Record<string, ServedFile>, request: IncomingMessage, response: ServerResponse): void {
  const file = files[request.url ?? '']
  if (file === undefined) {
    response.writeHead(404).end()
    return
  }
  const body = Buffer.from(file.body)
  const headers = { 'content-type': file.type, 'accept-ranges': 'bytes' }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (range === null) {
    response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
    return
  }
  const first = Number(range[1])
  const last = range[2] === '' ? body.length - 1 : Math.min(Number(range[2]), body.length - 1)
  if (first > last) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end()
    return
  }
  const part = body.subarray(first, last + 1)
  const partHeaders = { 'content-range': `bytes ${first}-${last}/${body.length}`, 'content-length': part.length }
  response.writeHead(206, { ...headers, ...partHeaders }).end(part)
}
