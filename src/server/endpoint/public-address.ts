import { isIPv6 } from 'node:net'
import { type OptionType, option } from '../../validation/index.js'
import type { Authority } from './connection.js'

/** A DNS name has at most 253 characters (RFC 1035, 2.3.4, without the encoding of labels); with brackets, port and a dot at the end. */
const MAX_AUTHORITY_LENGTH = 260
/** Longer than any path that somebody mounts a proxy at; every URL in every CII message repeats it. */
const MAX_PREFIX_LENGTH = 512

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const AUTHORITY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*\\.?|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?$`)
/** Segments of RFC 3986's pchar, without quotes, and without the comma that separates the values of a header. */
const PREFIX = /^(?:\/(?:[A-Za-z0-9._~!$&()*+;=:@-]|%[0-9A-Fa-f]{2})+)+$/
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i
const PUBLIC_URL_PARTS = /^(https?|wss?):\/\/([^/?#]*)([^?#]*)$/i

export interface HostAndPort {
  /** Fit for a URL, in the form in which a URL has it. */
  readonly host: string
  /** Left out where it was not named. */
  readonly port?: number
}

/** @returns undefined for anything but a host, with or without a port, at which a client could reach this server. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  if (text.length > MAX_AUTHORITY_LENGTH || !AUTHORITY.test(text)) return undefined
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined
  // A URL leaves out the port where it is the scheme's own.
  const named = /:(\d+)$/.exec(text.replace(/^\[.*\]/, ''))?.[1]
  if (url === undefined || isNobody(url.hostname) || Number(named ?? 80) === 0) return undefined
  return named === undefined ? { host: url.hostname } : { host: url.hostname, port: Number(named) }
}

/**
 * The path in front of all paths, as a proxy strips it: `/css`. Slashes at its end are taken off, one that is missing at its beginning
 * is added; nothing, or slashes alone, are no prefix.
 * @returns undefined for what is not a path.
 */
export function parsePathPrefix(text: string): string | undefined {
  if (text.length > MAX_PREFIX_LENGTH) return undefined
  const path = text.replace(/\/+$/, '')
  if (path === '') return ''
  const prefix = path.startsWith('/') ? path : `/${path}`
  return PREFIX.test(prefix) && !DOT_SEGMENT.test(prefix) ? prefix : undefined
}

/** Where clients reach this server from outside, by the URL that a proxy has there; undefined for anything but such a URL. */
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

/** An address of all machines, or one that leads nowhere without its zone. */
function isNobody(hostname: string): boolean {
  if (hostname === '0.0.0.0') return true
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIPv6(address) && /^(?:::$|fe[89ab])/i.test(address)
}
