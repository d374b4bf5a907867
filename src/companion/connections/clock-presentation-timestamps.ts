import { CLOCK_TYPE, type Clock } from '../../clocks/index.js'
import type { PresentationTimestamp, PresentationTimestamps } from '../../messages/index.js'
import { checkOption, checkOptions, type OptionTable, option } from '../../validation/index.js'

/** Clocks of one timeline, in its ticks, each with the wall clock as an ancestor or related to it. */
export interface PresentationClocks {
  /** The `clock` of a WallClockClient, at any tick rate. */
  readonly wallClock: Clock
  /** The content as it is presented. */
  readonly actual: Clock
  /** The content at the earliest possible presentation. If absent or unavailable: no lower bound. */
  readonly earliest?: Clock | undefined
  /** The content at the latest possible presentation. If absent or unavailable: no upper bound. */
  readonly latest?: Clock | undefined
}

/** Options for deriving presentation timestamps from clocks (TS 103 286-2, clause 5.7). */
export interface PresentationTimestampsOptions {
  /** Whether to include the actual presentation while that clock is available. Default true. */
  includeActual?: boolean
  /** By how many seconds of content what is presented is ahead of the clock `actual`; negative: behind. Default 0. */
  aheadSeconds?: number
  /**
   * Converts readings of the clocks to content time, in whole ticks. Default: identity. Needed for PTS, which wraps at 2³³ whereas a
   * {@link TsClient} continues to count.
   */
  toContentTime?: (ticks: number) => number
}

const CLOCKS: OptionTable<PresentationClocks> = {
  wallClock: CLOCK_TYPE,
  actual: CLOCK_TYPE,
  earliest: CLOCK_TYPE,
  latest: CLOCK_TYPE,
}
const OPTIONS: OptionTable<PresentationTimestampsOptions, keyof PresentationTimestampsOptions> = {
  includeActual: option.withDefault(option.boolean(), true),
  aheadSeconds: option.withDefault(option.number({}, 'seconds'), 0),
  toContentTime: option.withDefault(option.func<(ticks: number) => number>(), (ticks) => ticks),
}

/**
 * Presentation timestamps from the current readings of clocks (TS 103 286-2, clause 5.7). A missing or unavailable clock gives an
 * infinite bound.
 *
 * ```js
 * const timestamps = presentationTimestampsOf({ wallClock, actual: clock, earliest: new OffsetClock(clock, { offsetSeconds: 2 }) })
 * client.sendPresentationTimestamps(timestamps)
 * ```
 *
 * @throws InvalidOptionError, UnknownOptionError; NoCommonClockError for a clock that is not related to the wall clock
 */
export function presentationTimestampsOf(
  clocks: PresentationClocks,
  options: PresentationTimestampsOptions = {},
): PresentationTimestamps {
  const { earliest, latest } = checkOptions(CLOCKS, clocks, { within: 'clocks' })
  const wallClock = checkOption('clocks.wallClock', CLOCK_TYPE, clocks.wallClock)
  const actual = checkOption('clocks.actual', CLOCK_TYPE, clocks.actual)
  const { includeActual, aheadSeconds, toContentTime } = checkOptions(OPTIONS, options)
  const now = wallClock.now()
  const timestampOf = (clock: Clock | undefined, ahead = 0): PresentationTimestamp | undefined => {
    if (clock?.available !== true) return undefined
    const ticks = Math.floor(wallClock.toOtherClock(clock, now))
    if (!Number.isFinite(ticks)) return undefined
    // Messages contain whole ticks, so compute the time of the whole tick. A stopped clock never reads it.
    const moment = clock.toOtherClock(wallClock, ticks)
    const wallClockTicks = Number.isFinite(moment) ? moment : now
    const aheadTicks = Math.round(ahead * clock.tickRate)
    return {
      contentTime: integer(toContentTime(ticks + aheadTicks)),
      wallClockTime: integer(wallClock.toNanos(wallClockTicks)),
    }
  }
  const actualTimestamp = timestampOf(actual, aheadSeconds)
  const anyTime = actualTimestamp?.contentTime ?? integer(toContentTime(actual.now()))
  return {
    ...(includeActual && actualTimestamp !== undefined && { actual: actualTimestamp }),
    earliest: timestampOf(earliest) ?? { contentTime: anyTime, wallClockTime: 'minusinfinity' },
    latest: timestampOf(latest) ?? { contentTime: anyTime, wallClockTime: 'plusinfinity' },
  }
}

function integer(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.round(value)) : 0n
}
