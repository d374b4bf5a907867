import { NANOS_PER_SECOND } from '../clocks/index.js'
import type { OffsetSample } from './rate.js'
import {
  granularityNanos,
  messagesOf,
  precisionNanos,
  roundTripNanos,
  timedExchanges,
  type WallClockObservations,
} from './wall-clock-observations.js'

/** Offsets of the server's clock, relative to the first, and with the bounds of their errors. */
export function offsetSamples(observed: WallClockObservations): OffsetSample[] {
  const timed = timedExchanges(observed)
  const [first] = timed
  const slack = readingErrorNanos(observed)
  return timed.map((exchange) => {
    const { sentNanos, receivedNanos, response } = exchange
    // Relative to the first, so that a double represents them to the nanosecond.
    const ours = Number(sentNanos + receivedNanos - 2n * (first?.sentNanos ?? 0n)) / 2
    const theirs =
      Number(response.receiveNanos + response.transmitNanos - 2n * (first?.response.receiveNanos ?? 0n)) / 2
    const errorNanos = Math.max(0, roundTripNanos(exchange)) / 2 + slack
    return { atNanos: ours, offsetNanos: theirs - ours, errorNanos }
  })
}

/** How long a clock is taken to run at one rate. */
const WINDOW_SECONDS = 5
const MIN_SAMPLES = 4
/** Jumps below that are of no interest, and may be those of a clock that is being adjusted. */
const TOLERANCE_NANOS = 2_000_000
/** Of the search for the rate: it halves the interval about as often. */
const ITERATIONS = 80

/** How far offsets are from what any clock of constant rate explains. */
export interface Jump {
  readonly nanos: number
  readonly allowedNanos: number
}

/**
 * The largest jump of the offset that neither the bounds of the samples' errors nor any rate explains: a slow network or a busy machine
 * widens the bounds, and can hide a jump, but not cause one.
 * @param wanderPpm by how much the rates of the two clocks may change
 */
export function jumpOf(samples: readonly OffsetSample[], wanderPpm: number): Jump | undefined {
  let largest: Jump | undefined
  for (const window of windowsOf(samples)) {
    if (window.length < MIN_SAMPLES) continue
    const span = (window.at(-1)?.atNanos ?? 0) - (window[0]?.atNanos ?? 0)
    const allowedNanos = TOLERANCE_NANOS + (span * wanderPpm) / 2e6
    const nanos = unexplained(window)
    if (nanos > allowedNanos && nanos > (largest?.nanos ?? 0)) largest = { nanos, allowedNanos }
  }
  return largest
}

/** Consecutive samples of a few seconds, each half in two windows. */
function* windowsOf(samples: readonly OffsetSample[]): Generator<readonly OffsetSample[]> {
  const width = WINDOW_SECONDS * NANOS_PER_SECOND
  let from = 0
  let to = 0
  while (to < samples.length) {
    const start = samples[from]?.atNanos ?? 0
    const isIn = (index: number, nanos: number) =>
      (samples[index]?.atNanos ?? Number.POSITIVE_INFINITY) <= start + nanos
    while (isIn(to, width)) to += 1
    yield samples.slice(from, to)
    const before = from
    while (isIn(from, width / 2)) from += 1
    from = Math.min(from, Math.max(before + 1, to - 1))
  }
}

/** By how much the best line misses the intervals around the offsets; 0 or less if one meets them all. */
function unexplained(samples: readonly OffsetSample[]): number {
  const origin = samples[0]?.atNanos ?? 0
  const missed = (rate: number): number => {
    let highest = Number.NEGATIVE_INFINITY
    let lowest = Number.POSITIVE_INFINITY
    for (const { atNanos, offsetNanos, errorNanos } of samples) {
      const rest = offsetNanos - rate * (atNanos - origin)
      highest = Math.max(highest, rest - errorNanos)
      lowest = Math.min(lowest, rest + errorNanos)
    }
    return highest - lowest
  }
  // Convex in the rate, so that a ternary search finds the minimum.
  let [low, high] = [-1, 1]
  for (let count = 0; count < ITERATIONS; count++) {
    const third = (high - low) / 3
    if (missed(low + third) < missed(high - third)) high -= third
    else low += third
  }
  return missed((low + high) / 2)
}

/** Whether a stated processing time is longer than the exchange took: then the bounds of the offsets' errors are wrong. */
export function hasNegativeRoundTrip(observed: WallClockObservations): boolean {
  const slack = readingErrorNanos(observed)
  return timedExchanges(observed).some((exchange) => {
    const tookNanos = Number(exchange.receivedNanos - exchange.sentNanos)
    // 1 % more, because the two clocks may run at different rates.
    return roundTripNanos(exchange) < -(tookNanos * 0.01 + slack)
  })
}

/** Whether a request was received before the response to an earlier one had been sent. */
export function hasGoneBack(observed: WallClockObservations): boolean {
  const timed = timedExchanges(observed)
  return timed.some(({ response, sentNanos }, index) => {
    const before = timed[index - 1]
    return (
      before !== undefined && before.receivedNanos <= sentNanos && before.response.transmitNanos > response.receiveNanos
    )
  })
}

/** Bound of the error of two readings of the server's clock. */
export function readingErrorNanos(observed: WallClockObservations): number {
  const [message] = messagesOf(observed)
  const stated = message === undefined || message.precisionExponent > 0 ? 0 : precisionNanos(message)
  // A step of a second or more is not a real step, but means too few different times.
  const observedStep = Number(granularityNanos(observed) ?? 0n)
  return Math.max(stated, observedStep < NANOS_PER_SECOND ? observedStep : 0)
}
