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

/** Needed for the median rate. */
export const ENOUGH_SAMPLES = 5
/** Smaller ones are not told from the errors of a busy machine. */
const MIN_JUMP_NANOS = 2_000_000

/** The largest jump of the offset between two exchanges that the errors of both and the rate of the clock do not explain. */
export function jumpOf(samples: readonly OffsetSample[]): { nanos: number; allowedNanos: number } | undefined {
  const steps = samples.slice(1).map((sample, index) => {
    const before = samples[index] as OffsetSample
    const nanos = sample.offsetNanos - before.offsetNanos
    return { nanos, after: sample.atNanos - before.atNanos, errorNanos: sample.errorNanos + before.errorNanos }
  })
  const rates = steps.filter(({ after }) => after > 0).map(({ nanos, after }) => nanos / after)
  const rate = rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0
  const jumps = steps
    .map(({ nanos, after, errorNanos }) => ({ nanos: nanos - rate * after, allowedNanos: errorNanos + MIN_JUMP_NANOS }))
    .filter(({ nanos, allowedNanos }) => Math.abs(nanos) > allowedNanos)
  return jumps.sort((a, b) => Math.abs(b.nanos) - Math.abs(a.nanos))[0]
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
