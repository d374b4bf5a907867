import { type Clock, CorrelatedClock } from '../clocks/index.js'
import { undisturbed } from '../events/index.js'

/** The position of the content. All values are of the same moment. */
export interface CompanionPosition {
  /** Whether the position is valid. If false, it is extrapolated from the last valid position. */
  readonly available: boolean
  /** Position on the timeline, in seconds. */
  readonly seconds: number
  /** Position on the timeline, in ticks; may have a fraction. */
  readonly ticks: number
  /** Playback speed: 1 is normal, 0 is paused. */
  readonly speed: number
  /** Upper bound of the error of `seconds`: the wall clock's bound times the speed, plus that of the control timestamp. */
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
  // All values come from one reading, because time passes between two readings.
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

/** The clock of a companion, and the clocks that it follows, which are kept after a disconnection to extrapolate the position. */
export class PositionClock {
  readonly clock: CorrelatedClock
  #timeline: CorrelatedClock | undefined
  #wallClock: Clock | undefined

  constructor(parentClock: Clock) {
    this.clock = new CorrelatedClock(parentClock, { available: false, name: 'companion' })
  }

  /** The position on the clocks followed last; undefined before the first. */
  position(): CompanionPosition | undefined {
    if (this.#timeline === undefined || this.#wallClock === undefined) return undefined
    return positionOn(this.#timeline, this.#wallClock)
  }

  /** Makes the clock available, derived from these clocks. */
  follow(timeline: CorrelatedClock, wallClock: Clock): void {
    if (this.#timeline !== timeline) {
      this.#timeline = timeline
      this.#wallClock = wallClock
      undisturbed(() => {
        this.clock.parent = timeline
      })
    }
    this.#setAvailable(true)
  }

  setUnavailable(): void {
    this.#setAvailable(false)
  }

  #setAvailable(available: boolean): void {
    undisturbed(() => {
      this.clock.available = available
    })
  }
}
