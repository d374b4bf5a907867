/** As much of `dvbcss-clocks` 0.0.4, which has no types of its own, as these tests touch. */
declare module 'dvbcss-clocks' {
  import type { EventEmitter } from 'node:events'

  class Correlation {
    readonly parentTime: number
    readonly childTime: number
    /** Seconds. */
    readonly initialError: number
    /** Seconds per second. */
    readonly errorGrowthRate: number
  }

  /** Emits `change`, `available` and `unavailable`. */
  class ClockBase extends EventEmitter {
    readonly speed: number
    readonly tickRate: number
    now(): number
    /** Whether this clock and all its ancestors are. */
    isAvailable(): boolean
    /** Seconds. */
    dispersionAtTime(ticks: number): number
    getNanos(): number
  }

  /** The time of day, read with `Date.now`: whole milliseconds. */
  class DateNowClock extends ClockBase {}

  class CorrelatedClock extends ClockBase {
    constructor(parent: ClockBase, options?: { tickRate?: number })
    /** Another object after each change. */
    readonly correlation: Correlation
  }

  const clocks: { DateNowClock: typeof DateNowClock; CorrelatedClock: typeof CorrelatedClock }
  export default clocks
  export type { ClockBase, CorrelatedClock, Correlation, DateNowClock }
}
