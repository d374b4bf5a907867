/** Upper bounds of the buckets, in seconds: a reply takes microseconds; milliseconds mean that it was delayed. */
export const LATENCY_BOUNDS: readonly number[] = [
  1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 1e-1,
]

/** A bucket for each bound, one for larger values, and the sum. */
const CELLS = LATENCY_BOUNDS.length + 2
const SUM = CELLS - 1

/**
 * Counts durations in fixed buckets, cheaply enough for each request, as a Prometheus histogram needs them. Two threads can share one:
 * one writes, the other reads.
 */
export class LatencyHistogram {
  /** The memory of the histogram; a histogram on the same memory in another thread shares its counts. */
  readonly memory: SharedArrayBuffer
  readonly #cells: Float64Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(CELLS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#cells = new Float64Array(memory)
  }

  /** Adds one measurement, in seconds, to its bucket and to the sum. */
  observe(seconds: number): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS.length && seconds > (LATENCY_BOUNDS[bucket] as number)) bucket += 1
    this.#cells[bucket] = (this.#cells[bucket] ?? 0) + 1
    this.#cells[SUM] = this.sumSeconds + seconds
  }

  /** The number of measurements in each bucket; the last bucket has those beyond all bounds. */
  get counts(): number[] {
    return [...this.#cells.subarray(0, SUM)]
  }

  /** The sum of all measurements, in seconds. */
  get sumSeconds(): number {
    return this.#cells[SUM] ?? 0
  }

  /** The number of measurements in all buckets. */
  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }
}
