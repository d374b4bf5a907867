import { type Cii, wallClockWebSocketUrl } from '../messages/index.js'
import { describeValue, isWebSocketUrl, parseUdpUrl } from '../validation/index.js'
import { type AllowedHosts, type CiiOrigin, refusal } from './companion-hosts.js'

/**
 * A wrong address in CII: `unspecified-host`, for which the host of CII is taken; `bad-url`, which is not a URL of the right
 * kind; `refused-host`, which `allowedHosts` does not permit.
 */
export interface AddressProblem {
  readonly reason: 'unspecified-host' | 'bad-url' | 'refused-host'
  readonly detail: string
}

/** Where a server is, or why that is not known. */
export type Address = { readonly problems: readonly AddressProblem[] } & (
  | { readonly url: string }
  | { readonly url?: undefined; readonly missing: 'no-wall-clock' | 'no-udp' | 'no-ts'; readonly detail: string }
)

/** Where the servers may be. */
export interface HostRule {
  readonly allowedHosts: AllowedHosts
  readonly origin: CiiOrigin
}

export interface WallClockWishes {
  /** Whether udp:// can be used here. */
  readonly hasUdp: boolean
  /** Whether a WebSocket is to be used where there is a choice. */
  readonly preferWebSocket: boolean
}

const HOST = /^([a-z]+:\/\/)(\[[^\]]*\]|[^:/?#]*)/i
/** 0.0.0.0, ::, and however else "all of my addresses" is written; nobody can be reached there. */
const UNSPECIFIED = /^(?:\[?[0:.]*(?:ffff:)?[0:.]*\]?|\*)$/i

/** Where the timelines are asked for. @param rule says where CII came from. */
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
 * Where to ask for the wall clock: over UDP where that can be done, else over a WebSocket, which `wcUrl` or private data
 * may offer.
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

/** The URL, with the host that CII came from in the place of one that means "here, on all addresses". */
function reachable(property: string, url: string, ciiUrl: string): { url: string; problems: AddressProblem[] } {
  const [start = '', , host] = HOST.exec(url) ?? []
  // Nothing at all is no address, but a port alone is one.
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
