import { Clock, NANOS_PER_SECOND } from '../clocks/index.js'
import type { ControlTimestamp } from '../messages/index.js'
import { checkOption, checkOptions, type OptionTable, option } from '../validation/index.js'
import { type TimelineSink, TimelineSource } from './timeline-source.js'

/** Options of a {@link ClockTimelineSource}. */
export interface ClockTimelineSourceOptions {
  /**
   * The clock whose speed is reported to clients, for a timeline that is presented at another clock's speed. Default: the
   * timeline's own clock.
   */
  speedSource?: Clock
  /**
   * Whether clock changes are sent to clients automatically. Default true. If false, the app calls `updateClients`, so several changes
   * can be sent as one. A client that connects meanwhile receives the current relation.
   */
  autoUpdateClients?: boolean
}

const CLOCK = option.instance(Clock, 'a Clock')

export const CLOCK_TIMELINE_SOURCE_OPTIONS: OptionTable<ClockTimelineSourceOptions, 'autoUpdateClients'> = {
  speedSource: CLOCK,
  autoUpdateClients: option.withDefault(option.boolean(), true),
}

/** Smaller changes of the relation are ignored: they are floating-point noise, and no companion could act on them. */
const NOISE_NANOS = 100

/**
 * A timeline source driven by a clock, whose ticks are the timeline's ticks. When the clock or an ancestor changes correlation, speed
 * or availability, each client that follows the timeline is sent one control timestamp.
 */
export class ClockTimelineSource extends TimelineSource {
  /** The selector of the timeline, a URI. */
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
    // Report unrelated clocks here, instead of when the first client connects.
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
    // Return the same object for the same relation, so that it is not sent to a client twice.
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
      // The timeline's clock also reports changes of its ancestors, but the wall clock need not be one of them.
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
    // Content time is a whole number of ticks, and a tick can be a millisecond. To avoid a rounding error, the timestamp
    // refers to the moment of the last whole tick instead of the current moment.
    const wholeTicks = speed < 0 ? Math.ceil(ticks) : Math.floor(ticks)
    const moment = this.#clock.toOtherClock(this.#wallClock, wholeTicks)
    // A stopped timeline has no such moment.
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

/** Converts nanoseconds to an integer for the wire. NaN becomes 0: the wire format cannot express it, and it must not block a message. */
export function wireTime(nanos: number): bigint {
  return Number.isFinite(nanos) ? BigInt(Math.round(nanos)) : 0n
}
