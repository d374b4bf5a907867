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
  CLIENT_OPTIONS,
  PLATFORM_OPTIONS,
  type Platform,
  TS_SETTINGS,
  type TsClientSettings,
} from './connections/index.js'
import {
  checkWallClockLimits,
  noUdpError,
  WALL_CLOCK_SETTINGS,
  type WallClockClientOptions,
} from './wall-clock/index.js'

/** Options of a {@link Companion}; all are optional. */
export interface CompanionOptions {
  /** The selector of the timeline to follow, a URI. Default: the first timeline that CII lists. */
  timelineSelector?: string
  /** Ticks per second of that timeline. Required only if neither CII nor the selector states it. */
  tickRate?: number
  /** The position is available only for content whose id begins with this stem. Default `''`: any content. */
  contentIdStem?: string
  /** URL of the wall clock, overriding CII: `udp://host:port`, `ws://…` or `wss://…`. Default: from CII. */
  wallClockUrl?: string
  /** Whether to use a WebSocket for the wall clock even where UDP is available. Default false. */
  preferWebSocketWallClock?: boolean
  /**
   * Hosts that CII may name: `same-host` (only the host that CII came from), a list of hosts permitted in addition to that one, or
   * `any`. Unless it is `any`, CII received over `wss://` may not name a `ws://` URL. Names are compared as text, and with the IP
   * address that CII came from, which browsers do not reveal. `wallClockUrl` is not checked.
   *
   * Default `any`: the standard lets CII name any host, and televisions often name an IP address where the companion used a host
   * name. With `ts.headers` the default is `same-host`, because the headers are sent to the host that CII names.
   */
  allowedHosts?: AllowedHosts
  /**
   * Whether to ignore every message that deviates from the specification. Default false: the companion uses what it understands and
   * reports each deviation as a `protocolError` with `forgiven: true`. The `strict` of a client's own options takes precedence.
   */
  strict?: boolean
  /**
   * Whether to report to the television, every second and at changes, what is presented: what a {@link MediaFollower} of this companion
   * plays, otherwise the position of the clock (TS 103 286-2, clause 5.7.4). Default true.
   */
  presentationTimestamps?: boolean
  /** The local clock that all other clocks are derived from. Default: a SystemClock. */
  parentClock?: Clock
  /** The transports. Default: WebSockets and, in Node, UDP. The `openSocket` of a client's own options takes precedence. */
  platform?: Platform
  /** Options of the {@link CiiClient}. */
  cii?: CiiClientOptions
  /** Options of the {@link TsClient}. `holdSeconds` is 20 by default. */
  ts?: Omit<TsClientSettings, 'contentIdStem' | 'timelineSelector' | 'unwrapper' | 'beforeResuming'>
  /** Options of the {@link WallClockClient}. */
  wallClock?: Omit<WallClockClientOptions, 'transport' | 'parentClock' | 'platform'>
}

/** The value of `allowedHosts`, or its default. */
export function allowedHostsOf({ allowedHosts, ts }: CompanionOptions): AllowedHosts {
  return allowedHosts ?? (ts?.headers === undefined ? 'any' : 'same-host')
}

// The companion sets the remaining options of its clients.
const { contentIdStem, timelineSelector, unwrapper, beforeResuming, ...TS_OPTIONS } = TS_SETTINGS

export const COMPANION_OPTIONS: OptionTable<CompanionOptions> = {
  timelineSelector: option.string({ nonEmpty: true }),
  tickRate: TICK_RATE_TYPE,
  contentIdStem: option.withDefault(option.string(), ''),
  wallClockUrl: wallClockUrl(),
  preferWebSocketWallClock: option.withDefault(option.boolean(), false),
  allowedHosts: ALLOWED_HOSTS_TYPE,
  strict: option.withDefault(option.boolean(), false),
  presentationTimestamps: option.withDefault(option.boolean(), true),
  parentClock: CLOCK_TYPE,
  platform: option.object(PLATFORM_OPTIONS),
  cii: option.object(CLIENT_OPTIONS),
  ts: option.object<NonNullable<CompanionOptions['ts']>>(TS_OPTIONS),
  wallClock: option.object(WALL_CLOCK_SETTINGS),
}

/**
 * Checks all options, including those of clients that are created only when CII names their servers.
 *
 * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError, ConflictingOptionError; DvbcssError `DVBCSS_ERR_NO_UDP`
 */
export function checkCompanionOptions(options: CompanionOptions): void {
  const checked = checkOptions(COMPANION_OPTIONS, options)
  if (checked.tickRate !== undefined && checked.timelineSelector === undefined) {
    throw new ConflictingOptionError('tickRate', 'requires timelineSelector: it is the tick rate of that timeline')
  }
  if (parseUdpUrl(checked.wallClockUrl) !== undefined && checked.platform?.createUdpTransport === undefined) {
    throw noUdpError('wallClockUrl')
  }
  checkWallClockLimits(checked.wallClock ?? {}, checked.parentClock ?? new SystemClock(), 'wallClock.')
}
