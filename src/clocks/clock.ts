import {
  checkOption,
  checkOptions,
  DvbcssError,
  type OptionTable,
  type OptionType,
  option,
} from '../validation/index.js'
import { ChangeAudience } from './change-audience.js'
import type { ClockChangeListener, ClockChangeReason } from './clock-change.js'
import { NoCommonClockError } from './no-common-clock-error.js'
import { type ScheduledCall, type ScheduleOptions, scheduleAt } from './scheduler.js'
import { type SleepOptions, sleepFor, sleepUntil } from './sleep.js'
import { NANOS_PER_SECOND, rescale } from './tick-rate.js'

/** Products of the same speeds, taken in another order, may differ in the last bits. */
const SPEED_TOLERANCE = 8 * Number.EPSILON

let clocksMade = 0

export interface ClockOptions {
  /** What messages and errors call the clock. Default: its class and a number. */
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
 * Something that counts ticks: a root that reads a real clock, or a clock derived from a parent.
 *
 * Ticks are numbers with a fraction. A conversion towards the root has no answer where a clock stands still (speed 0)
 * at another tick: it then returns NaN, and so does every conversion through it. Away from the root there always is one.
 */
export abstract class Clock {
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

  /** The clock this one is derived from; null for a root. */
  abstract get parent(): Clock | null

  /** Ticks per second at speed 1. Setting it throws `DVBCSS_ERR_READ_ONLY` where it follows from something else. */
  abstract get tickRate(): number
  abstract set tickRate(value: number)

  /** How fast it runs against its parent: 1 as fast, 0 stands still, below 0 backwards. Settable like tickRate. */
  abstract get speed(): number
  abstract set speed(value: number)

  /** What it reads now, in ticks. */
  abstract now(): number

  /** The parent's ticks when this clock reads `ticks`; NaN when it never does. @throws DvbcssError `DVBCSS_ERR_NO_PARENT` for a root */
  abstract toParent(ticks: number): number

  /** What this clock reads when its parent reads `parentTicks`. @throws DvbcssError `DVBCSS_ERR_NO_PARENT` for a root */
  abstract fromParent(parentTicks: number): number

  /** How far off the clock may be when it reads `ticks`, in seconds of its own time: its own error and those of all its
   * ancestors, each multiplied by the speeds on the way down. */
  abstract dispersionAt(ticks: number): number

  /** By how much the oscillator of the root may be off, in parts per million. */
  get maxFreqErrorPpm(): number {
    return this.parent === null ? 0 : this.parent.maxFreqErrorPpm
  }

  get root(): Clock {
    return this.parent === null ? this : this.parent.root
  }

  /** This clock, its parent, and so on to the root. */
  get ancestry(): Clock[] {
    return this.parent === null ? [this] : [this, ...this.parent.ancestry]
  }

  /** What it reads now, in nanoseconds. */
  nanos(): number {
    return this.toNanos(this.now())
  }

  toNanos(ticks: number): number {
    return rescale(ticks, this.tickRate, NANOS_PER_SECOND)
  }

  fromNanos(nanos: number): number {
    return rescale(nanos, NANOS_PER_SECOND, this.tickRate)
  }

  /** How fast it runs against the root: the product of the speeds on the way. */
  get effectiveSpeed(): number {
    return this.parent === null ? this.speed : this.speed * this.parent.effectiveSpeed
  }

  /** How fast it runs against an ancestor; 1 against itself. @throws DvbcssError `DVBCSS_ERR_NOT_AN_ANCESTOR` */
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

  /** Whether it can be relied on: false when it was set false here, or on any ancestor. */
  get available(): boolean {
    return this.#available && (this.parent?.available ?? true)
  }

  set available(value: boolean) {
    if (checkOption('available', CLOCK_OPTIONS.available, value) === this.#available) return
    this.#available = value
    // Under a parent that is unavailable, or beyond a dependent that is so by itself, nothing has changed.
    if (this.parent?.available === false) return
    const change = Object.freeze({ clock: this, reason: 'availability' as const })
    this.#audience.announce(change, (clock) => clock === this || clock.#available)
  }

  /** The root's ticks when this clock reads `ticks`; NaN when it never does, because it or an ancestor stands still. */
  toRoot(ticks: number): number {
    return this.parent === null ? ticks : this.parent.toRoot(this.toParent(ticks))
  }

  /** What this clock reads when the root reads `rootTicks`. */
  fromRoot(rootTicks: number): number {
    return this.parent === null ? rootTicks : this.fromParent(this.parent.fromRoot(rootTicks))
  }

  /**
   * What another clock reads when this one reads `ticks`, by way of their nearest common ancestor; NaN when this one
   * never reads that, because it or a clock below that ancestor stands still.
   *
   * @throws NoCommonClockError, which names both, when they have no common ancestor
   */
  toOtherClock(other: Clock, ticks: number): number {
    const common = this.#commonClock(other)
    return other.#fromAncestor(common, this.#toAncestor(common, ticks))
  }

  /** The root's ticks at which this clock reaches `ticks`, as things are now; NaN when it never does. */
  calcWhen(ticks: number): number {
    return this.toRoot(ticks)
  }

  /**
   * By how many seconds the readings of two clocks differ, 0 or more; Infinity when their effective speeds differ, for
   * then so does the difference from moment to moment. Their tick rates may differ.
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
   * Calls `listener` after every change of this clock or of an ancestor, once each. If a listener throws, the others are called
   * all the same, and the error is then thrown where the change was made. While a clock has listeners, its parent keeps a
   * reference to it.
   *
   * @returns a function that removes the listener
   * @throws InvalidOptionError
   */
  on(event: 'change', listener: ClockChangeListener): () => void {
    checkOption('event', CHANGE_EVENT, event)
    this.#audience.add(checkOption('listener', LISTENER, listener))
    return () => this.#audience.remove(listener)
  }

  off(event: 'change', listener: ClockChangeListener): void {
    checkOption('event', CHANGE_EVENT, event)
    this.#audience.remove(listener)
  }

  /** How many listeners the clock itself has. */
  get listenerCount(): number {
    return this.#audience.listenerCount
  }

  /** How many clocks right below this one it holds on to, because somebody listens to them or further down. */
  get dependentCount(): number {
    return this.#audience.dependentCount
  }

  /**
   * Calls `callback` once, when the clock reads `ticks`, and never before. Follows changes of the clock and of its
   * ancestors. Also called, soon but not from inside this method or a setter, when the clock is past the tick already,
   * or jumps past it, in its direction of travel. While the clock is unavailable, or stands still at another tick, the
   * call waits for a change. Timers count milliseconds: expect it up to a few late.
   *
   * @throws InvalidOptionError, UnknownOptionError
   */
  scheduleAt(ticks: number, callback: () => void, options: ScheduleOptions = {}): ScheduledCall {
    return scheduleAt(this, ticks, callback, options)
  }

  /**
   * Resolves when the clock reads `ticks`, as a call of {@link scheduleAt} would come: through changes of speed, jumps and
   * pauses, and at once where the clock is past the tick already in its direction of travel. While the clock is
   * unavailable, stands still, or moves away from the tick, the promise stays pending: give it a `signal` to end that.
   *
   * @throws as a rejection: InvalidOptionError, UnknownOptionError; the reason of the signal once that is aborted
   */
  sleepUntil(ticks: number, options: SleepOptions = {}): Promise<void> {
    return sleepUntil(this, ticks, options)
  }

  /**
   * Resolves when the clock has moved on by `ticks`, 0 or more, in the direction in which it runs now; forward if it stands
   * still. The tick to reach is fixed when this is called, so a jump of the clock shortens or prolongs the sleep. Otherwise
   * like {@link sleepUntil}.
   *
   * @throws as a rejection: InvalidOptionError, UnknownOptionError; the reason of the signal once that is aborted
   */
  sleepFor(ticks: number, options: SleepOptions = {}): Promise<void> {
    return sleepFor(this, ticks, options)
  }

  toString(): string {
    const under = this.parent === null ? '' : `, parent ${this.parent.name}`
    return `${this.name} (${this.tickRate} ticks/s, speed ${this.speed}${under})`
  }

  /** For subclasses: tells the listeners here and below of a change that was made. */
  protected announce(reason: ClockChangeReason): void {
    this.#audience.announce(Object.freeze({ clock: this, reason }), () => true)
  }

  /** For subclasses: replaces the parent by `assign`, taking the listeners along. Announces nothing. */
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

/** For the setters of a property that follows from something else. */
export function readOnlyError(clock: Clock, property: 'speed' | 'tickRate', reason: string): DvbcssError {
  return new DvbcssError('DVBCSS_ERR_READ_ONLY', `"${property}" of ${clock.name} is read-only: ${reason}`)
}
