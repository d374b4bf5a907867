import { rangeOfSelector } from './companion-timeline.js'

/** Where a timeline was, by a clock of this device. */
interface Reference {
  readonly localSeconds: number
  readonly ticks: number
  readonly ticksPerSecond: number
}

/** Larger differences between what was expected and what came are discontinuities: a seek, or other content. */
const CONTINUOUS_SECONDS = 1

/** CII and CSS-TS report a new programme on two connections, one before the other; between them the timeline may be absent. */
const NEW_PROGRAMME_SECONDS = 30

/**
 * Counts how often a timeline of limited range has wrapped, so that its position goes on rising. PTS has 33 bits and wraps
 * every 26.5 hours (ISO/IEC 13818-1, 2.4.3.7).
 *
 * Each content time stands for all that differ from it by whole ranges, and the one nearest to the expected position is
 * taken. So a seek by more than half the range, 13.25 hours of PTS, is taken for a shorter one in the other direction.
 */
export class TimelineUnwrapper {
  readonly #range: number
  #reference: Reference | undefined
  #offset = 0
  /** The server sends values beyond the range, so it counts by itself. */
  #isUnwrappedByServer = false
  #programmeSince = Number.NEGATIVE_INFINITY
  #jumpedAt = Number.NEGATIVE_INFINITY

  /** @param rangeTicks the timeline counts from 0 to one less. */
  constructor(rangeTicks: number) {
    this.#range = rangeTicks
  }

  /** Ticks to add to the content time of the control timestamp that was read last. */
  get offsetTicks(): number {
    return this.#offset
  }

  /**
   * Reads a control timestamp.
   * @param contentTime as it came.
   * @param ticksNow where it puts the timeline now, without the offset.
   * @param ticksPerSecond tick rate times speed.
   * @param localSeconds now, by a clock of this device that no server sets.
   */
  read(contentTime: bigint, ticksNow: number, ticksPerSecond: number, localSeconds: number): void {
    if (contentTime < 0n || contentTime >= this.#range) this.#isUnwrappedByServer = true
    const reference = this.#reference
    if (this.#isUnwrappedByServer || reference === undefined) {
      this.#offset = 0
    } else {
      const elapsed = localSeconds - reference.localSeconds
      const expected = reference.ticks + elapsed * reference.ticksPerSecond
      const nearest = Math.round((expected - ticksNow) / this.#range) * this.#range
      const tolerance = CONTINUOUS_SECONDS * Math.max(Math.abs(ticksPerSecond), Math.abs(reference.ticksPerSecond), 1)
      const isContinuous = Math.abs(ticksNow + nearest - expected) <= tolerance
      if (!isContinuous) this.#jumpedAt = localSeconds
      // A clock that is out of all bounds says nothing.
      if (!Number.isFinite(nearest)) return
      const isNewProgramme = !isContinuous && localSeconds - this.#programmeSince <= NEW_PROGRAMME_SECONDS
      this.#offset = isNewProgramme ? 0 : nearest
      if (isNewProgramme) this.#programmeSince = Number.NEGATIVE_INFINITY
    }
    this.#reference = { localSeconds, ticks: ticksNow + this.#offset, ticksPerSecond }
  }

  /**
   * Other content has begun: the next discontinuity, or one that has just come, starts to count from the content time itself.
   * A timeline that goes on as before, as that of a broadcast service does from one programme to the next, keeps its count.
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

/** One for a timeline that wraps, as PTS does; undefined for others. */
export function unwrapperFor(timelineSelector: string): TimelineUnwrapper | undefined {
  const range = rangeOfSelector(timelineSelector)
  return range === undefined ? undefined : new TimelineUnwrapper(range)
}
