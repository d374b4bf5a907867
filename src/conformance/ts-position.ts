import { NANOS_PER_SECOND } from '../clocks/index.js'
import {
  latestTimestamps,
  positionOf,
  type ReceivedTimestamp,
  type TsObservations,
  timestampsOf,
} from './ts-observations.js'

/** Used if the television states no accuracy: the granularity of reading a decoder's clock. */
const DEFAULT_ACCURACY_SECONDS = 0.01
/** A frame at 25 frames per second. */
const JITTER_SECONDS = 0.04
/** Between the clock of the stream and the wall clock. */
const RELATIVE_FREQ_ERROR = 500e-6
/** Both positions are rounded. */
const ROUNDING_TICKS = 2

/** How far a control timestamp is from what an earlier one predicts. */
export interface Deviation {
  /** Between their wall clock times. */
  readonly seconds: number
  readonly speed: number
  readonly ticks: number
  readonly expectedTicks: number
  readonly allowedTicks: number
  /** Whether both mean the same timeline, within what rounding and clocks allow. */
  readonly isWithin: boolean
  /** Whether they differ by less than a frame of video, as the readings of a decoder's clock do. */
  readonly isJitter: boolean
}

/** Undefined if one of the two contains no valid position, or the tick rate is unknown. */
export function deviation(
  earlier: ReceivedTimestamp | undefined,
  later: ReceivedTimestamp | undefined,
  { tickRate, accuracySeconds }: Pick<TsObservations, 'tickRate' | 'accuracySeconds'>,
): Deviation | undefined {
  const from = positionOf(earlier)
  const to = positionOf(later)
  if (from === undefined || to === undefined || tickRate === undefined) return undefined
  const seconds = Number(to.wallClockTime - from.wallClockTime) / NANOS_PER_SECOND
  const ticks = Number(to.contentTime - from.contentTime)
  const expectedTicks = seconds * tickRate * from.speed
  const allowedTicks =
    (accuracySeconds ?? DEFAULT_ACCURACY_SECONDS) * tickRate +
    Math.abs(expectedTicks) * RELATIVE_FREQ_ERROR +
    ROUNDING_TICKS
  const isWithin = from.speed === to.speed && Math.abs(ticks - expectedTicks) <= allowedTicks
  const isJitter = from.speed === to.speed && Math.abs(ticks - expectedTicks) <= JITTER_SECONDS * tickRate
  return { seconds, speed: from.speed, ticks, expectedTicks, allowedTicks, isWithin, isJitter }
}

/** The share of the deviation that must recur in proportion to the time, for it to be one of the rate and not a jump. */
const RECURRING_SHARE = 0.3

/** Whether the second connection contradicts the first because the timeline runs at another rate than stated. */
export function isRateError(observed: TsObservations): boolean {
  const from = latestTimestamps(observed).at(-1)
  const [to] = timestampsOf(observed.last)
  const whole = deviation(from, to, observed)
  const since = deviation(to, timestampsOf(observed.confirming)[0], observed)
  if (whole === undefined || whole.isWithin || since === undefined || since.seconds === 0) return false
  const expected = ((whole.ticks - whole.expectedTicks) / whole.seconds) * since.seconds
  return (since.ticks - since.expectedTicks) / expected > RECURRING_SHARE
}
