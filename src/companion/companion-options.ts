import { CLOCK_TYPE, type Clock, SystemClock, TICK_RATE_TYPE } from '../clocks/index.js'
import {
  ConflictingOptionError,
  checkOptions,
  type OptionTable,
  option,
  parseUdpUrl,
  wallClockUrl,
} from '../validation/index.js'
import { ALLOWED_HOSTS_TYPE, type AllowedHosts } from './companion-hosts.js'
import {
  type CiiClientOptions,
  checkSocketUrl,
  PLATFORM_OPTIONS,
  type Platform,
  SOCKET_OPTIONS,
  TS_SETTINGS,
  type TsClientSettings,
} from './connections/index.js'
import {
  checkWallClockLimits,
  noUdpError,
  WALL_CLOCK_SETTINGS,
  type WallClockClientOptions,
} from './wall-clock/index.js'

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
  /** The clock of this device, which all others are derived from. Default: a SystemClock. */
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

// The companion sets the rest.
const { contentIdStem, timelineSelector, unwrapper, beforeResuming, ...TS_OPTIONS } = TS_SETTINGS

const OPTIONS: OptionTable<CompanionOptions> = {
  timelineSelector: option.string({ nonEmpty: true }),
  tickRate: TICK_RATE_TYPE,
  contentIdStem: option.withDefault(option.string(), ''),
  wallClockUrl: wallClockUrl(),
  preferWebSocketWallClock: option.withDefault(option.boolean(), false),
  allowedHosts: ALLOWED_HOSTS_TYPE,
  parentClock: CLOCK_TYPE,
  platform: option.object(PLATFORM_OPTIONS),
  cii: option.object(SOCKET_OPTIONS),
  ts: option.object<NonNullable<CompanionOptions['ts']>>(TS_OPTIONS),
  wallClock: option.object(WALL_CLOCK_SETTINGS),
}

/**
 * Checks all options at once, also those of clients that are made when CII first names their servers.
 *
 * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError, ConflictingOptionError; DvbcssError `DVBCSS_ERR_NO_UDP`
 */
export function checkCompanionOptions(ciiUrl: string, options: CompanionOptions): void {
  const checked = checkOptions(OPTIONS, options)
  checkSocketUrl('ciiUrl', ciiUrl, checked.cii?.openSocket)
  if (checked.tickRate !== undefined && checked.timelineSelector === undefined) {
    throw new ConflictingOptionError('tickRate', 'requires timelineSelector: it is the tick rate of that timeline')
  }
  if (parseUdpUrl(checked.wallClockUrl) !== undefined && checked.platform?.createUdpTransport === undefined) {
    throw noUdpError('wallClockUrl')
  }
  checkWallClockLimits(checked.wallClock ?? {}, checked.parentClock ?? new SystemClock(), 'wallClock.')
}
