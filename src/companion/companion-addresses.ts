import { type Cii, wallClockWebSocketUrl } from '../messages/index.js'
import type { ForgivenKind } from '../messages/lenient/index.js'
import { describeValue, isLoopback, isWebSocketUrl, parseUdpUrl } from '../validation/index.js'
import { type AllowedHosts, type CiiOrigin, hostOf, refusal } from './companion-hosts.js'

/**
 * A fault of an address in CII. Those that {@link isForgiven} were completed or corrected. `bad-url`: not a URL with a supported
 * scheme. `refused-host`: a host that `allowedHosts` does not permit.
 */
export interface AddressProblem {
  readonly reason: ForgivenAddress | 'bad-url' | 'refused-host'
  readonly detail: string
}

/**
 * How an address was completed. `unspecified-host`: a wildcard address such as 0.0.0.0, replaced by the host of CII.
 * `loopback-host`: an address of the television for itself, likewise. `relative-url`: resolved against the URL of CII. `http-url`:
 * an http:// URL, used as ws://.
 */
type ForgivenAddress = ForgivenKind & ('unspecified-host' | 'loopback-host' | 'relative-url' | 'http-url')

const FORGIVEN: readonly string[] = ['unspecified-host', 'loopback-host', 'relative-url', 'http-url']

/** Whether the address is used in spite of this. */
export function isForgiven(problem: AddressProblem): problem is AddressProblem & { readonly reason: ForgivenAddress } {
  return FORGIVEN.includes(problem.reason)
}

/** The URL of a server, or the reason why none is known. */
export type Address = { readonly problems: readonly AddressProblem[] } & (
  | { readonly url: string }
  | { readonly url?: undefined; readonly missing: 'no-wall-clock' | 'no-udp' | 'no-ts'; readonly detail: string }
)

/** Options that affect which URLs are used. */
export interface HostRule {
  /** Whether to use URLs only as CII states them, except for wildcard addresses. */
  readonly strict: boolean
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
  const { url, problems } = reachable('tsUrl', completed('tsUrl', cii.tsUrl, rule), rule)
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
  const found = findAnyWallClock(cii, rule, wishes)
  const refused = found.url === undefined ? undefined : refusedUrl('wcUrl', found.url, rule)
  return refused === undefined ? found : { missing: 'no-wall-clock', detail: refused.detail, problems: [refused] }
}

function findAnyWallClock(cii: Cii, rule: HostRule, { hasUdp, preferWebSocket }: WallClockWishes): Address {
  const given = typeof cii.wcUrl === 'string' ? completed('wcUrl', cii.wcUrl, rule) : undefined
  const wcUrl = given?.url
  const udp = given !== undefined && /^udp:/i.test(given.url) ? reachable('wcUrl', given, rule) : undefined
  const webSocketUrl = wallClockWebSocketUrl({ ...cii, ...(wcUrl !== undefined && { wcUrl }) })
  const isUdp = udp !== undefined && parseUdpUrl(udp.url) !== undefined
  if (isUdp && hasUdp && !(preferWebSocket && webSocketUrl !== undefined)) return udp
  const isOther = given !== undefined && !isUdp && !isWebSocketUrl(given.url)
  const problems = isOther ? [badWallClockUrl(given.url)] : []
  if (webSocketUrl !== undefined) {
    const isGiven = webSocketUrl === wcUrl
    const found = reachable('wcUrl', isGiven && given ? given : { url: webSocketUrl, problems: [] }, rule)
    if (isWebSocketUrl(found.url)) return { url: found.url, problems: [...problems, ...found.problems] }
  }
  if (isUdp) {
    const detail = `the wall clock is at ${describeValue(wcUrl)}, UDP is not available here, and CII names no WebSocket for it`
    return { missing: 'no-udp', detail, problems }
  }
  const detail = problems[0]?.detail ?? 'CII has no wcUrl: the television offers no wall clock'
  return { missing: 'no-wall-clock', detail, problems }
}

interface Completed {
  readonly url: string
  readonly problems: readonly AddressProblem[]
}

/** The URL; a relative one resolved against that of CII, and an http:// one as ws://. */
function completed(property: string, url: string, { strict, origin }: HostRule): Completed {
  if (strict) return { url, problems: [] }
  const isHttp = /^https?:\/\//i.test(url)
  // A relative URL is a path. Anything else without a scheme, such as host:port, is ambiguous.
  const isRelative = /^(?:\/|\.\.?\/)/.test(url) && URL.canParse(url, origin.url)
  if (!isHttp && !isRelative) return { url, problems: [] }
  const used = isHttp
    ? url.replace(/^http(s?)/i, (_http, secure: string) => `ws${secure.toLowerCase()}`)
    : new URL(url, origin.url).href
  const reason = isHttp ? 'http-url' : 'relative-url'
  const detail = `${property} is not an absolute ws:// or wss:// URL: ${describeValue(url)}; using ${describeValue(used)}`
  return { url: used, problems: [{ reason, detail }] }
}

/** The URL, with a host that the companion cannot reach replaced by the host that CII came from. */
function reachable(property: string, { url, problems }: Completed, { strict, origin }: HostRule): Completed {
  const [start = '', , host] = HOST.exec(url) ?? []
  if (host === undefined || !URL.canParse(origin.url)) return { url, problems }
  // An empty authority is invalid; a port without a host is accepted.
  const isUnspecified = UNSPECIFIED.test(host) && (host !== '' || url[start.length] === ':')
  const { hostname } = new URL(origin.url)
  const isOwn =
    !strict &&
    isLoopback(hostOf(url) ?? '') &&
    ![hostOf(origin.url), origin.remoteAddress].some((each) => isLoopback(each ?? ''))
  if (!isUnspecified && !isOwn) return { url, problems }
  const fault = isUnspecified ? 'names no particular host' : 'names the host itself'
  const detail = `${property} ${fault}: ${describeValue(url)}; using ${hostname}, the host of CII`
  return {
    url: url.replace(HOST, (_all, scheme: string) => `${scheme}${hostname}`),
    problems: [...problems, { reason: isUnspecified ? 'unspecified-host' : 'loopback-host', detail }],
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
