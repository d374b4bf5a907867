/** Upper bounds of the buckets, in seconds: a reply takes microseconds, and one that takes milliseconds was held up. */
export const LATENCY_BOUNDS: readonly number[] = [
  1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 1e-1,
]

/** Counts how long something took, in fixed buckets: cheap enough for each request, and what a histogram of Prometheus is made of. */
export class LatencyHistogram {
  /** How many fell into each bucket, by the bounds; the last counts those beyond all. */
  readonly counts: number[] = new Array(LATENCY_BOUNDS.length + 1).fill(0)
  #sumSeconds = 0

  observe(seconds: number): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS.length && seconds > (LATENCY_BOUNDS[bucket] as number)) bucket += 1
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.#sumSeconds += seconds
  }

  get sumSeconds(): number {
    return this.#sumSeconds
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }
}
