import { type Cii, wallClockWebSocketUrl } from '../messages/index.js'
import { describeValue, isWebSocketUrl, parseUdpUrl } from '../validation/index.js'
import { type AllowedHosts, type CiiOrigin, refusal } from './companion-hosts.js'

/**
 * An unusable address in CII. `unspecified-host`: a wildcard address such as 0.0.0.0, replaced by the host of CII. `bad-url`: not
 * a URL with a supported scheme. `refused-host`: a host that `allowedHosts` does not permit.
 */
export interface AddressProblem {
  readonly reason: 'unspecified-host' | 'bad-url' | 'refused-host'
  readonly detail: string
}

/** The URL of a server, or the reason why none is known. */
export type Address = { readonly problems: readonly AddressProblem[] } & (
  | { readonly url: string }
  | { readonly url?: undefined; readonly missing: 'no-wall-clock' | 'no-udp' | 'no-ts'; readonly detail: string }
)

/** Options that affect which URLs are used. */
export interface HostRule {
  readonly allowedHosts: AllowedHosts
  readonly origin: CiiOrigin
}

export interface WallClockWishes {
  /** Whether the platform supports udp://. */
  readonly hasUdp: boolean
  /** Whether to prefer a WebSocket where both are possible. */
  readonly preferWebSocket: boolean
}

const HOST = /^([a-z]+:\/\/)(\[[^\]]*\]|[^:/?#]*)/i
/** The unspecified address in its various notations (0.0.0.0, ::). A client cannot connect to it. */
const UNSPECIFIED = /^(?:\[?[0:.]*(?:ffff:)?[0:.]*\]?|\*)$/i

/** The URL of the CSS-TS endpoint. @param rule has the origin of the CII message. */
export function findTimelines(cii: Cii, rule: HostRule): Address {
  if (typeof cii.tsUrl !== 'string') {
    return { missing: 'no-ts', detail: 'CII has no tsUrl: the television offers no timelines', problems: [] }
  }
  const { url, problems } = reachable('tsUrl', cii.tsUrl, rule.origin.url)
  if (isWebSocketUrl(url)) {
    const refused = refusedUrl('tsUrl', url, rule)
    return refused === undefined ? { url, problems } : { missing: 'no-ts', detail: refused.detail, problems: [refused] }
  }
  const problem = badUrl('tsUrl', 'ws://… or wss://…', cii.tsUrl)
  return { missing: 'no-ts', detail: problem.detail, problems: [problem] }
}

/**
 * The URL of the wall clock: UDP where the platform supports it, otherwise a WebSocket from `wcUrl` or from private data.
 */
export function findWallClock(cii: Cii, rule: HostRule, wishes: WallClockWishes): Address {
  const found = findAnyWallClock(cii, rule.origin.url, wishes)
  const refused = found.url === undefined ? undefined : refusedUrl('wcUrl', found.url, rule)
  return refused === undefined ? found : { missing: 'no-wall-clock', detail: refused.detail, problems: [refused] }
}

function findAnyWallClock(cii: Cii, ciiUrl: string, { hasUdp, preferWebSocket }: WallClockWishes): Address {
  const { wcUrl } = cii
  const webSocketUrl = wallClockWebSocketUrl(cii)
  const udp = typeof wcUrl === 'string' && /^udp:/i.test(wcUrl) ? reachable('wcUrl', wcUrl, ciiUrl) : undefined
  const isUdp = udp !== undefined && parseUdpUrl(udp.url) !== undefined
  if (isUdp && hasUdp && !(preferWebSocket && webSocketUrl !== undefined)) return udp
  const problems = typeof wcUrl === 'string' && !isUdp && !isWebSocketUrl(wcUrl) ? [badWallClockUrl(wcUrl)] : []
  if (webSocketUrl !== undefined) {
    const found = reachable('wcUrl', webSocketUrl, ciiUrl)
    if (isWebSocketUrl(found.url)) return { url: found.url, problems: [...problems, ...found.problems] }
  }
  if (isUdp) {
    const detail = `the wall clock is at ${describeValue(wcUrl)}, UDP is not available here, and CII names no WebSocket for it`
    return { missing: 'no-udp', detail, problems }
  }
  const detail = problems[0]?.detail ?? 'CII has no wcUrl: the television offers no wall clock'
  return { missing: 'no-wall-clock', detail, problems }
}

/** The URL, with an unspecified host replaced by the host that CII came from. */
function reachable(property: string, url: string, ciiUrl: string): { url: string; problems: AddressProblem[] } {
  const [start = '', , host] = HOST.exec(url) ?? []
  // An empty authority is invalid; a port without a host is accepted.
  const isMeant = host !== undefined && UNSPECIFIED.test(host) && (host !== '' || url[start.length] === ':')
  if (!isMeant || !URL.canParse(ciiUrl)) return { url, problems: [] }
  const { hostname } = new URL(ciiUrl)
  const detail = `${property} names no particular host: ${describeValue(url)}; using ${hostname}, the host of CII`
  return {
    url: url.replace(HOST, (_all, scheme: string) => `${scheme}${hostname}`),
    problems: [{ reason: 'unspecified-host', detail }],
  }
}

function refusedUrl(property: string, url: string, { allowedHosts, origin }: HostRule): AddressProblem | undefined {
  const expected = refusal(url, allowedHosts, origin)
  if (expected === undefined) return undefined
  return { reason: 'refused-host', detail: `${property} must be ${expected}; received ${describeValue(url)}` }
}

function badWallClockUrl(url: string): AddressProblem {
  return badUrl('wcUrl', 'udp://host:port, ws://… or wss://…', url)
}

function badUrl(property: string, expected: string, url: string): AddressProblem {
  return { reason: 'bad-url', detail: `${property} must be ${expected}; received ${describeValue(url)}` }
}
