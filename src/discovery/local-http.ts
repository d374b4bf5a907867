/** What a device may send as a description: a few kilobytes are usual. */
const MAX_BODY_BYTES = 65_536
const MAX_REDIRECTS = 3

/** Why a device's answer to an HTTP request cannot be used. */
export type HttpFault =
  | 'invalid-url'
  /** The URL, or a redirect, names another host than the one that was found. */
  | 'other-host'
  | 'too-many-redirects'
  | 'too-large'
  | 'not-found'
  | 'http-error'
  | 'unreachable'
  | 'timed-out'

export interface LocalRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The only host that is asked. Undefined: any. */
  readonly host: string | undefined
  readonly timeoutSeconds: number
  readonly signal?: AbortSignal | undefined
}

export interface LocalResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Where the answer came from, after redirects. */
  readonly url: string
}

/**
 * Sends an HTTP request to a device of the local network, which may be hostile: size, time and redirects are bounded, and no other
 * host is asked than the one that is allowed.
 */
export async function requestDevice(
  url: string,
  { method = 'GET', body, headers = {}, host, timeoutSeconds, signal }: LocalRequest,
): Promise<LocalResponse | HttpFault> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
  const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
  let current = url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const fault = faultOfUrl(current, host)
    if (fault !== undefined) return fault
    let response: Response
    try {
      response = await fetch(current, {
        method,
        redirect: 'manual',
        headers: { ...headers, connection: 'close' },
        ...(body !== undefined && { body }),
        signal: either,
      })
    } catch {
      signal?.throwIfAborted()
      return timeout.aborted ? 'timed-out' : 'unreachable'
    }
    const location = response.headers.get('location')
    const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && method === 'GET' && location !== null
    if (!isRedirect) return await read(response, current, timeout, signal)
    await response.body?.cancel().catch(() => {})
    const next = parse(location, current)
    if (next === null) return 'invalid-url'
    current = next.href
  }
  return 'too-many-redirects'
}

async function read(
  response: Response,
  url: string,
  timeout: AbortSignal,
  signal: AbortSignal | undefined,
): Promise<LocalResponse | HttpFault> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      // Leaving the loop cancels the body.
      if (size > MAX_BODY_BYTES) return 'too-large'
      chunks.push(chunk)
    }
  } catch {
    signal?.throwIfAborted()
    return timeout.aborted ? 'timed-out' : 'unreachable'
  }
  const { status, headers } = response
  return { status, headers, body: new TextDecoder().decode(Buffer.concat(chunks)), url }
}

function faultOfUrl(url: string, host: string | undefined): HttpFault | undefined {
  const parsed = parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.username !== '') return 'invalid-url'
  return host !== undefined && parsed.hostname !== host ? 'other-host' : undefined
}

function parse(url: string, base?: string): URL | null {
  try {
    return new URL(url, base)
  } catch {
    return null
  }
}
