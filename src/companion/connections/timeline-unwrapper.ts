import { rangeOfSelector } from '../../messages/index.js'
import { checkOption, type OptionType, option } from '../../validation/index.js'

/** A moment by two clocks, because neither alone always measures elapsed time correctly. */
export interface Moment {
  /** Local clock, which may stop while the device sleeps. */
  readonly localSeconds: number
  /** Wall clock of the television, which may change after a restart. */
  readonly wallClockSeconds: number
}

/** A past position of a timeline. */
interface Reference {
  readonly moment: Moment
  readonly ticks: number
  readonly ticksPerSecond: number
}

const RANGE_TYPE: OptionType<number> = option.number({ above: 0 }, 'ticks')

/** Larger differences between the expected and the received position are discontinuities: a seek, or other content. */
const CONTINUOUS_SECONDS = 1

/** CII and CSS-TS report a new programme on separate connections, in either order. The timeline may be unavailable in between. */
const NEW_PROGRAMME_SECONDS = 30

/**
 * Counts how often a timeline of limited range has wrapped, so that its position continues to rise. PTS has 33 bits and wraps every
 * 26.5 hours (ISO/IEC 13818-1, 2.4.3.7).
 *
 * A content time represents all positions that differ from it by whole ranges. The one nearest to the expected position is used, so
 * a seek by more than half the range (13.25 hours for PTS) is interpreted as a shorter one in the other direction.
 */
export class TimelineUnwrapper {
  readonly #range: number
  #reference: Reference | undefined
  #offset = 0
  /** The server has sent values beyond the range, so its timeline does not wrap. */
  #isUnwrappedByServer = false
  #programmeSince = Number.NEGATIVE_INFINITY
  #jumpedAt = Number.NEGATIVE_INFINITY

  /** @param rangeTicks the timeline counts from 0 to one less. @throws InvalidOptionError */
  constructor(rangeTicks: number) {
    this.#range = checkOption('rangeTicks', RANGE_TYPE, rangeTicks)
  }

  /** Ticks to add to the content time of the last control timestamp. */
  get offsetTicks(): number {
    return this.#offset
  }

  /** A position as content time for the server, which counts within the range unless it has sent values beyond it. */
  contentTime(ticks: number): number {
    return this.#isUnwrappedByServer ? ticks : ticks - Math.floor(ticks / this.#range) * this.#range
  }

  /**
   * Reads a control timestamp.
   * @param contentTime as received.
   * @param ticksNow the current position according to it, without the offset.
   * @param ticksPerSecond tick rate times speed.
   */
  read(contentTime: bigint, ticksNow: number, ticksPerSecond: number, moment: Moment): void {
    // Negative values do not imply that: a server may extrapolate to before the start of the timeline.
    if (contentTime >= this.#range) this.#isUnwrappedByServer = true
    // Beyond this limit ticks are inexact, and a single absurd timestamp would corrupt the count permanently.
    if (!(Math.abs(ticksNow) <= Number.MAX_SAFE_INTEGER)) return
    const reference = this.#reference
    if (this.#isUnwrappedByServer || reference === undefined) {
      this.#offset = 0
    } else {
      const { localSeconds } = moment
      const { offset, isContinuous } = this.#continue(reference, ticksNow, ticksPerSecond, moment)
      if (!isContinuous) this.#jumpedAt = localSeconds
      const isNewProgramme = !isContinuous && localSeconds - this.#programmeSince <= NEW_PROGRAMME_SECONDS
      this.#offset = isNewProgramme ? 0 : offset
      if (isNewProgramme) this.#programmeSince = Number.NEGATIVE_INFINITY
    }
    this.#reference = { moment, ticks: ticksNow + this.#offset, ticksPerSecond }
  }

  /** The offset that gives the position nearest to the expected one, and whether the timeline continues there. */
  #continue(
    { moment: since, ticks, ticksPerSecond: ticksPerSecondBefore }: Reference,
    ticksNow: number,
    ticksPerSecond: number,
    now: Moment,
  ): { offset: number; isContinuous: boolean } {
    const tolerance = CONTINUOUS_SECONDS * Math.max(Math.abs(ticksPerSecond), Math.abs(ticksPerSecondBefore), 1)
    const after = (elapsed: number): { offset: number; isContinuous: boolean } => {
      const expected = ticks + elapsed * ticksPerSecondBefore
      const offset = Math.round((expected - ticksNow) / this.#range) * this.#range
      return { offset, isContinuous: Math.abs(ticksNow + offset - expected) <= tolerance }
    }
    const byThisDevice = after(now.localSeconds - since.localSeconds)
    if (byThisDevice.isContinuous) return byThisDevice
    const byWallClock = after(now.wallClockSeconds - since.wallClockSeconds)
    return byWallClock.isContinuous ? byWallClock : byThisDevice
  }

  /**
   * Other content has begun: the next discontinuity, or one that has just occurred, restarts the count. A timeline that continues
   * without a discontinuity, as on a broadcast service from one programme to the next, keeps its count.
   * @returns whether {@link offsetTicks} has changed.
   */
  newProgramme(localSeconds: number): boolean {
    if (localSeconds - this.#jumpedAt > NEW_PROGRAMME_SECONDS) {
      this.#programmeSince = localSeconds
      return false
    }
    this.#jumpedAt = Number.NEGATIVE_INFINITY
    if (this.#offset === 0) return false
    const reference = this.#reference
    if (reference !== undefined) this.#reference = { ...reference, ticks: reference.ticks - this.#offset }
    this.#offset = 0
    return true
  }
}

/** An unwrapper for a timeline that wraps, such as PTS; undefined for others. */
export function unwrapperFor(timelineSelector: string): TimelineUnwrapper | undefined {
  const range = rangeOfSelector(timelineSelector)
  return range === undefined ? undefined : new TimelineUnwrapper(range)
}
