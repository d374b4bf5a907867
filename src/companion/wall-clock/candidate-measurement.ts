import { type Clock, NANOS_PER_SECOND } from '../../clocks/index.js'
import type { WallClockMessage } from '../../messages/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'
import { Candidate } from './candidate.js'
import type { WallClockExchange } from './wall-clock-exchange.js'
import { MAX_FREQ_ERROR_PPM, MAX_PRECISION_SECONDS, WIRE_RESOLUTION_SECONDS } from './wall-clock-limits.js'

/** A value in an answer that a correct server never sends. */
export interface Implausible {
  /** Which value is implausible. `follow-up-contradicts`: the follow-up contradicts its response. */
  readonly reason:
    | 'precision'
    | 'frequency-error'
    | 'transmit-before-receive'
    | 'longer-than-the-round-trip'
    | 'follow-up-contradicts'
  /** Human-readable: what was expected and what was received. */
  readonly detail: string
}

/** The result of {@link measureCandidate}. */
export interface Measured {
  /** The measurement; absent if the exchange yields none. */
  readonly candidate?: Candidate
  /** The implausible value, if any. There may still be a candidate, from the response without its follow-up. */
  readonly implausible?: Implausible
}

/** Options of {@link measureCandidate}. */
export interface MeasureOptions {
  /** Whether the messages were encoded as JSON, whose times are rounded to doubles. Default false. */
  isJson?: boolean
  /** Answers whose stated precision is not below this are rejected, in seconds. Default: no limit. */
  maxDispersionSeconds?: number | undefined
}

const OPTIONS: OptionTable<MeasureOptions, keyof MeasureOptions> = {
  isJson: option.withDefault(option.boolean(), false),
  maxDispersionSeconds: option.withDefault(
    option.number({ above: 0, infinity: true }, 'seconds'),
    Number.POSITIVE_INFINITY,
  ),
}

/**
 * Derives a candidate from an exchange, as {@link WallClockClient} does, for an app that sends its own requests.
 *
 * A follow-up is used only if it is plausible. If the server is delayed between sending the response and reading its clock for the
 * follow-up, the stated time may be later than the reception of the response.
 *
 * ```js
 * const sentTicks = parent.now()
 * // … send a request, receive its answer
 * const receivedTicks = parent.now()
 * const { candidate, implausible } = measureCandidate({ sentTicks, receivedTicks, response: decodeWallClockMessage(bytes) }, parent)
 * if (candidate !== undefined) wallClock.correlation = candidate.correlation()
 * ```
 *
 * @param parent the clock that the exchange was measured with. Its precision and frequency error are part of the error bound.
 * @throws InvalidOptionError, UnknownOptionError
 */
export function measureCandidate(exchange: WallClockExchange, parent: Clock, options: MeasureOptions = {}): Measured {
  const { maxDispersionSeconds, ...checked } = checkOptions(OPTIONS, options)
  const isJson = checked.isJson || exchange.isJson === true
  const { response, followUp } = exchange
  // Accepting it would leave the clock permanently unavailable without an explanation.
  if (response.precisionSeconds >= maxDispersionSeconds) {
    const detail = `expected a precision below maxDispersionSeconds (${maxDispersionSeconds}), received ${response.precisionSeconds}`
    return { implausible: { reason: 'precision', detail } }
  }
  if (followUp === undefined) return measureMessage(exchange, response, false, parent, isJson)
  const contradiction = contradictionOf(response, followUp)
  if (contradiction === undefined) {
    // A server without hardware timestamps reads its clock for the follow-up after `send` has returned, by which time the
    // response may have arrived already: some 50 µs late on the same machine. It is only certain that the response left
    // between the two times. So the estimate is that of the follow-up, and the bound includes the time in the response.
    const doubtSeconds = Number(followUp.transmitNanos - response.transmitNanos) / NANOS_PER_SECOND
    const followed = measureMessage(exchange, followUp, true, parent, isJson, doubtSeconds)
    if (followed.candidate !== undefined) return followed
  }
  const first = measureMessage(exchange, response, false, parent, isJson)
  return first.implausible === undefined && contradiction !== undefined
    ? { ...first, implausible: contradiction }
    : first
}

/**
 * The maximum drift between two clocks, in seconds per second of the first: (1 + s) / (1 − c) − 1. For crystals this is
 * approximately the sum of both errors.
 */
function driftRate(clientPpm: number, serverPpm: number): number {
  const client = clientPpm / 1e6
  return (client + serverPpm / 1e6) / (1 - client)
}

function contradictionOf(response: WallClockMessage, followUp: WallClockMessage): Implausible | undefined {
  const isSame = followUp.receiveNanos === response.receiveNanos
  if (isSame && followUp.transmitNanos >= response.transmitNanos) return undefined
  const detail = isSame
    ? `expected a transmit time not before that of the response (${response.transmitNanos}), received ${followUp.transmitNanos}`
    : `expected the receive time of the response (${response.receiveNanos}), received ${followUp.receiveNanos}`
  return { reason: 'follow-up-contradicts', detail }
}

/**
 * The server read its clock at two moments between t1 and t4. If both frequencies are exact, its clock at t4 is therefore at least
 * t3 and at most t2 + (t4 − t1). Half-way between t1 and t4, the reference point of the candidate, it is
 * (t2 + t3) / 2 ± (rtt / 2 + drift · (t4 − t1) / 2); at t4 the bound is rtt / 2 + drift · (t4 − t1). The usual formula applies
 * mfeS to t3 − t2 only, and ignores the drift of the server's clock while the messages are in transit.
 */
function measureMessage(
  { sentTicks, receivedTicks }: WallClockExchange,
  { precisionSeconds, maxFreqErrorPpm, receiveNanos, transmitNanos }: WallClockMessage,
  followedUp: boolean,
  parent: Clock,
  isJson: boolean,
  doubtSeconds = 0,
): Measured {
  if (!(precisionSeconds <= MAX_PRECISION_SECONDS)) {
    const detail = `expected a precision of at most ${MAX_PRECISION_SECONDS} s, received ${precisionSeconds}`
    return { implausible: { reason: 'precision', detail } }
  }
  if (!(maxFreqErrorPpm <= MAX_FREQ_ERROR_PPM)) {
    const detail = `expected a frequency error of at most ${MAX_FREQ_ERROR_PPM} ppm, received ${maxFreqErrorPpm}`
    return { implausible: { reason: 'frequency-error', detail } }
  }
  if (transmitNanos < receiveNanos) {
    const detail = `expected a transmit time not before the receive time (${receiveNanos}), received ${transmitNanos}`
    return { implausible: { reason: 'transmit-before-receive', detail } }
  }
  const { tickRate } = parent
  const parentTicks = sentTicks + (receivedTicks - sentTicks) / 2
  const ticks = Number(receiveNanos + transmitNanos) / 2
  const elapsedSeconds = (receivedTicks - sentTicks) / tickRate
  const servedSeconds = Number(transmitNanos - receiveNanos) / NANOS_PER_SECOND
  const roundTripSeconds = elapsedSeconds - servedSeconds
  const errorGrowthRate = driftRate(parent.maxFreqErrorPpm, maxFreqErrorPpm)

  // A double rounds a time of day in nanoseconds to multiples of 256, once here and once whenever the clock is read. JSON encodes
  // seconds as doubles, so such times were rounded before they were sent.
  const rounding = 2 * Number.EPSILON * (ticks / NANOS_PER_SECOND + Math.abs(parentTicks) / tickRate)
  const precision =
    precisionSeconds + parent.dispersionAt(receivedTicks) + WIRE_RESOLUTION_SECONDS + rounding * (isJson ? 2 : 1)

  const drift = errorGrowthRate * elapsedSeconds
  if (roundTripSeconds < -(drift + 2 * precision)) {
    const detail = `expected a processing time of at most ${elapsedSeconds} s, the time until the answer, received ${servedSeconds} s`
    return { implausible: { reason: 'longer-than-the-round-trip', detail } }
  }
  const errorSeconds = precision + doubtSeconds + Math.max(roundTripSeconds, 0) / 2 + drift / 2
  return {
    candidate: new Candidate({
      parentTicks,
      ticks,
      speed: 1,
      parentTickRate: tickRate,
      errorSeconds,
      errorGrowthRate,
      roundTripSeconds: Math.max(roundTripSeconds, 0),
      receivedTicks,
      followedUp,
    }),
  }
}
