import { type Clock, monotonicNanos, NANOS_PER_SECOND, SystemClock } from '../../../clocks/index.js'
import { InvalidOptionError } from '../../../validation/index.js'

/**
 * The data from which another thread computes the time of a clock: between two changes, every clock is a linear function of the
 * machine's monotonic clock, which is the same in every thread.
 */
export interface IsolatedClockLine {
  /** A moment of the machine's monotonic clock. */
  readonly rootNanos: number
  /** The time of the clock at that moment. */
  readonly clockNanos: number
  /** Nanoseconds of the clock per nanosecond of the machine's. */
  readonly speed: number
  /** Dispersion at that moment, in seconds. */
  readonly dispersionSeconds: number
  /** Growth of the dispersion, in seconds per second. */
  readonly dispersionGrowth: number
  readonly maxFreqErrorPpm: number
  readonly available: boolean
}

/** The line of a clock that is unavailable, or that another thread cannot read. */
export const NO_TIME: IsolatedClockLine = {
  rootNanos: 0,
  clockNanos: 0,
  speed: 1,
  dispersionSeconds: 0,
  dispersionGrowth: 0,
  maxFreqErrorPpm: 0,
  available: false,
}

/** Time over which the growth of the dispersion is measured, in seconds: it may change at a correlation in the future. */
const HORIZONS_SECONDS = [1, 60, 3600]
/** A root whose ticks are not nanoseconds rounds twice in the conversion back to them. */
const ROUNDING = 2 ** -50

/**
 * Reads the current line of a clock.
 *
 * @throws InvalidOptionError if the root of the clock is not the machine's monotonic clock
 */
export function readClockLine(clock: Clock): IsolatedClockLine {
  const { root } = clock
  if (!isReadInEveryThread(clock)) {
    const expected =
      'a clock derived from a SystemClock without a custom source, because no other clock can be read in another thread'
    throw new InvalidOptionError('wallClock', expected, `${clock.name}, root ${root.name}`)
  }
  const rootTicks = root.now()
  const clockNanos = clock.toNanos(clock.fromRoot(rootTicks))
  const speed = clock.effectiveSpeed
  if (!clock.available || !Number.isFinite(clockNanos) || !Number.isFinite(speed)) return NO_TIME

  const dispersionSeconds = finite(dispersionAt(clock, rootTicks), Number.MAX_VALUE)
  const growths = HORIZONS_SECONDS.map(
    (seconds) => (dispersionAt(clock, rootTicks + seconds * root.tickRate) - dispersionSeconds) / seconds,
  )
  return {
    rootNanos: root.toNanos(rootTicks),
    clockNanos,
    speed,
    dispersionSeconds,
    dispersionGrowth: finite(Math.max(0, ...growths), 0),
    maxFreqErrorPpm: clock.maxFreqErrorPpm,
    available: true,
  }
}

/** Whether the root of a clock reads the machine's monotonic clock. Its source is private, so its reading is compared. */
function isReadInEveryThread({ root }: Clock): boolean {
  if (!(root instanceof SystemClock)) return false
  const before = monotonicNanos()
  const nanos = root.nanos()
  const after = monotonicNanos()
  const slack = root.tickRate === NANOS_PER_SECOND ? 0 : after * ROUNDING
  return nanos >= before - slack && nanos <= after + slack
}

function dispersionAt(clock: Clock, rootTicks: number): number {
  return clock.dispersionAt(clock.fromRoot(rootTicks))
}

function finite(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise
}
