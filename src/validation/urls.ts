import { describeValue } from './describe-value.js'
import { DvbcssError } from './errors.js'
import type { OptionType } from './option-types.js'
import { visible } from './visible-text.js'

/** Where a UDP server is. */
export interface UdpAddress {
  /** A name or an address, an IPv6 one without brackets. */
  readonly host: string
  readonly port: number
}

const WEB_SOCKET_EXPECTED = 'a ws:// or wss:// URL'
const UDP_EXPECTED = 'a URL udp://host:port'
const WALL_CLOCK_EXPECTED = 'a URL udp://host:port, ws://… or wss://…'
const UDP = /^udp:\/\/(?:\[([\da-f:.]+(?:%[^\]/\s]+)?)\]|([^:/?#@[\]\s]+)):(\d{1,5})\/?$/i

/** A URL that cannot be used: misspelt, or of the wrong kind. Code `DVBCSS_ERR_INVALID_URL`. */
export class InvalidUrlError extends DvbcssError {
  /** The name of the argument or option. */
  readonly option: string

  /** @param expected To follow "must be": `a ws:// or wss:// URL`. */
  constructor(option: string, expected: string, value: unknown) {
    const received = typeof value === 'string' && value.includes('://') ? displayUrl(value) : describeValue(value)
    super('DVBCSS_ERR_INVALID_URL', `"${option}" must be ${expected}; received ${received}`)
    this.option = option
  }
}

/** Whether a text is a URL that a WebSocket can be opened to: `ws://` or `wss://`, and without a fragment. */
export function isWebSocketUrl(text: unknown): text is string {
  return typeof text === 'string' && /^wss?:\/\//i.test(text) && URL.canParse(text) && !text.includes('#')
}

/** Reads `udp://host:port`; undefined for anything else. Brackets around an IPv6 address are removed. */
export function parseUdpUrl(text: unknown): UdpAddress | undefined {
  const match = typeof text === 'string' ? UDP.exec(text) : null
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** `host:port` as in a URL: an IPv6 address is put in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** @throws InvalidUrlError */
export function checkUdpUrl(option: string, url: unknown): UdpAddress {
  const address = parseUdpUrl(url)
  if (address === undefined) throw new InvalidUrlError(option, UDP_EXPECTED, url)
  return address
}

/** The URL of a WebSocket server. Anything else throws an {@link InvalidUrlError}. */
export function webSocketUrl(): OptionType<string> {
  return urlType(WEB_SOCKET_EXPECTED, isWebSocketUrl)
}

/** The URL of a wall clock server: over UDP, or over a WebSocket. Anything else throws an {@link InvalidUrlError}. */
export function wallClockUrl(): OptionType<string> {
  return urlType(WALL_CLOCK_EXPECTED, isWallClockUrl)
}

function isWallClockUrl(text: unknown): text is string {
  return isWebSocketUrl(text) || parseUdpUrl(text) !== undefined
}

/** A URL for errors and logs: without a password, and without the query, which may contain a token. */
export function displayUrl(url: string): string {
  if (!URL.canParse(url)) return describeValue(url)
  const { protocol, host, pathname, search } = new URL(url)
  return visible(`${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`)
}

function urlType(expected: string, isUrl: (value: unknown) => boolean): OptionType<string> {
  return {
    expected,
    // With an error of its own instead of an InvalidOptionError.
    accepts: () => true,
    convert: (value, option) => {
      if (!isUrl(value)) throw new InvalidUrlError(option, expected, value)
      return value
    },
  }
}
