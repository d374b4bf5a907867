import { Clock, SystemClock } from '../../clocks/index.js'
import { checkFunction, checkNotNegative, checkPositive, show } from '../../validation/index.js'
import type { Platform, WallClockTransport } from '../connections/index.js'
import type { CandidateAlgorithm } from './candidate-algorithm.js'
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
import { type WallClockEncoding, WebSocketWallClockTransport } from './websocket-wall-clock-transport.js'

export interface SlewOptions {
  /** By how much the clock may run faster or slower to get to a new reading, in parts per million. Default 500. */
  maxRatePpm?: number
  /** A larger difference is jumped all the same, in seconds. Default 1. */
  stepAboveSeconds?: number
}

/** Timers, as setTimeout and clearTimeout are. */
export interface WallClockTimers {
  set(callback: () => void, millis: number): unknown
  clear(timer: unknown): void
}

export interface WallClockClientOptions {
  /** How to reach the server, or its URL: `ws://…`, `wss://…`, or `udp://host:port` where there is UDP, as in Node. */
  transport: WallClockTransport | string
  /** For a WebSocket URL: how the messages travel. Default `binary`. */
  encoding?: WallClockEncoding
  /** The clock that the wall clock is told by. Default: a SystemClock. */
  parentClock?: Clock
  /** Which answers to follow. Default: a {@link NarrowestIntervalAlgorithm}. */
  algorithm?: CandidateAlgorithm
  /** Seconds between requests once the clock has settled, up to 1,000,000. Default 1. */
  requestIntervalSeconds?: number
  /**
   * Seconds between requests at least, whatever happens, up to `requestIntervalSeconds`. Default 0: at the start and after a
   * step, the next request follows as soon as the last is answered.
   */
  minRequestIntervalSeconds?: number
  /**
   * The clock is unavailable while it may be off by more, in seconds. More than what the parent clock alone may drift in
   * `requestIntervalSeconds`. A server whose stated precision is not below it is refused. Default 1, plus the precision that
   * the server states.
   */
  maxDispersionSeconds?: number
  /** Answers that take longer are not used. In seconds, up to 1,000,000. Default 1. */
  responseTimeoutSeconds?: number
  /** How long to wait for a follow-up that was promised. In seconds, up to 1,000,000. Default 0.2. */
  followUpTimeoutSeconds?: number
  /** Whether the clock runs faster or slower to get to a new reading, instead of jumping there. Default false. */
  slew?: boolean | SlewOptions
  /**
   * A clock in milliseconds that goes on while the machine sleeps, when the parent clock may stand still: the client
   * compares the two to find out that it has slept. Default: `Date.now`.
   */
  timeOfDay?: MillisecondSource
  /** How a URL is reached. Default: over WebSockets, and in Node over UDP. */
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
  readonly timeOfDay: MillisecondSource
  readonly timers: WallClockTimers
}

const GLOBAL_TIMERS: WallClockTimers = {
  set: (callback, millis) => setTimeout(callback, millis),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}

/** A clock that is slewed by more hardly tells the time of anything. */
const MAX_SLEW_PPM = 100_000

/** @throws TypeError, RangeError that name the option, what it got and what it takes. */
export function checkWallClockOptions(options: WallClockClientOptions): WallClockSettings {
  const parentClock = options.parentClock ?? new SystemClock()
  if (!(parentClock instanceof Clock)) throw new TypeError(`parentClock: expected a Clock, got ${show(parentClock)}`)
  if (!(parentClock.maxFreqErrorPpm <= MAX_FREQ_ERROR_PPM)) {
    const got = `${parentClock.name} with ${parentClock.maxFreqErrorPpm} ppm`
    throw new RangeError(`parentClock: expected a frequency error of ${MAX_FREQ_ERROR_PPM} ppm at most, got ${got}`)
  }
  const seconds = (option: keyof WallClockClientOptions, fallback: number): number =>
    checkDuration(option, options[option] ?? fallback)
  const requestIntervalSeconds = seconds('requestIntervalSeconds', DEFAULT_REQUEST_INTERVAL_SECONDS)
  return {
    transport: transportOf(options),
    parentClock,
    algorithm: checkAlgorithm(options.algorithm ?? new NarrowestIntervalAlgorithm()),
    requestIntervalSeconds,
    minRequestIntervalSeconds: checkMinInterval(options.minRequestIntervalSeconds, requestIntervalSeconds),
    maxDispersionSeconds: checkMaxDispersion(options.maxDispersionSeconds, requestIntervalSeconds, parentClock),
    responseTimeoutSeconds: seconds('responseTimeoutSeconds', DEFAULT_RESPONSE_TIMEOUT_SECONDS),
    followUpTimeoutSeconds: seconds('followUpTimeoutSeconds', DEFAULT_FOLLOW_UP_TIMEOUT_SECONDS),
    slew: slewLimitsOf(options.slew ?? false),
    timeOfDay: options.timeOfDay === undefined ? () => Date.now() : checkFunction('timeOfDay', options.timeOfDay),
    timers: options.timers ?? GLOBAL_TIMERS,
  }
}

function checkDuration(option: string, value: unknown): number {
  const takes = `seconds, above 0 and up to ${MAX_DURATION_SECONDS}`
  const seconds = checkPositive(option, value, takes)
  if (seconds > MAX_DURATION_SECONDS) throw new RangeError(`${option}: expected ${takes}, got ${seconds}`)
  return seconds
}

function checkMinInterval(value: unknown, requestIntervalSeconds: number): number {
  const option = 'minRequestIntervalSeconds'
  const seconds = checkNotNegative(option, value ?? DEFAULT_MIN_REQUEST_INTERVAL_SECONDS, 'seconds, 0 or more')
  if (seconds <= requestIntervalSeconds) return seconds
  throw new RangeError(`${option}: expected requestIntervalSeconds (${requestIntervalSeconds}) at most, got ${seconds}`)
}

/** @returns undefined for the default. */
function checkMaxDispersion(
  value: unknown,
  requestIntervalSeconds: number,
  { maxFreqErrorPpm }: Clock,
): number | undefined {
  if (value === undefined) return undefined
  const option = 'maxDispersionSeconds'
  const seconds = checkPositive(option, value, 'seconds, above 0')
  const drift = (requestIntervalSeconds * maxFreqErrorPpm) / 1e6
  if (seconds > drift) return seconds
  // Otherwise the clock would become unavailable between any two answers.
  const why = `what the parent clock may drift in ${requestIntervalSeconds} s at ${maxFreqErrorPpm} ppm`
  throw new RangeError(`${option}: expected more than ${drift}, ${why}, got ${seconds}`)
}

function checkAlgorithm(algorithm: CandidateAlgorithm): CandidateAlgorithm {
  if (typeof algorithm?.add === 'function' && typeof algorithm.reset === 'function') return algorithm
  throw new TypeError(`algorithm: expected an object with the methods add and reset, got ${show(algorithm)}`)
}

function slewLimitsOf(slew: boolean | SlewOptions): SlewLimits | undefined {
  if (slew === false) return undefined
  if (slew !== true && (typeof slew !== 'object' || slew === null)) {
    throw new TypeError(`slew: expected a boolean or an object, got ${show(slew)}`)
  }
  const { maxRatePpm = 500, stepAboveSeconds = 1 } = slew === true ? {} : slew
  checkPositive('slew.maxRatePpm', maxRatePpm, 'parts per million, above 0')
  if (maxRatePpm > MAX_SLEW_PPM) {
    throw new RangeError(`slew.maxRatePpm: expected ${MAX_SLEW_PPM} at most, got ${maxRatePpm}`)
  }
  checkNotNegative('slew.stepAboveSeconds', stepAboveSeconds, 'seconds, 0 or more')
  return { maxRatePpm, stepAboveSeconds }
}

function transportOf({ transport, encoding, platform = {} }: WallClockClientOptions): WallClockTransport {
  if (typeof transport === 'object' && transport !== null) return transport
  const scheme = typeof transport === 'string' ? transport.slice(0, transport.indexOf(':') + 1).toLowerCase() : ''
  if (scheme === 'ws:' || scheme === 'wss:') {
    const { openSocket } = platform
    return new WebSocketWallClockTransport(transport, {
      ...(encoding && { encoding }),
      ...(openSocket && { openSocket }),
    })
  }
  if (scheme === 'udp:') {
    const udp = platform.createUdpTransport?.(transport)
    if (udp !== undefined) return udp
    throw new TypeError(`transport: expected a ws:// or wss:// URL, because there is no UDP here, got ${transport}`)
  }
  throw new TypeError(`transport: expected a udp://, ws:// or wss:// URL or a transport, got ${show(transport)}`)
}
