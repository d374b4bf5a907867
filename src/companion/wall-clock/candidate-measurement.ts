import { type Clock, NANOS_PER_SECOND } from '../../clocks/index.js'
import type { WallClockMessage } from '../../messages/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'
import { Candidate } from './candidate.js'
import type { WallClockExchange } from './wall-clock-exchange.js'
import { MAX_FREQ_ERROR_PPM, MAX_PRECISION_SECONDS, WIRE_RESOLUTION_SECONDS } from './wall-clock-limits.js'

/** A statement that no correct server makes. */
export interface Implausible {
  /** Which statement is implausible. `follow-up-contradicts`: the follow-up does not fit its response. */
  readonly reason:
    | 'precision'
    | 'frequency-error'
    | 'transmit-before-receive'
    | 'longer-than-the-round-trip'
    | 'follow-up-contradicts'
  /** For people: what was expected, and what came. */
  readonly detail: string
}

/** The result of {@link measureCandidate}. */
export interface Measured {
  /** The measurement; absent if the exchange yields none. */
  readonly candidate?: Candidate
  /** What was found fault with; there may be a candidate all the same, of the first response. */
  readonly implausible?: Implausible
}

/** Options of {@link measureCandidate}. */
export interface MeasureOptions {
  /** Whether the messages travelled as JSON, whose times are rounded to doubles. Default false. */
  isJson?: boolean
  /** An answer of a server whose stated precision is not below it is refused, in seconds. Default: no limit. */
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
 * Makes a candidate of an exchange, as {@link WallClockClient} does, for an app that sends its requests itself.
 *
 * A follow-up is used where it can be true: a server that is held up between sending
 * the response and reading its clock for the follow-up states a time at which the client had the response already.
 *
 * ```js
 * const sentTicks = parent.now()
 * // … send a request, receive its answer
 * const receivedTicks = parent.now()
 * const { candidate, implausible } = measureCandidate({ sentTicks, receivedTicks, response: decodeWallClockMessage(bytes) }, parent)
 * if (candidate !== undefined) wallClock.correlation = candidate.correlation()
 * ```
 *
 * @param parent the clock whose ticks are in the exchange: its precision and its frequency error are part of the bound.
 * @throws InvalidOptionError, UnknownOptionError
 */
export function measureCandidate(exchange: WallClockExchange, parent: Clock, options: MeasureOptions = {}): Measured {
  const { maxDispersionSeconds, ...checked } = checkOptions(OPTIONS, options)
  const isJson = checked.isJson || exchange.isJson === true
  const { response, followUp } = exchange
  // Taken, it would leave a clock that never becomes available, and nobody knows why.
  if (response.precisionSeconds >= maxDispersionSeconds) {
    const detail = `expected a precision below maxDispersionSeconds (${maxDispersionSeconds}), received ${response.precisionSeconds}`
    return { implausible: { reason: 'precision', detail } }
  }
  if (followUp === undefined) return measureMessage(exchange, response, false, parent, isJson)
  const contradiction = contradictionOf(response, followUp)
  if (contradiction === undefined) {
    // A server without timestamps from its network card reads its clock for the follow-up after the send has returned,
    // when the response may have arrived already: on one machine, some 50 µs late. So only this is sure, that it left
    // between the two times: the estimate is the follow-up's, and the bound reaches as far as that of the response.
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
 * By how much two clocks can drift apart, in seconds per second of the first: (1 + s) / (1 − c) − 1, which for crystals
 * is approximately the sum of both errors.
 */
function driftRate(clientPpm: number, serverPpm: number): number {
  const client = clientPpm / 1e6
  return (client + serverPpm / 1e6) / (1 - client)
}

function contradictionOf(response: WallClockMessage, followUp: WallClockMessage): Implausible | undefined {
  const isSame = followUp.receiveNanos === response.receiveNanos
  if (isSame && followUp.transmitNanos >= response.transmitNanos) return undefined
  const detail = isSame
    ? `expected a transmit time after that of the response, ${response.transmitNanos}, received ${followUp.transmitNanos}`
    : `expected the receive time of the response, ${response.receiveNanos}, received ${followUp.receiveNanos}`
  return { reason: 'follow-up-contradicts', detail }
}

/**
 * The server's clock was read at two moments between t1 and t4, so at t4 it read t3 at least, and at most t2 + (t4 − t1),
 * as far as the frequencies are right. Half-way between t1 and t4, where the candidate has its place, that is
 * (t2 + t3) / 2 ± (rtt / 2 + drift · (t4 − t1) / 2); at t4 the bound is rtt / 2 + drift · (t4 − t1). The usual formula
 * takes mfeS over t3 − t2 only, and leaves out what the server's clock may run off while the messages travel.
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
    const detail = `expected a precision of ${MAX_PRECISION_SECONDS} s at most, received ${precisionSeconds}`
    return { implausible: { reason: 'precision', detail } }
  }
  if (!(maxFreqErrorPpm <= MAX_FREQ_ERROR_PPM)) {
    const detail = `expected a frequency error of ${MAX_FREQ_ERROR_PPM} ppm at most, received ${maxFreqErrorPpm}`
    return { implausible: { reason: 'frequency-error', detail } }
  }
  if (transmitNanos < receiveNanos) {
    const detail = `expected a transmit time from the receive time ${receiveNanos} on, received ${transmitNanos}`
    return { implausible: { reason: 'transmit-before-receive', detail } }
  }
  const { tickRate } = parent
  const parentTicks = sentTicks + (receivedTicks - sentTicks) / 2
  const ticks = Number(receiveNanos + transmitNanos) / 2
  const elapsedSeconds = (receivedTicks - sentTicks) / tickRate
  const servedSeconds = Number(transmitNanos - receiveNanos) / NANOS_PER_SECOND
  const roundTripSeconds = elapsedSeconds - servedSeconds
  const errorGrowthRate = driftRate(parent.maxFreqErrorPpm, maxFreqErrorPpm)

  // Doubles: a time of day in nanoseconds is rounded to 256 of them, once here and once whenever the clock is read. JSON
  // has seconds in doubles, so there it was rounded before it came.
  const rounding = 2 * Number.EPSILON * (ticks / NANOS_PER_SECOND + Math.abs(parentTicks) / tickRate)
  const precision =
    precisionSeconds + parent.dispersionAt(receivedTicks) + WIRE_RESOLUTION_SECONDS + rounding * (isJson ? 2 : 1)

  const drift = errorGrowthRate * elapsedSeconds
  if (roundTripSeconds < -(drift + 2 * precision)) {
    const detail = `expected the answer within the ${elapsedSeconds} s that it took, the server claims ${servedSeconds} s`
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
