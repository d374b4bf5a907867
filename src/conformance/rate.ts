import { NANOS_PER_SECOND } from '../clocks/index.js'
/** One measurement of the offset between two clocks. */
export interface OffsetSample {
  readonly atNanos: number
  readonly offsetNanos: number
  /** Bound of the measurement error. */
  readonly errorNanos: number
}

export interface Rate {
  /** By how much the other clock runs faster, in parts per million. */
  readonly ppm: number
  /** Bound of the error of the rate, in parts per million, regardless of network delays. */
  readonly boundPpm: number
  readonly spanSeconds: number
}

const BINS = 20
const MIN_SAMPLES = 3

/**
 * The slope of the offsets by least squares, through the most precise sample of each twentieth of the time. The bound
 * follows from the errors of the samples alone: a slow network or a busy machine widens it and cannot falsify the slope.
 * @returns undefined with fewer than three samples at different times.
 */
export function fitRate(samples: readonly OffsetSample[]): Rate | undefined {
  const used = mostPreciseOfEachBin(samples)
  if (used.length < MIN_SAMPLES) return undefined
  const times = used.map(({ atNanos }) => atNanos)
  const span = Math.max(...times) - Math.min(...times)
  if (span <= 0) return undefined
  const meanTime = mean(times)
  const meanOffset = mean(used.map(({ offsetNanos }) => offsetNanos))
  let squares = 0
  let products = 0
  let errors = 0
  for (const { atNanos, offsetNanos, errorNanos } of used) {
    const from = atNanos - meanTime
    squares += from * from
    products += from * (offsetNanos - meanOffset)
    errors += Math.abs(from) * errorNanos
  }
  return { ppm: (products / squares) * 1e6, boundPpm: (errors / squares) * 1e6, spanSeconds: span / NANOS_PER_SECOND }
}

function mostPreciseOfEachBin(samples: readonly OffsetSample[]): OffsetSample[] {
  const times = samples.map(({ atNanos }) => atNanos)
  const start = Math.min(...times)
  const width = (Math.max(...times) - start) / BINS
  const mostPrecise = new Map<number, OffsetSample>()
  for (const sample of samples) {
    const bin = width > 0 ? Math.min(BINS - 1, Math.floor((sample.atNanos - start) / width)) : 0
    const previous = mostPrecise.get(bin)
    if (previous === undefined || sample.errorNanos < previous.errorNanos) mostPrecise.set(bin, sample)
  }
  return [...mostPrecise.values()]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
