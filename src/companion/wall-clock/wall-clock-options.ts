import { CLOCK_TYPE, type Clock, SystemClock } from '../../clocks/index.js'
import {
  checkOption,
  checkOptions,
  DvbcssError,
  InvalidOptionError,
  InvalidUrlError,
  isWebSocketUrl,
  type OptionTable,
  option,
  parseUdpUrl,
} from '../../validation/index.js'
import { openStandardSocket, PLATFORM_OPTIONS, type Platform, type WallClockTransport } from '../connections/index.js'
import { AdaptiveWallClockTransport } from './adaptive-wall-clock-transport.js'
import type { CandidateAlgorithm } from './candidate.js'
import { NarrowestIntervalAlgorithm } from './narrowest-interval-algorithm.js'
import type { MillisecondSource } from './sleep-watch.js'
import {
  DEFAULT_FOLLOW_UP_TIMEOUT_SECONDS,
  DEFAULT_MIN_REQUEST_INTERVAL_SECONDS,
  DEFAULT_REQUEST_INTERVAL_SECONDS,
  DEFAULT_RESPONSE_TIMEOUT_SECONDS,
  MAX_DURATION_SECONDS,
  MAX_FREQ_ERROR_PPM,
} from './wall-clock-limits.js'
import type { SlewLimits } from './wall-clock-steering.js'
import { ENCODING_TYPE, type WallClockEncoding, WebSocketWallClockTransport } from './websocket-wall-clock-transport.js'

/** Limits of slewing: correcting the clock by a small change of its rate instead of a jump. */
export interface SlewOptions {
  /** Maximum rate change while slewing, in parts per million. Default 500. */
  maxRatePpm?: number
  /** Larger differences are corrected by a jump instead of a slew, in seconds. Default 1. */
  stepAboveSeconds?: number
}

/** Timer functions, compatible with setTimeout and clearTimeout. */
export interface WallClockTimers {
  /** Calls `callback` once after `millis` milliseconds. @returns a handle for `clear`. */
  set(callback: () => void, millis: number): unknown
  /** Cancels a timer that `set` returned. */
  clear(timer: unknown): void
}

/** Options of a {@link WallClockClient}; only `transport` is required. */
export interface WallClockClientOptions {
  /** The transport to the server, or its URL: `ws://…`, `wss://…`, or `udp://host:port` where there is UDP, as in Node. */
  transport: WallClockTransport | string
  /** Encoding of messages over a WebSocket; for URLs only. Default: `binary`, or `json` if that gets no answer. */
  encoding?: WallClockEncoding
  /** The local clock that the wall clock is derived from. Default: a SystemClock. */
  parentClock?: Clock
  /** Derives the clock from the measurements. Default: a {@link NarrowestIntervalAlgorithm}. */
  algorithm?: CandidateAlgorithm
  /** Seconds between requests once the clock has settled, up to 1,000,000. Default 1. */
  requestIntervalSeconds?: number
  /**
   * Minimum interval between requests, in seconds, up to `requestIntervalSeconds`. Default 0: at the start and after a step, the next
   * request is sent as soon as the last one is answered.
   */
  minRequestIntervalSeconds?: number
  /**
   * The clock is unavailable while its error bound exceeds this, in seconds. Must exceed the drift of the parent clock in
   * `requestIntervalSeconds`. Answers with a stated precision that is not below it are rejected. Default: 1 plus the precision that
   * the server states.
   */
  maxDispersionSeconds?: number
  /** Seconds after which a request times out, up to 1,000,000. Later answers are ignored. Default 1. */
  responseTimeoutSeconds?: number
  /** Seconds to wait for an announced follow-up, up to 1,000,000. Default 0.2. */
  followUpTimeoutSeconds?: number
  /** Whether the clock slews to a new reading instead of jumping. Default false. */
  slew?: boolean | SlewOptions
  /**
   * A clock in milliseconds that continues during sleep, when the parent clock may stop. The client compares the two to detect
   * sleep. Default: `Date.now`.
   */
  timeOfDay?: MillisecondSource
  /**
   * Whether to ignore every answer that deviates from the specification. Default false: the client uses an answer that matches a
   * request, if it understands it, and reports each deviation as a `protocolError` with `forgiven: true`.
   */
  strict?: boolean
  /** The transports for URLs. Default: WebSockets and, in Node, UDP. */
  platform?: Platform
  /** For tests. Default: the global ones. */
  timers?: WallClockTimers
}

export interface WallClockSettings {
  readonly transport: WallClockTransport
  readonly parentClock: Clock
  readonly algorithm: CandidateAlgorithm
  readonly requestIntervalSeconds: number
  readonly minRequestIntervalSeconds: number
  /** Undefined: the default, which depends on the server. */
  readonly maxDispersionSeconds: number | undefined
  readonly responseTimeoutSeconds: number
  readonly followUpTimeoutSeconds: number
  readonly slew: SlewLimits | undefined
  readonly strict: boolean
  readonly timeOfDay: MillisecondSource
  readonly timers: WallClockTimers
}

const GLOBAL_TIMERS: WallClockTimers = {
  set: (callback, millis) => setTimeout(callback, millis),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}

/** A clock that slews faster is of no practical use. */
const MAX_SLEW_PPM = 100_000

const DURATION_TYPE = option.seconds({ above: 0, max: MAX_DURATION_SECONDS })
const DEFAULT_SLEW = { maxRatePpm: 500, stepAboveSeconds: 1 } as const
export const SLEW_OPTIONS: OptionTable<SlewOptions, keyof SlewOptions> = {
  maxRatePpm: option.withDefault(option.number({ above: 0, max: MAX_SLEW_PPM }, 'ppm'), DEFAULT_SLEW.maxRatePpm),
  stepAboveSeconds: option.withDefault(option.number({ min: 0 }, 'seconds'), DEFAULT_SLEW.stepAboveSeconds),
}
const ALGORITHM_TYPE = option.objectWith<CandidateAlgorithm>('add', 'reset')
const TRANSPORT_EXPECTED = 'a URL udp://host:port, ws://… or wss://…, or a transport'

/** The options that a Companion passes through. */
export type WallClockSettingsOptions = Omit<WallClockClientOptions, 'transport' | 'parentClock' | 'platform'>

type DefaultedSettings =
  | 'requestIntervalSeconds'
  | 'minRequestIntervalSeconds'
  | 'responseTimeoutSeconds'
  | 'followUpTimeoutSeconds'
  | 'slew'
  | 'strict'
  | 'timeOfDay'
  | 'timers'

export const WALL_CLOCK_SETTINGS: OptionTable<WallClockSettingsOptions, DefaultedSettings> = {
  encoding: ENCODING_TYPE,
  algorithm: ALGORITHM_TYPE,
  requestIntervalSeconds: option.withDefault(DURATION_TYPE, DEFAULT_REQUEST_INTERVAL_SECONDS),
  minRequestIntervalSeconds: option.withDefault(option.seconds({ min: 0 }), DEFAULT_MIN_REQUEST_INTERVAL_SECONDS),
  maxDispersionSeconds: option.number({ above: 0 }, 'seconds'),
  responseTimeoutSeconds: option.withDefault(DURATION_TYPE, DEFAULT_RESPONSE_TIMEOUT_SECONDS),
  followUpTimeoutSeconds: option.withDefault(DURATION_TYPE, DEFAULT_FOLLOW_UP_TIMEOUT_SECONDS),
  slew: option.withDefault(option.either(option.boolean(), option.object(SLEW_OPTIONS)), false),
  strict: option.withDefault(option.boolean(), false),
  timeOfDay: option.withDefault(option.func<MillisecondSource>(), () => Date.now()),
  timers: option.withDefault(option.objectWith<WallClockTimers>('set', 'clear'), GLOBAL_TIMERS),
}

export const WALL_CLOCK_CLIENT_OPTIONS: OptionTable<WallClockClientOptions, DefaultedSettings> = {
  ...WALL_CLOCK_SETTINGS,
  transport: option.custom(TRANSPORT_EXPECTED, () => true),
  parentClock: CLOCK_TYPE,
  platform: option.object(PLATFORM_OPTIONS),
}

/** @throws InvalidUrlError, InvalidOptionError, UnknownOptionError; DvbcssError `DVBCSS_ERR_NO_UDP` */
export function checkWallClockOptions(options: WallClockClientOptions): WallClockSettings {
  const { slew, ...checked } = checkOptions(WALL_CLOCK_CLIENT_OPTIONS, options)
  const { parentClock = new SystemClock() } = checked
  checkWallClockLimits(checked, parentClock)
  return {
    ...checked,
    transport: transportOf(checked),
    parentClock,
    algorithm: checked.algorithm ?? new NarrowestIntervalAlgorithm(),
    maxDispersionSeconds: checked.maxDispersionSeconds,
    slew: slew === false ? undefined : slew === true ? DEFAULT_SLEW : checkOptions(SLEW_OPTIONS, slew),
  }
}

/**
 * Checks how the options limit each other.
 * @param within the name of the object that the options are in, with a dot.
 * @throws InvalidOptionError
 */
export function checkWallClockLimits(options: WallClockSettingsOptions, parentClock: Clock, within = ''): void {
  const { maxFreqErrorPpm } = parentClock
  const { requestIntervalSeconds = DEFAULT_REQUEST_INTERVAL_SECONDS, minRequestIntervalSeconds = 0 } = options
  if (!(maxFreqErrorPpm <= MAX_FREQ_ERROR_PPM)) {
    const received = `${parentClock.name}: ${maxFreqErrorPpm} ppm`
    throw new InvalidOptionError(
      'parentClock',
      `a Clock with a frequency error up to ${MAX_FREQ_ERROR_PPM} ppm`,
      received,
    )
  }
  if (minRequestIntervalSeconds > requestIntervalSeconds) {
    const expected = `a number of seconds up to requestIntervalSeconds (${requestIntervalSeconds})`
    throw new InvalidOptionError(`${within}minRequestIntervalSeconds`, expected, minRequestIntervalSeconds)
  }
  const driftSeconds = (requestIntervalSeconds * maxFreqErrorPpm) / 1e6
  const { maxDispersionSeconds = Number.POSITIVE_INFINITY } = options
  if (maxDispersionSeconds <= driftSeconds) {
    // Otherwise the clock would become unavailable between any two answers.
    const drift = `the drift of the parent clock in ${requestIntervalSeconds} s at ${maxFreqErrorPpm} ppm`
    const expected = `a number of seconds above ${driftSeconds}, ${drift}`
    throw new InvalidOptionError(`${within}maxDispersionSeconds`, expected, maxDispersionSeconds)
  }
}

function transportOf({
  transport,
  encoding,
  platform = {},
}: Pick<WallClockClientOptions, 'transport' | 'encoding' | 'platform'>): WallClockTransport {
  if (typeof transport !== 'string') {
    const type = option.objectWith<WallClockTransport>('start', 'send', 'stop')
    return checkOption('transport', { ...type, expected: TRANSPORT_EXPECTED }, transport)
  }
  if (isWebSocketUrl(transport)) {
    const { openSocket } = platform
    if (encoding === undefined) {
      return new AdaptiveWallClockTransport(transport, {
        openSocket: openSocket ?? openStandardSocket,
        isApp2App: false,
      })
    }
    return new WebSocketWallClockTransport(transport, {
      encoding,
      ...(openSocket && { openSocket }),
    })
  }
  if (parseUdpUrl(transport) === undefined) throw new InvalidUrlError('transport', TRANSPORT_EXPECTED, transport)
  if (platform.createUdpTransport === undefined) throw noUdpError('transport')
  return platform.createUdpTransport(transport)
}

export function noUdpError(name: string): DvbcssError {
  const remedy = 'use a ws:// or wss:// URL, or pass platform.createUdpTransport'
  return new DvbcssError('DVBCSS_ERR_NO_UDP', `"${name}" is a udp:// URL, but UDP is not available here; ${remedy}`)
}
