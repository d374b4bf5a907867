import { isIPv6 } from 'node:net'
import { type OptionType, option } from '../../validation/index.js'
import type { Authority } from './connection.js'

/** A DNS name has at most 253 characters (RFC 1035, 2.3.4, without the encoding of labels); with brackets, port and a dot at the end. */
const MAX_AUTHORITY_LENGTH = 260
/** Longer than any realistic path of a proxy. Limited because every URL in every CII message repeats it. */
const MAX_PREFIX_LENGTH = 512

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const AUTHORITY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*\\.?|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?$`)
/** Segments of RFC 3986's pchar, without quotes, and without the comma that separates the values of a header. */
const PREFIX = /^(?:\/(?:[A-Za-z0-9._~!$&()*+;=:@-]|%[0-9A-Fa-f]{2})+)+$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i
const PUBLIC_URL_PARTS = /^(https?|wss?):\/\/([^/?#]*)([^?#]*)$/i

export interface HostAndPort {
  /** The host in the form that it has in a URL. */
  readonly host: string
  /** Undefined if no port was given. */
  readonly port?: number
}

/** @returns undefined unless the text is a host, with or without a port, that clients could reach. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  if (text.length > MAX_AUTHORITY_LENGTH || !AUTHORITY.test(text)) return undefined
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined
  // A URL omits the default port of its scheme.
  const named = /:(\d+)$/.exec(text.replace(/^\[.*\]/, ''))?.[1]
  if (url === undefined || isNobody(url.hostname) || Number(named ?? 80) === 0) return undefined
  return named === undefined ? { host: url.hostname } : { host: url.hostname, port: Number(named) }
}

/**
 * The path prefix that a proxy strips: `/css`. Trailing slashes are removed and a missing leading slash is added; an empty text or
 * slashes alone mean no prefix.
 * @returns undefined if the text is not a path.
 */
export function parsePathPrefix(text: string): string | undefined {
  if (text.length > MAX_PREFIX_LENGTH) return undefined
  const path = text.replace(/\/+$/, '')
  if (path === '') return ''
  const prefix = path.startsWith('/') ? path : `/${path}`
  return PREFIX.test(prefix) && !DOT_SEGMENT.test(prefix) ? prefix : undefined
}

/** The address at which clients reach this server through a proxy, from its public URL; undefined if the URL is invalid. */
export function parsePublicUrl(url: unknown): Authority | undefined {
  const [, scheme = '', authority = '', path = ''] = (typeof url === 'string' && PUBLIC_URL_PARTS.exec(url)) || []
  const found = parseHostAndPort(authority)
  const prefix = parsePathPrefix(path)
  if (found === undefined || prefix === undefined) return undefined
  const secure = /s$/i.test(scheme)
  return { secure, host: found.host, port: found.port ?? defaultPort(secure), prefix }
}

/** The type of an option that takes such a URL. */
export const PUBLIC_URL: OptionType<string> = option.custom(
  'an http, https, ws or wss URL without query or fragment',
  (value) => parsePublicUrl(value) !== undefined,
)

export function defaultPort(secure: boolean): number {
  return secure ? 443 : 80
}

/** The unspecified address, or a link-local one, which is unusable without its zone. */
function isNobody(hostname: string): boolean {
  if (hostname === '0.0.0.0') return true
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIPv6(address) && /^(?:::$|fe[89ab])/i.test(address)
}
