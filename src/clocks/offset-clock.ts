import { checkOption, checkOptions, type OptionTable, option } from '../validation/index.js'
import { CLOCK_OPTIONS, type Clock, type ClockOptions, readOnlyError } from './clock.js'
import { DependentClock } from './dependent-clock.js'

/** Options of an {@link OffsetClock}. */
export interface OffsetClockOptions extends ClockOptions {
  /** Seconds of the root by which the clock is ahead of its parent; negative if behind. Default 0. */
  offsetSeconds?: number
}

export const OFFSET_CLOCK_OPTIONS: OptionTable<OffsetClockOptions, 'available' | 'offsetSeconds'> = {
  ...CLOCK_OPTIONS,
  offsetSeconds: option.withDefault(option.number({}, 'seconds'), 0),
}

/**
 * A clock that reads what its parent will read `offsetSeconds` later, for example to compensate for a renderer's latency. The offset
 * is in seconds of the root: it corresponds to twice as many ticks while the parent runs at double speed, and to none while the
 * parent is stopped.
 *
 * The tick rate is the parent's. Its own speed, against the parent, is always 1.
 */
export class OffsetClock extends DependentClock {
  #offsetSeconds: number

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(parent: Clock, options: OffsetClockOptions = {}) {
    const { offsetSeconds, ...clockOptions } = checkOptions(OFFSET_CLOCK_OPTIONS, options)
    super(parent, clockOptions)
    this.#offsetSeconds = offsetSeconds
  }

  /** Seconds by which this clock is ahead of its parent. Setting it emits a change. */
  get offsetSeconds(): number {
    return this.#offsetSeconds
  }

  /** Seconds by which this clock is ahead of its parent. Setting it emits a change. */
  set offsetSeconds(value: number) {
    if (checkOption('offsetSeconds', OFFSET_CLOCK_OPTIONS.offsetSeconds, value) === this.#offsetSeconds) return
    this.#offsetSeconds = value
    this.announce('offset')
  }

  override get tickRate(): number {
    return this.parent.tickRate
  }

  /** @throws DvbcssError always */
  override set tickRate(_value: number) {
    throw readOnlyError(this, 'tickRate', 'it is that of the parent')
  }

  override get speed(): number {
    return 1
  }

  /** @throws DvbcssError always */
  override set speed(_value: number) {
    throw readOnlyError(this, 'speed', 'an OffsetClock runs at the speed of its parent')
  }

  override fromParent(parentTicks: number): number {
    return parentTicks + this.#offsetTicks
  }

  override toParent(ticks: number): number {
    return ticks - this.#offsetTicks
  }

  /** The name and the offset, for logs. */
  override toString(): string {
    return `${super.toString()} ${this.#offsetSeconds < 0 ? '' : '+'}${this.#offsetSeconds} s`
  }

  protected override errorAt(): number {
    return 0
  }

  get #offsetTicks(): number {
    return this.#offsetSeconds * this.parent.effectiveSpeed * this.parent.tickRate
  }
}
