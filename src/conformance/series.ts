import { NANOS_PER_SECOND } from '../clocks/index.js'
import { connectionsOf, type TsObservations, timestampsOf } from './ts-observations.js'
import { deviation } from './ts-position.js'
import { precisionNanos, timedExchanges, type WallClockObservations } from './wall-clock-observations.js'
import { offsetSamples } from './wall-clock-samples.js'

/** One exchange with the wall clock. */
export interface WallClockSample {
  /** Since the first one. */
  readonly atSeconds: number
  /** Of the server's clock, relative to the first. */
  readonly offsetNanos: number
  readonly errorNanos: number
  readonly roundTripNanos: number
  /** The error bound that a companion computes from it (TS 103 286-2, 8). */
  readonly dispersionNanos: number
}

/** One control timestamp. */
export interface TimelineSample {
  /** Since the first one. */
  readonly atSeconds: number
  /** By how much it is ahead of what the first one predicts. */
  readonly aheadSeconds: number
}

/** What was measured over time, for plots. */
export interface Series {
  readonly wallClock: readonly WallClockSample[]
  readonly timeline: readonly TimelineSample[]
}

/** Assumed of the client, in parts per million. */
const CLIENT_MAX_FREQ_ERROR_PPM = 500

export function wallClockSeries(observed: WallClockObservations): WallClockSample[] {
  const timed = timedExchanges(observed)
  const samples = offsetSamples(observed)
  return timed.map(({ sentNanos, receivedNanos, response }, index) => {
    const { atNanos = 0, offsetNanos = 0, errorNanos = 0 } = samples[index] ?? {}
    const tookNanos = Number(receivedNanos - sentNanos)
    const processedNanos = Number(response.transmitNanos - response.receiveNanos)
    const roundTripNanos = tookNanos - processedNanos
    const maxFreqErrorPpm = response.maxFreqError / 256
    const dispersionNanos =
      precisionNanos(response) +
      roundTripNanos / 2 +
      (CLIENT_MAX_FREQ_ERROR_PPM * tookNanos + maxFreqErrorPpm * processedNanos) / 1e6
    const change = offsetNanos - (samples[0]?.offsetNanos ?? 0)
    return { atSeconds: atNanos / NANOS_PER_SECOND, offsetNanos: change, errorNanos, roundTripNanos, dispersionNanos }
  })
}

export function timelineSeries(observed: TsObservations): TimelineSample[] {
  const { tickRate } = observed
  const received = connectionsOf(observed)
    .flatMap(timestampsOf)
    .sort((a, b) => Number(a.atNanos - b.atNanos))
  const first = received.find((each) => deviation(each, each, observed) !== undefined)
  if (first === undefined || tickRate === undefined) return []
  return received.flatMap((each) => {
    const found = deviation(first, each, observed)
    if (found === undefined) return []
    const aheadSeconds = (found.ticks - found.expectedTicks) / tickRate
    return [{ atSeconds: Number(each.atNanos - first.atNanos) / NANOS_PER_SECOND, aheadSeconds }]
  })
}
