import { Clock, NANOS_PER_SECOND } from '../clocks/index.js'
import type { ControlTimestamp } from '../messages/index.js'
import { checkOption, checkOptions, type OptionTable, option } from '../validation/index.js'
import { type TimelineSink, TimelineSource } from './timeline-source.js'
import { wireTime } from './wire-time.js'

export interface ClockTimelineSourceOptions {
  /**
   * The clock whose speed clients are told, where it is not that of the timeline's own clock: for a timeline that is presented
   * at another clock's pace.
   */
  speedSource?: Clock
  /**
   * Whether a change of a clock updates the clients. Default true. With false they are updated when the app calls
   * `updateClients`, so that several changes are sent as one; a client that connects meanwhile gets the present relation.
   */
  autoUpdateClients?: boolean
}

const CLOCK = option.instance(Clock, 'a Clock')

export const CLOCK_TIMELINE_SOURCE_OPTIONS: OptionTable<ClockTimelineSourceOptions, 'autoUpdateClients'> = {
  speedSource: CLOCK,
  autoUpdateClients: option.withDefault(option.boolean(), true),
}

/** A relation that has moved by less than this is the same: it is the noise of doubles, and no companion could act on it. */
const NOISE_NANOS = 100

/**
 * A timeline that a clock drives: the clock's ticks are the timeline's ticks. When the clock or one of its ancestors changes
 * correlation, speed or availability, every client that follows the timeline is told, once.
 */
export class ClockTimelineSource extends TimelineSource {
  readonly timelineSelector: string
  readonly #wallClock: Clock
  readonly #clock: Clock
  readonly #speedSource: Clock
  readonly #autoUpdateClients: boolean
  #unsubscribe: (() => void)[] = []
  #timestamp: ControlTimestamp | undefined

  /**
   * @param wallClock the clock that CSS-WC serves; it and `clock` must have a common ancestor.
   * @param clock ticks at the timeline's tick rate.
   * @throws InvalidOptionError, UnknownOptionError; NoCommonClockError for clocks that are not related.
   */
  constructor(timelineSelector: string, wallClock: Clock, clock: Clock, options: ClockTimelineSourceOptions = {}) {
    super()
    const checked = checkOptions(CLOCK_TIMELINE_SOURCE_OPTIONS, options)
    this.timelineSelector = checkOption('timelineSelector', option.string({ nonEmpty: true }), timelineSelector)
    this.#wallClock = checkOption('wallClock', CLOCK, wallClock)
    this.#clock = checkOption('clock', CLOCK, clock)
    this.#speedSource = checked.speedSource ?? clock
    this.#autoUpdateClients = checked.autoUpdateClients
    // Unrelated clocks have to be reported here, not when the first client asks.
    wallClock.toOtherClock(clock, wallClock.now())
    wallClock.toOtherClock(this.#speedSource, wallClock.now())
  }

  override recognises(timelineSelector: string): boolean {
    return timelineSelector === this.timelineSelector
  }

  override controlTimestamp(_timelineSelector: string): ControlTimestamp {
    // Without sinks, and without automatic updates, nobody listens to the clocks, and the last timestamp may be out of date.
    const before = this.#timestamp
    if (before !== undefined && this.hasSinks && this.#autoUpdateClients) return before
    const timestamp = this.#compute()
    // The same object for the same relation, so that clients that have it are not sent it again.
    if (before !== undefined && this.hasSinks && this.#sameRelation(before, timestamp)) return before
    this.#timestamp = timestamp
    return timestamp
  }

  /**
   * Sends the present relation to every client that was sent another one. Needed with `autoUpdateClients: false` only; harmless
   * otherwise.
   */
  updateClients(): void {
    this.changed(this.timelineSelector)
  }

  override attachSink(sink: TimelineSink): void {
    if (!this.hasSinks) {
      // The timeline's clock also tells of its ancestors. The wall clock need not be one of them.
      const clocks = new Set([this.#clock, this.#speedSource, this.#wallClock])
      if (this.#autoUpdateClients) {
        this.#unsubscribe = [...clocks].map((clock) => clock.on('change', this.#clockChanged))
      }
      this.#timestamp = undefined
    }
    super.attachSink(sink)
  }

  override removeSink(sink: TimelineSink): void {
    super.removeSink(sink)
    if (this.hasSinks) return
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#unsubscribe = []
  }

  readonly #clockChanged = (): void => {
    const timestamp = this.#compute()
    // One change of a common ancestor arrives through each of the clocks; only the first makes a difference.
    if (this.#timestamp !== undefined && this.#sameRelation(this.#timestamp, timestamp)) return
    this.#timestamp = timestamp
    this.changed(this.timelineSelector)
  }

  #compute(): ControlTimestamp {
    const now = this.#wallClock.now()
    const ticks = this.#clock.available ? this.#wallClock.toOtherClock(this.#clock, now) : Number.NaN
    const speed = this.#speedSource.effectiveSpeed / this.#wallClock.effectiveSpeed
    if (!Number.isFinite(ticks) || !Number.isFinite(speed)) {
      return { contentTime: null, wallClockTime: this.#wireTime(now), timelineSpeedMultiplier: null }
    }
    // Content time travels in whole ticks, and a tick can be a millisecond. So as not to lose the rest, the timestamp
    // names the moment of the tick just passed, and not the present one.
    const wholeTicks = speed < 0 ? Math.ceil(ticks) : Math.floor(ticks)
    const moment = this.#clock.toOtherClock(this.#wallClock, wholeTicks)
    // A timeline that stands still is at no moment on the tick.
    const contentTime = BigInt(Number.isFinite(moment) ? wholeTicks : Math.round(ticks))
    const wallClockTime = this.#wireTime(Number.isFinite(moment) ? moment : now)
    return { contentTime, wallClockTime, timelineSpeedMultiplier: speed }
  }

  #wireTime(wallClockTicks: number): bigint {
    return wireTime(this.#wallClock.toNanos(wallClockTicks))
  }

  #sameRelation(a: ControlTimestamp, b: ControlTimestamp): boolean {
    if (a.timelineSpeedMultiplier !== b.timelineSpeedMultiplier) return false
    if (a.contentTime === null || b.contentTime === null) return a.contentTime === b.contentTime
    const contentTicks = Number(b.contentTime - a.contentTime)
    const speed = a.timelineSpeedMultiplier ?? 0
    if (speed === 0) return contentTicks === 0
    const expectedNanos = (contentTicks * NANOS_PER_SECOND) / (this.#clock.tickRate * speed)
    return Math.abs(Number(b.wallClockTime - a.wallClockTime) - expectedNanos) < NOISE_NANOS
  }
}
