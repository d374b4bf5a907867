import {
  checkOption,
  checkOptions,
  InvalidOptionError,
  type OptionTable,
  type OptionType,
  option,
} from '../validation/index.js'
import { CLOCK_OPTIONS, type Clock, type ClockOptions } from './clock.js'
import { CORRELATION_TYPE, Correlation } from './correlation.js'
import { DependentClock } from './dependent-clock.js'
import { NANOS_PER_SECOND, rescale, SPEED_TYPE, TICK_RATE_TYPE, TICKS_TYPE } from './tick-rate.js'

/** Options of a {@link CorrelatedClock}. */
export interface CorrelatedClockOptions extends ClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** Default 1. */
  speed?: number
  /** Default: both clocks read 0 at the same moment, without error. */
  correlation?: Correlation
}

export const CORRELATED_CLOCK_OPTIONS: OptionTable<CorrelatedClockOptions, keyof Omit<CorrelatedClockOptions, 'name'>> =
  {
    ...CLOCK_OPTIONS,
    tickRate: option.withDefault(TICK_RATE_TYPE, NANOS_PER_SECOND),
    speed: option.withDefault(SPEED_TYPE, 1),
    correlation: option.withDefault(CORRELATION_TYPE, new Correlation()),
  }
const THRESHOLD_TYPE: OptionType<number> = option.number({ min: 0 }, 'seconds')

/**
 * A clock that runs linearly through one point of correlation with its parent:
 * ticks = childTicks + (parent's ticks − parentTicks) / parent's tick rate · tickRate · speed.
 *
 * At speed 0 it always reads `childTicks`. Then `toParent(childTicks)` is `parentTicks`, and `toParent` of any other value is NaN,
 * because the clock never reads it. `calcWhen`, `toRoot` and `toOtherClock` then return NaN as well.
 */
export class CorrelatedClock extends DependentClock {
  #tickRate: number
  #speed: number
  #correlation: Correlation

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(parent: Clock, options: CorrelatedClockOptions = {}) {
    const { tickRate, speed, correlation, ...clockOptions } = checkOptions(CORRELATED_CLOCK_OPTIONS, options)
    super(parent, clockOptions)
    this.#tickRate = tickRate
    this.#speed = speed
    this.#correlation = correlation
  }

  override get tickRate(): number {
    return this.#tickRate
  }

  override set tickRate(value: number) {
    if (checkOption('tickRate', TICK_RATE_TYPE, value) === this.#tickRate) return
    this.#tickRate = value
    this.announce('tickRate')
  }

  override get speed(): number {
    return this.#speed
  }

  /** Keeps the correlation. To continue from the current tick at another speed, call `rebaseCorrelationAt(now())` first. */
  override set speed(value: number) {
    this.setCorrelationAndSpeed(this.#correlation, value)
  }

  /** The point at which the parent and this clock are known to correspond. Setting it emits a change. */
  get correlation(): Correlation {
    return this.#correlation
  }

  /** The point at which the parent and this clock are known to correspond. Setting it emits a change. */
  set correlation(value: Correlation) {
    this.setCorrelationAndSpeed(value, this.#speed)
  }

  /** Sets both and emits one change. @throws InvalidOptionError; neither is then set */
  setCorrelationAndSpeed(correlation: Correlation, speed: number): void {
    const moved = !checkOption('correlation', CORRELATION_TYPE, correlation).equals(this.#correlation)
    const paced = checkOption('speed', SPEED_TYPE, speed) !== this.#speed
    if (!moved && !paced) return
    this.#correlation = correlation
    this.#speed = speed
    this.announce(moved && paced ? 'correlationAndSpeed' : moved ? 'correlation' : 'speed')
  }

  /**
   * Moves the point of correlation to the moment when this clock reads `ticks`, with the error bound at that moment. The readings do
   * not change, so no change is emitted. At speed 0 the parent's current ticks are used.
   *
   * @throws InvalidOptionError, also if the clock is stopped at another tick
   */
  rebaseCorrelationAt(ticks: number): void {
    checkOption('ticks', TICKS_TYPE, ticks)
    const { childTicks } = this.#correlation
    if (this.#speed === 0 && ticks !== childTicks) {
      throw new InvalidOptionError('ticks', `${childTicks}, the tick at which ${this.name} is stopped`, ticks)
    }
    const parentTicks = this.#speed === 0 ? this.parent.now() : this.toParent(ticks)
    const initialErrorSeconds = this.errorAt(parentTicks)
    this.#correlation = this.#correlation.with({ parentTicks, childTicks: ticks, initialErrorSeconds })
  }

  override fromParent(parentTicks: number): number {
    const { parentTicks: parentStart, childTicks } = this.#correlation
    // At speed 0 an infinite parent time has a result too, but 0 · Infinity is NaN.
    if (this.#speed === 0) return childTicks
    return childTicks + rescale(parentTicks - parentStart, this.parent.tickRate, this.#tickRate) * this.#speed
  }

  override toParent(ticks: number): number {
    const { parentTicks, childTicks } = this.#correlation
    if (this.#speed === 0) return ticks === childTicks ? parentTicks : Number.NaN
    return parentTicks + rescale((ticks - childTicks) / this.#speed, this.#tickRate, this.parent.tickRate)
  }

  /**
   * The jump that this change would cause, in seconds of the clock; positive is forward. If the speed differs, the difference grows
   * without bound: Infinity for a higher speed, -Infinity for a lower one.
   *
   * @throws InvalidOptionError
   */
  quantifySignedChange(newCorrelation: Correlation, newSpeed: number): number {
    const { parentTicks, childTicks } = checkOption('newCorrelation', CORRELATION_TYPE, newCorrelation)
    if (checkOption('newSpeed', SPEED_TYPE, newSpeed) !== this.#speed)
      return newSpeed > this.#speed ? Infinity : -Infinity
    return (childTicks - this.fromParent(parentTicks)) / this.#tickRate
  }

  /** Absolute value of {@link quantifySignedChange}. @throws InvalidOptionError */
  quantifyChange(newCorrelation: Correlation, newSpeed: number): number {
    return Math.abs(this.quantifySignedChange(newCorrelation, newSpeed))
  }

  /** Whether this change would cause a jump of more than `thresholdSeconds`, or change the speed. */
  isChangeSignificant(newCorrelation: Correlation, newSpeed: number, thresholdSeconds: number): boolean {
    checkOption('thresholdSeconds', THRESHOLD_TYPE, thresholdSeconds)
    return this.quantifyChange(newCorrelation, newSpeed) > thresholdSeconds
  }

  protected override errorAt(parentTicks: number): number {
    const { parentTicks: parentStart, initialErrorSeconds, errorGrowthRate } = this.#correlation
    return initialErrorSeconds + (errorGrowthRate * Math.abs(parentTicks - parentStart)) / this.parent.tickRate
  }
}
