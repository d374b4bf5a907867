import { isIPv6 } from 'node:net'
import { InvalidArgumentError } from 'commander'

const MAX_SECONDS = 1_000_000
/** The ports and paths of `dvbcss tv`, for an address without one. */
const DEFAULTS = {
  cii: { scheme: 'ws', port: 7681, path: '/cii' },
  ts: { scheme: 'ws', port: 7681, path: '/ts' },
  wc: { scheme: 'udp', port: 6677, path: '' },
} as const

type Endpoint = keyof typeof DEFAULTS

/** To be shown in help texts. */
export const ADDRESS_FORMS = {
  cii: 'ws://…, wss://…, host, host:port or [::1]:port',
  ts: 'ws://…, wss://…, host, host:port or [::1]:port',
  wc: 'udp://host:port, ws://…, wss://…, host, host:port or [::1]:port',
} as const

/** The address of a CSS-CII endpoint. @returns a ws:// or wss:// URL. */
export function parseCiiAddress(text: string): string {
  return parseAddress(text, 'cii')
}

/** The base URL of App2App. */
export function parseApp2AppUrl(text: string): string {
  if (/^wss?:\/\//i.test(text) && URL.canParse(text) && new URL(text).hash === '') return text
  throw new InvalidArgumentError('Expected ws://… or wss://….')
}

/** The address of a CSS-TS endpoint. @returns a ws:// or wss:// URL. */
export function parseTsAddress(text: string): string {
  return parseAddress(text, 'ts')
}

/** The address of a wall clock. @returns a udp://, ws:// or wss:// URL. */
export function parseWallClockAddress(text: string): string {
  return parseAddress(text, 'wc')
}

/** The address of a CSS-CII endpoint, or with `udp://` of a wall clock. @returns a URL. */
export function parseCiiOrUdpAddress(text: string): string {
  return /^udp:/i.test(text) ? parseUdpAddress(text) : parseCiiAddress(text)
}

/** The address of a wall clock over UDP. @returns a udp:// URL. */
export function parseUdpAddress(text: string): string {
  const url = parseWallClockAddress(text)
  if (url.startsWith('udp:')) return url
  throw new InvalidArgumentError('Expected udp://host:port, host, host:port or [::1]:port.')
}

function parseAddress(text: string, endpoint: Endpoint): string {
  const { scheme, port: defaultPort, path } = DEFAULTS[endpoint]
  if (/^wss?:\/\//i.test(text)) {
    if (URL.canParse(text) && new URL(text).hash === '') return text
  } else {
    const authority = isIPv6(text) ? `[${text}]` : scheme === 'udp' ? text.replace(/^udp:\/\/([^/]*)\/?$/i, '$1') : text
    const [, host, port = defaultPort] = /^(\[[^\s\]/]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?$/.exec(authority) ?? []
    const url = `${scheme}://${host}:${port}${path}`
    if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535 && URL.canParse(url)) return url
  }
  throw new InvalidArgumentError(`Expected ${ADDRESS_FORMS[endpoint]}.`)
}

/** A port to listen on. */
export function parseLocalPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port number from 0 to 65535.')
}

/** A port to send to. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port number from 1 to 65535.')
}

/** A duration. */
export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d*\.?\d+$/.test(text) && seconds >= 0.001 && seconds <= MAX_SECONDS) return seconds
  throw new InvalidArgumentError(`Expected a number of seconds from 0.001 to ${MAX_SECONDS}.`)
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= Number.MAX_SAFE_INTEGER) return count
  throw new InvalidArgumentError('Expected a positive integer.')
}

export function parseSelector(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('Expected a URI, such as urn:dvb:css:timeline:pts.')
}

/** `90000`, or a fraction such as `30000/1001`. */
export function parseTickRate(text: string): number {
  const [, ticks, seconds = '1'] = /^(\d+(?:\.\d+)?)(?:\/(\d+))?$/.exec(text) ?? []
  const rate = Number(ticks) / Number(seconds)
  if (Number.isFinite(rate) && rate > 0) return rate
  throw new InvalidArgumentError('Expected ticks per second above 0, such as 90000 or 30000/1001.')
}
