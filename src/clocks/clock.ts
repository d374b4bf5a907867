import {
  checkOption,
  checkOptions,
  DvbcssError,
  type OptionTable,
  type OptionType,
  option,
} from '../validation/index.js'
import { ChangeAudience, type ClockChangeListener, type ClockChangeReason } from './clock-change.js'
import { NoCommonClockError } from './no-common-clock-error.js'
import { type ScheduledCall, type ScheduleOptions, scheduleAt } from './scheduler.js'
import { type SleepOptions, sleepFor, sleepUntil } from './sleep.js'
import { NANOS_PER_SECOND, rescale } from './tick-rate.js'

/** Multiplying the same speeds in a different order may change the last bits. */
const SPEED_TOLERANCE = 8 * Number.EPSILON

let clocksMade = 0

/** Options that clocks have in common. */
export interface ClockOptions {
  /** Name in logs and errors. Default: the class name and a number. */
  name?: string
  /** Default true. */
  available?: boolean
}

export const CLOCK_OPTIONS: OptionTable<ClockOptions, 'available'> = {
  name: option.string(),
  available: option.withDefault(option.boolean(), true),
}
const CHANGE_EVENT = option.oneOf('change')
const LISTENER = option.func<ClockChangeListener>()

/**
 * A clock that counts ticks: a root that reads a real clock, or a clock derived from a parent.
 *
 * Ticks may have a fraction. A conversion towards the root is undefined if a clock on the way has speed 0 and reads another tick; it
 * then returns NaN. A conversion away from the root is always defined.
 */
export abstract class Clock {
  /** Shown in logs and errors. Default: the class and a number. */
  readonly name: string
  readonly #audience: ChangeAudience
  #available: boolean

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: ClockOptions = {}) {
    clocksMade++
    const { name = `${this.constructor.name}-${clocksMade}`, available } = checkOptions(CLOCK_OPTIONS, options)
    this.name = name
    this.#available = available
    this.#audience = new ChangeAudience(this, () => (this.parent === null ? null : this.parent.#audience))
  }

  /** The clock that this one is derived from; null for a root. */
  abstract get parent(): Clock | null

  /** Ticks per second at speed 1. Setting it throws `DVBCSS_ERR_READ_ONLY` on clocks that derive it. */
  abstract get tickRate(): number
  /** Ticks per second. */
  abstract set tickRate(value: number)

  /** Speed relative to the parent: 1 is the same speed, 0 is stopped, negative is backwards. Setting it may throw like `tickRate`. */
  abstract get speed(): number
  /** Ticks of content per tick of time: 1 is normal speed, 0 is paused. */
  abstract set speed(value: number)

  /** The current reading, in ticks. */
  abstract now(): number

  /** The parent's ticks when this clock reads `ticks`; NaN if it never does. @throws DvbcssError `DVBCSS_ERR_NO_PARENT` for a root */
  abstract toParent(ticks: number): number

  /** This clock's ticks when the parent reads `parentTicks`. @throws DvbcssError `DVBCSS_ERR_NO_PARENT` for a root */
  abstract fromParent(parentTicks: number): number

  /** Upper bound of the error when the clock reads `ticks`, in seconds of its own time: the sum of its own error and those of its
   * ancestors, each multiplied by the speeds on the way down. */
  abstract dispersionAt(ticks: number): number

  /** Maximum frequency error of the root's oscillator, in parts per million. */
  get maxFreqErrorPpm(): number {
    return this.parent === null ? 0 : this.parent.maxFreqErrorPpm
  }

  /** The clock at the end of the chain of parents; this clock itself if it has no parent. */
  get root(): Clock {
    return this.parent === null ? this : this.parent.root
  }

  /** This clock followed by its ancestors, up to the root. */
  get ancestry(): Clock[] {
    return this.parent === null ? [this] : [this, ...this.parent.ancestry]
  }

  /** The current reading, in nanoseconds. */
  nanos(): number {
    return this.toNanos(this.now())
  }

  /** Converts ticks of this clock to nanoseconds, as `nanos()` counts them. */
  toNanos(ticks: number): number {
    return rescale(ticks, this.tickRate, NANOS_PER_SECOND)
  }

  /** Converts nanoseconds, as `nanos()` counts them, to ticks of this clock. */
  fromNanos(nanos: number): number {
    return rescale(nanos, NANOS_PER_SECOND, this.tickRate)
  }

  /** Speed relative to the root: the product of all speeds on the way. */
  get effectiveSpeed(): number {
    return this.parent === null ? this.speed : this.speed * this.parent.effectiveSpeed
  }

  /** Speed relative to an ancestor; 1 relative to itself. @throws DvbcssError `DVBCSS_ERR_NOT_AN_ANCESTOR` */
  effectiveSpeedRelativeTo(ancestor: Clock): number {
    let product = 1
    for (const clock of this.ancestry) {
      if (clock === ancestor) return product
      product *= clock.speed
    }
    throw new DvbcssError(
      'DVBCSS_ERR_NOT_AN_ANCESTOR',
      `${checkOption('ancestor', CLOCK_TYPE, ancestor).name} is not an ancestor of ${this.name}`,
    )
  }

  /** Whether the clock's reading is valid: false if it was set to false on this clock or on an ancestor. */
  get available(): boolean {
    return this.#available && (this.parent?.available ?? true)
  }

  /** Whether the clock's reading is valid. Setting it to a different value emits a change. */
  set available(value: boolean) {
    if (checkOption('available', CLOCK_OPTIONS.available, value) === this.#available) return
    this.#available = value
    // The effective availability does not change below an unavailable parent or an already unavailable dependent.
    if (this.parent?.available === false) return
    const change = Object.freeze({ clock: this, reason: 'availability' as const })
    this.#audience.announce(change, (clock) => clock === this || clock.#available)
  }

  /** The root's ticks when this clock reads `ticks`; NaN if it never does, because it or an ancestor is stopped. */
  toRoot(ticks: number): number {
    return this.parent === null ? ticks : this.parent.toRoot(this.toParent(ticks))
  }

  /** This clock's ticks when the root reads `rootTicks`. */
  fromRoot(rootTicks: number): number {
    return this.parent === null ? rootTicks : this.fromParent(this.parent.fromRoot(rootTicks))
  }

  /**
   * The ticks of another clock when this one reads `ticks`, converted through the nearest common ancestor. NaN if this clock never
   * reads `ticks`, because it or a clock below that ancestor is stopped.
   *
   * @throws NoCommonClockError if the clocks have no common ancestor
   */
  toOtherClock(other: Clock, ticks: number): number {
    const common = this.#commonClock(other)
    return other.#fromAncestor(common, this.#toAncestor(common, ticks))
  }

  /** The root's ticks at which this clock will reach `ticks` if no clock changes; NaN if it never will. */
  calcWhen(ticks: number): number {
    return this.toRoot(ticks)
  }

  /**
   * The absolute difference between the readings of two clocks, in seconds. Infinity if their effective speeds differ, because the
   * difference is then unbounded. Their tick rates may differ.
   *
   * @throws NoCommonClockError
   */
  difference(other: Clock): number {
    const common = this.#commonClock(other)
    const [mine, theirs] = [this.effectiveSpeed, other.effectiveSpeed]
    if (Math.abs(mine - theirs) > SPEED_TOLERANCE * Math.abs(mine)) return Number.POSITIVE_INFINITY
    const now = common.now()
    const otherTicks = rescale(other.#fromAncestor(common, now), other.tickRate, this.tickRate)
    return Math.abs(this.#fromAncestor(common, now) - otherTicks) / this.tickRate
  }

  /**
   * Calls `listener` once after every change of this clock or of an ancestor. If a listener throws, the others are still called, and
   * the error is rethrown to the caller that made the change. While a clock has listeners, its parent keeps a reference to it.
   *
   * @returns a function that removes the listener
   * @throws InvalidOptionError
   */
  on(event: 'change', listener: ClockChangeListener): () => void {
    checkOption('event', CHANGE_EVENT, event)
    this.#audience.add(checkOption('listener', LISTENER, listener))
    return () => this.#audience.remove(listener)
  }

  /** Removes a listener that `on` has added. Does nothing if it is not there. */
  off(event: 'change', listener: ClockChangeListener): void {
    checkOption('event', CHANGE_EVENT, event)
    this.#audience.remove(listener)
  }

  /** Number of listeners of the clock itself. */
  get listenerCount(): number {
    return this.#audience.listenerCount
  }

  /** Number of child clocks that this clock references, because they or their descendants have listeners. */
  get dependentCount(): number {
    return this.#audience.dependentCount
  }

  /**
   * Calls `callback` once when the clock reads `ticks`, and never earlier. Changes of the clock and its ancestors reschedule the
   * call. If the clock is already past the tick, or jumps past it, in its direction of travel, the call follows asynchronously at
   * once. While the clock is unavailable, or stopped at another tick, the call is deferred until a change. Timers have a resolution
   * of milliseconds: the call may be a few milliseconds late.
   *
   * @throws InvalidOptionError, UnknownOptionError
   */
  scheduleAt(ticks: number, callback: () => void, options: ScheduleOptions = {}): ScheduledCall {
    return scheduleAt(this, ticks, callback, options)
  }

  /**
   * Resolves when the clock reads `ticks`, under the same conditions as {@link scheduleAt}: it follows changes of speed, jumps and
   * pauses, and resolves at once if the clock is already past the tick in its direction of travel. While the clock is unavailable,
   * stopped, or moving away from the tick, the promise stays pending; pass a `signal` to abort it.
   *
   * @throws as a rejection: InvalidOptionError, UnknownOptionError; the reason of the signal once that is aborted
   */
  sleepUntil(ticks: number, options: SleepOptions = {}): Promise<void> {
    return sleepUntil(this, ticks, options)
  }

  /**
   * Resolves when the clock has advanced by `ticks` (0 or more) in its current direction; forward if it is stopped. The target tick
   * is fixed at the call, so a jump of the clock shortens or prolongs the sleep. Otherwise like {@link sleepUntil}.
   *
   * @throws as a rejection: InvalidOptionError, UnknownOptionError; the reason of the signal once that is aborted
   */
  sleepFor(ticks: number, options: SleepOptions = {}): Promise<void> {
    return sleepFor(this, ticks, options)
  }

  /** The name and the properties of the clock, for logs. */
  toString(): string {
    const under = this.parent === null ? '' : `, parent ${this.parent.name}`
    return `${this.name} (${this.tickRate} ticks/s, speed ${this.speed}${under})`
  }

  /** For subclasses: notifies the listeners of this clock and of its descendants after a change. */
  protected announce(reason: ClockChangeReason): void {
    this.#audience.announce(Object.freeze({ clock: this, reason }), () => true)
  }

  /** For subclasses: calls `assign`, which replaces the parent, and moves the listeners. Emits no change. */
  protected moveBy(assign: () => void): void {
    this.#audience.move(assign)
  }

  #commonClock(other: Clock): Clock {
    checkOption('other', CLOCK_TYPE, other)
    const theirs = new Set(other.ancestry)
    const common = this.ancestry.find((clock) => theirs.has(clock))
    if (common === undefined) throw new NoCommonClockError(this, other)
    return common
  }

  #toAncestor(ancestor: Clock, ticks: number): number {
    if (this === ancestor || this.parent === null) return ticks
    return this.parent.#toAncestor(ancestor, this.toParent(ticks))
  }

  #fromAncestor(ancestor: Clock, ticks: number): number {
    if (this === ancestor || this.parent === null) return ticks
    return this.fromParent(this.parent.#fromAncestor(ancestor, ticks))
  }
}

export const CLOCK_TYPE: OptionType<Clock> = option.instance(Clock, 'a Clock')

/** The error that setters of derived, read-only properties throw. */
export function readOnlyError(clock: Clock, property: 'speed' | 'tickRate', reason: string): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_READ_ONLY', `"${property}" of ${clock.name} is read-only: ${reason}`)
}
