import type { Clock, CorrelatedClock } from '../clocks/index.js'

/** Where the content is, all of one moment. */
export interface CompanionPosition {
  /** Whether it can be relied on. Otherwise it is where the content would be if nothing had changed since it could. */
  readonly available: boolean
  /** Seconds of the timeline. */
  readonly seconds: number
  /** The same in ticks of the timeline, with a fraction. */
  readonly ticks: number
  /** 1 at normal speed, 0 while paused. */
  readonly speed: number
  /** By how much `seconds` may be off: what the wall clock may be off by, times the speed, and what the timestamp may. */
  readonly errorSeconds: number
  /** The television's wall clock, in nanoseconds. */
  readonly wallClockNanos: number
}

/**
 * Reads a timeline.
 * @param timeline a TsClient's clock.
 * @param wallClock its parent: a WallClockClient's clock.
 */
export function positionOn(timeline: CorrelatedClock, wallClock: Clock): CompanionPosition {
  // One reading for all: between two, time passes.
  const wallClockTicks = wallClock.now()
  const ticks = timeline.fromParent(wallClockTicks)
  const { speed, tickRate } = timeline
  return {
    available: timeline.available,
    seconds: ticks / tickRate,
    ticks,
    speed,
    errorSeconds: timeline.dispersionAt(ticks),
    wallClockNanos: wallClock.toNanos(wallClockTicks),
  }
}
