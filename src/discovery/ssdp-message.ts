import { hostAndPort } from '../validation/index.js'
/** UPnP Device Architecture 1.1, clause 1: the group and the port that searches and notices are sent to. */
export const SSDP_PORT = 1900
export const SSDP_GROUP_IPV4 = '239.255.255.250'
export const SSDP_GROUP_IPV6 = 'ff02::c'

/** What HbbTV companions search for (HbbTV 2, clause 14.7). */
export const DIAL_SERVICE_TYPE = 'urn:dial-multiscreen-org:service:dial:1'
export const SEARCH_ALL = 'ssdp:all'

/** Datagrams of SSDP have a few hundred bytes. */
const MAX_MESSAGE_BYTES = 4096
const MAX_HEADERS = 64

/** Why a datagram is not a message of SSDP. */
export type SsdpFault = 'too-large' | 'not-ssdp' | 'invalid-header'

/** Headers by their name in upper case. */
export type SsdpHeaders = ReadonlyMap<string, string>

/** A message of SSDP: a search for devices, a notice of a device, or the response to a search. */
export interface SsdpMessage {
  readonly kind: 'search' | 'notice' | 'response'
  readonly headers: SsdpHeaders
}

const KINDS: Readonly<Record<string, SsdpMessage['kind']>> = { 'M-SEARCH *': 'search', 'NOTIFY *': 'notice' }

/** @returns the message, or what is wrong with it */
export function decodeSsdpMessage(datagram: Uint8Array): SsdpMessage | SsdpFault {
  if (datagram.length > MAX_MESSAGE_BYTES) return 'too-large'
  const [start = '', ...lines] = new TextDecoder().decode(datagram).split(/\r?\n/)
  const kind = kindOf(start)
  if (kind === undefined) return 'not-ssdp'
  const headers = new Map<string, string>()
  for (const line of lines) {
    if (line === '') break
    const colon = line.indexOf(':')
    if (colon < 1 || headers.size === MAX_HEADERS) return 'invalid-header'
    const name = line.slice(0, colon).trim().toUpperCase()
    // Of a repeated header the first one counts.
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
  }
  return { kind, headers }
}

export function encodeSsdpMessage(startLine: string, headers: Readonly<Record<string, string | number>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${oneLine(String(value))}`)
  return Buffer.from([startLine, ...lines, '', ''].join('\r\n'))
}

/** @param maxWaitSeconds within which devices answer, each after a random time (MX) */
export function encodeSearch(group: string, port: number, searchTarget: string, maxWaitSeconds: number): Buffer {
  return encodeSsdpMessage('M-SEARCH * HTTP/1.1', {
    HOST: hostAndPort(group, port),
    MAN: '"ssdp:discover"',
    MX: maxWaitSeconds,
    ST: searchTarget,
  })
}

/** How long what a message says is valid, in seconds, from `CACHE-CONTROL: max-age=…`. */
export function maxAgeOf(headers: SsdpHeaders): number | undefined {
  const seconds = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})\b/i.exec(headers.get('CACHE-CONTROL') ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

function kindOf(startLine: string): SsdpMessage['kind'] | undefined {
  if (/^HTTP\/1\.\d 200\b/.test(startLine)) return 'response'
  const request = /^(.*\S)\s+HTTP\/1\.\d\s*$/.exec(startLine)?.[1]
  return request === undefined ? undefined : KINDS[request]
}

/** A header's value must not become two headers. */
function oneLine(value: string): string {
  return value.replace(/[\r\n]+/g, ' ')
}
