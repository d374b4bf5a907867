/** One reading of how far two clocks are apart. */
export interface OffsetSample {
  readonly atNanos: number
  readonly offsetNanos: number
  /** The reading is off by no more than this. */
  readonly errorNanos: number
}

export interface Rate {
  /** How much faster the other clock runs, in parts per million. */
  readonly ppm: number
  /** The rate is off by no more than this, in parts per million, whatever happened on the way. */
  readonly boundPpm: number
  readonly spanSeconds: number
}

const BINS = 20
const FEWEST = 3

/**
 * The slope of offsets by least squares, through the surest reading of each twentieth of the time. The bound follows from
 * the errors of the readings alone: a slow network or a busy machine widens it, and cannot make the slope look wrong.
 * @returns undefined with fewer than three readings at different times.
 */
export function fitRate(samples: readonly OffsetSample[]): Rate | undefined {
  const used = surestOfEachBin(samples)
  if (used.length < FEWEST) return undefined
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
  return { ppm: (products / squares) * 1e6, boundPpm: (errors / squares) * 1e6, spanSeconds: span / 1e9 }
}

function surestOfEachBin(samples: readonly OffsetSample[]): OffsetSample[] {
  const times = samples.map(({ atNanos }) => atNanos)
  const start = Math.min(...times)
  const width = (Math.max(...times) - start) / BINS
  const surest = new Map<number, OffsetSample>()
  for (const sample of samples) {
    const bin = width > 0 ? Math.min(BINS - 1, Math.floor((sample.atNanos - start) / width)) : 0
    const before = surest.get(bin)
    if (before === undefined || sample.errorNanos < before.errorNanos) surest.set(bin, sample)
  }
  return [...surest.values()]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
