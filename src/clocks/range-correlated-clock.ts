import { checkOption, checkOptions, InvalidOptionError, type OptionTable, option } from '../validation/index.js'
import { CLOCK_OPTIONS, type Clock, type ClockOptions, readOnlyError } from './clock.js'
import { CORRELATION_TYPE, type Correlation } from './correlation.js'
import { DependentClock } from './dependent-clock.js'
import { NANOS_PER_SECOND, TICK_RATE_TYPE } from './tick-rate.js'

/** Options of a {@link RangeCorrelatedClock}. */
export interface RangeCorrelatedClockOptions extends ClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** The first point of correlation. */
  correlation1: Correlation
  /** The second point of correlation, at different ticks of the parent. */
  correlation2: Correlation
}

export const RANGE_CORRELATED_CLOCK_OPTIONS: OptionTable<RangeCorrelatedClockOptions, 'available' | 'tickRate'> = {
  ...CLOCK_OPTIONS,
  tickRate: option.withDefault(TICK_RATE_TYPE, NANOS_PER_SECOND),
  correlation1: CORRELATION_TYPE,
  correlation2: CORRELATION_TYPE,
}

/**
 * A clock that runs linearly through two points of correlation with its parent. Its speed follows from them and from the two tick
 * rates. If both have the same `childTicks`, the clock is stopped: `toParent` returns `correlation1.parentTicks` for that tick, and NaN
 * for any other.
 */
export class RangeCorrelatedClock extends DependentClock {
  #tickRate: number
  #correlation1: Correlation
  #correlation2: Correlation

  /** @throws InvalidOptionError, also if both correlations have the same `parentTicks`; UnknownOptionError */
  constructor(parent: Clock, options: RangeCorrelatedClockOptions) {
    const { tickRate, correlation1, correlation2, ...clockOptions } = checkOptions(
      RANGE_CORRELATED_CLOCK_OPTIONS,
      options,
    )
    super(parent, clockOptions)
    this.#tickRate = tickRate
    checkRange(correlation1, correlation2)
    this.#correlation1 = correlation1
    this.#correlation2 = correlation2
  }

  override get tickRate(): number {
    return this.#tickRate
  }

  /** Setting it changes the speed, but not the readings. */
  override set tickRate(value: number) {
    if (checkOption('tickRate', TICK_RATE_TYPE, value) === this.#tickRate) return
    this.#tickRate = value
    this.announce('tickRate')
  }

  override get speed(): number {
    const [parentSpan, childSpan] = this.#spans()
    return childSpan / this.#tickRate / (parentSpan / this.parent.tickRate)
  }

  /** @throws DvbcssError always */
  override set speed(_value: number) {
    throw readOnlyError(this, 'speed', 'it follows from the two correlations')
  }

  /** The first of the two points between which the clock is interpolated. Setting it emits a change. */
  get correlation1(): Correlation {
    return this.#correlation1
  }

  /** The first of the two points between which the clock is interpolated. Setting it emits a change. */
  set correlation1(value: Correlation) {
    this.setCorrelations(value, this.#correlation2)
  }

  /** The second of the two points between which the clock is interpolated. Setting it emits a change. */
  get correlation2(): Correlation {
    return this.#correlation2
  }

  /** The second of the two points between which the clock is interpolated. Setting it emits a change. */
  set correlation2(value: Correlation) {
    this.setCorrelations(this.#correlation1, value)
  }

  /** Sets both and emits one change. @throws InvalidOptionError; neither is then set */
  setCorrelations(correlation1: Correlation, correlation2: Correlation): void {
    checkRange(correlation1, correlation2)
    if (correlation1.equals(this.#correlation1) && correlation2.equals(this.#correlation2)) return
    this.#correlation1 = correlation1
    this.#correlation2 = correlation2
    this.announce('correlation')
  }

  override fromParent(parentTicks: number): number {
    const [parentSpan, childSpan] = this.#spans()
    const { parentTicks: parentStart, childTicks } = this.#correlation1
    if (childSpan === 0) return childTicks
    return childTicks + ((parentTicks - parentStart) * childSpan) / parentSpan
  }

  override toParent(ticks: number): number {
    const [parentSpan, childSpan] = this.#spans()
    const { parentTicks, childTicks } = this.#correlation1
    if (childSpan === 0) return ticks === childTicks ? parentTicks : Number.NaN
    return parentTicks + ((ticks - childTicks) * parentSpan) / childSpan
  }

  /**
   * The errors of the two points are weighted like the points themselves: interpolated between them and extrapolated beyond. The
   * growth is that of the point where it is smaller.
   */
  protected override errorAt(parentTicks: number): number {
    const [one, two] = [this.#correlation1, this.#correlation2]
    const [parentSpan] = this.#spans()
    const weight = (parentTicks - one.parentTicks) / parentSpan
    const growth = [one, two].map(
      (c) => (c.errorGrowthRate * Math.abs(parentTicks - c.parentTicks)) / this.parent.tickRate,
    )
    return (
      Math.abs(1 - weight) * one.initialErrorSeconds + Math.abs(weight) * two.initialErrorSeconds + Math.min(...growth)
    )
  }

  #spans(): [parent: number, child: number] {
    const [one, two] = [this.#correlation1, this.#correlation2]
    return [two.parentTicks - one.parentTicks, two.childTicks - one.childTicks]
  }
}

function checkRange(correlation1: unknown, correlation2: unknown): void {
  const one = checkOption('correlation1', CORRELATION_TYPE, correlation1)
  const two = checkOption('correlation2', CORRELATION_TYPE, correlation2)
  if (one.parentTicks === two.parentTicks) {
    throw new InvalidOptionError('correlation2', 'a Correlation with other parentTicks than correlation1', two)
  }
}
