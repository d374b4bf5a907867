import { type OptionType, option } from '../validation/index.js'

/**
 * The hosts that CII may direct a companion to: `same-host` (only the host that CII came from), a list of hosts permitted in
 * addition to that one, or `any`.
 */
export type AllowedHosts = 'same-host' | 'any' | readonly string[]

export const ALLOWED_HOSTS_TYPE: OptionType<AllowedHosts> = option.custom(
  '"same-host", "any" or an array of hosts without scheme and port, such as "192.0.2.7" or "tv.local"',
  (value) => value === 'same-host' || value === 'any' || (Array.isArray(value) && value.every(isHost)),
)

function isHost(value: unknown): boolean {
  return typeof value === 'string' && parseHost(value) !== undefined
}

/** The origin of a CII message. */
export interface CiiOrigin {
  readonly url: string
  /** The resolved IP address of that host, where the platform reports it. */
  readonly remoteAddress: string | undefined
}

/**
 * The rule that forbids connecting to a URL; undefined if it is permitted. Names are compared as text, and IP addresses in
 * canonical form. Names are not resolved, except that of the host that CII came from. Ports are ignored.
 */
export function refusal(url: string, allowed: AllowedHosts, origin: CiiOrigin): string | undefined {
  if (allowed === 'any') return undefined
  if (/^wss:/i.test(origin.url) && /^ws:/i.test(url)) return 'a wss:// URL, because CII came over wss://'
  const host = hostOf(url)
  const hosts = [hostOf(origin.url), origin.remoteAddress, ...(allowed === 'same-host' ? [] : allowed)]
  const isAllowed = host !== undefined && hosts.some((each) => each !== undefined && parseHost(each) === host)
  return isAllowed ? undefined : `a host that allowedHosts permits (${describe(allowed, origin)})`
}

function describe(allowed: AllowedHosts, origin: CiiOrigin): string {
  const own = hostOf(origin.url) ?? origin.url
  return allowed === 'same-host' ? `same-host: ${own}` : [own, ...allowed].join(', ')
}

/** The host of a URL with any scheme, in canonical form. */
export function hostOf(url: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(url)?.[1]
  if (authority === undefined) return undefined
  return parseHost(authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, ''))
}

/** Canonical form, as the WHATWG URL standard defines it: one notation for each IP address, names in lower case. */
function parseHost(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  const written = bare.includes(':') ? `[${bare}]` : bare
  if (written === '' || /[/?#@\\\s]/.test(written) || !URL.canParse(`ws://${written}/`)) return undefined
  const { hostname, port } = new URL(`ws://${written}/`)
  if (port !== '') return undefined
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname)
  if (mapped !== null) return ipv4(Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16))
  return hostname.replace(/\.$/, '')
}

function ipv4(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
