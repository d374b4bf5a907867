import { Clock } from '../clocks/index.js'
import { checkPositive, checkString, show } from '../validation/index.js'
import { type AllowedHosts, checkAllowedHosts } from './companion-hosts.js'
import { type CiiClientOptions, type Platform, TsClient, type TsClientSettings } from './connections/index.js'
import { WallClockClient, type WallClockClientOptions } from './wall-clock/index.js'

export interface CompanionOptions {
  /** The timeline to follow. Default: the first one that the television offers. */
  timelineSelector?: string
  /** Ticks per second of that timeline. Needed only where neither CII nor the selector tells. */
  tickRate?: number
  /** What the content id must begin with for there to be a position. Default `''`: any content. */
  contentIdStem?: string
  /** Where to ask for the wall clock, whatever CII says: `udp://host:port`, `ws://…` or `wss://…`. */
  wallClockUrl?: string
  /** Whether to ask over a WebSocket even where there is UDP. Default false. */
  preferWebSocketWallClock?: boolean
  /**
   * Which hosts CII may name: `same-host`, the one that CII came from; a list of hosts besides that one; `any`. With all but `any`,
   * CII over `wss://` may not name a `ws://` URL. Names are compared as they are written, and with the address that CII came
   * from, which a browser does not know. `wallClockUrl` is not checked.
   *
   * Default `any`: the standard lets CII name any host, and televisions name an address where the companion used a name.
   * `same-host` where `ts.headers` are given, because these are sent to the host that CII names.
   */
  allowedHosts?: AllowedHosts
  /** The clock of this device that all is told by. Default: a SystemClock. */
  parentClock?: Clock
  /** How servers are reached. Default: over WebSockets, and in Node over UDP. A client's own `openSocket` comes first. */
  platform?: Platform
  cii?: CiiClientOptions
  /** `holdSeconds` is 20 by default. */
  ts?: Omit<TsClientSettings, 'contentIdStem' | 'timelineSelector' | 'unwrapper' | 'beforeResuming'>
  wallClock?: Omit<WallClockClientOptions, 'transport' | 'parentClock' | 'platform'>
}

/** The option, or its default. */
export function allowedHostsOf({ allowedHosts, ts }: CompanionOptions): AllowedHosts {
  return allowedHosts ?? (ts?.headers === undefined ? 'any' : 'same-host')
}

/** @throws TypeError, RangeError that name the option. */
export function checkCompanionOptions(options: CompanionOptions, parentClock: Clock): void {
  const { timelineSelector, tickRate, contentIdStem = '', wallClockUrl } = options
  if (!(parentClock instanceof Clock)) throw new TypeError(`parentClock: expected a Clock, got ${show(parentClock)}`)
  if (timelineSelector !== undefined && checkString('timelineSelector', timelineSelector) === '') {
    throw new RangeError("timelineSelector: expected a URI, got ''")
  }
  if (tickRate !== undefined) {
    checkPositive('tickRate', tickRate, 'ticks per second, above 0')
    if (timelineSelector === undefined) throw new TypeError('tickRate: expected only beside a timelineSelector')
  }
  checkString('contentIdStem', contentIdStem)
  checkAllowedHosts(allowedHostsOf(options))
  // These clients check their options in their constructors: now, and not when CII first names a server.
  const unused = { url: 'unused:', isJson: false, start: () => {}, send: () => {}, stop: () => {} }
  const transport = wallClockUrl ?? unused
  const { clock } = new WallClockClient({
    ...options.wallClock,
    parentClock,
    transport,
    ...(options.platform && { platform: options.platform }),
  })
  new TsClient('ws://unused', {
    ...options.ts,
    wallClock: clock,
    contentIdStem,
    timelineSelector: 'urn:x',
    tickRate: 1,
  })
}
