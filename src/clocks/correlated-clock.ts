import { checkFinite, checkNotNegative, show } from '../validation/index.js'
import type { Clock, ClockOptions } from './clock.js'
import { Correlation } from './correlation.js'
import { DependentClock } from './dependent-clock.js'
import { checkTickRate, NANOS_PER_SECOND, rescale } from './tick-rate.js'

export interface CorrelatedClockOptions extends ClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** Default 1. */
  speed?: number
  /** Default: both clocks read 0 at the same moment, without error. */
  correlation?: Correlation
}

/**
 * A clock that runs straight through one point of correlation with its parent:
 * ticks = childTicks + (parent's ticks − parentTicks) / parent's tick rate · tickRate · speed.
 *
 * At speed 0 it reads `childTicks` always. Then `toParent(childTicks)` is `parentTicks`, and `toParent` of anything
 * else is NaN: no answer, the clock never gets there. `calcWhen`, `toRoot` and `toOtherClock` pass that on.
 */
export class CorrelatedClock extends DependentClock {
  #tickRate: number
  #speed: number
  #correlation: Correlation

  /** @throws TypeError, RangeError */
  constructor(parent: Clock, options: CorrelatedClockOptions = {}) {
    super(parent, options)
    const { tickRate = NANOS_PER_SECOND, speed = 1, correlation = new Correlation() } = options
    this.#tickRate = checkTickRate(tickRate)
    this.#speed = checkSpeed(speed)
    this.#correlation = checkCorrelation(correlation)
  }

  override get tickRate(): number {
    return this.#tickRate
  }

  override set tickRate(value: number) {
    if (checkTickRate(value) === this.#tickRate) return
    this.#tickRate = value
    this.announce('tickRate')
  }

  override get speed(): number {
    return this.#speed
  }

  /** Keeps the correlation: to go on from the present tick at another speed, call `rebaseCorrelationAt(now())` first. */
  override set speed(value: number) {
    this.setCorrelationAndSpeed(this.#correlation, value)
  }

  get correlation(): Correlation {
    return this.#correlation
  }

  set correlation(value: Correlation) {
    this.setCorrelationAndSpeed(value, this.#speed)
  }

  /** Sets both with one change event. @throws TypeError, RangeError, and then neither is set */
  setCorrelationAndSpeed(correlation: Correlation, speed: number): void {
    const moved = !checkCorrelation(correlation).equals(this.#correlation)
    const paced = checkSpeed(speed) !== this.#speed
    if (!moved && !paced) return
    this.#correlation = correlation
    this.#speed = speed
    this.announce(moved && paced ? 'correlationAndSpeed' : moved ? 'correlation' : 'speed')
  }

  /**
   * Replaces the correlation by that of the moment when this clock reads `ticks`; with its error as of then. The clock
   * reads the same before and after, so nobody is told. At speed 0 it takes the parent's now.
   *
   * @throws TypeError; RangeError when the clock stands still at another tick
   */
  rebaseCorrelationAt(ticks: number): void {
    checkFinite('ticks', ticks, 'ticks, a finite number')
    const { childTicks } = this.#correlation
    if (this.#speed === 0 && ticks !== childTicks) {
      throw new RangeError(`ticks: expected ${childTicks}, at which ${this.name} stands still, got ${ticks}`)
    }
    const parentTicks = this.#speed === 0 ? this.parent.now() : this.toParent(ticks)
    const initialErrorSeconds = this.errorAt(parentTicks)
    this.#correlation = this.#correlation.butWith({ parentTicks, childTicks: ticks, initialErrorSeconds })
  }

  override fromParent(parentTicks: number): number {
    const { parentTicks: parentStart, childTicks } = this.#correlation
    // At speed 0 even an infinite parent time gives an answer, which 0 · Infinity would not.
    if (this.#speed === 0) return childTicks
    return childTicks + rescale(parentTicks - parentStart, this.parent.tickRate, this.#tickRate) * this.#speed
  }

  override toParent(ticks: number): number {
    const { parentTicks, childTicks } = this.#correlation
    if (this.#speed === 0) return ticks === childTicks ? parentTicks : Number.NaN
    return parentTicks + rescale((ticks - childTicks) / this.#speed, this.#tickRate, this.parent.tickRate)
  }

  /**
   * By how many of its own seconds the clock would jump, forward above 0, if it were set so. At another speed the gap
   * has no end: Infinity when that is higher than the present one, -Infinity when it is lower.
   *
   * @throws TypeError, RangeError
   */
  quantifySignedChange(newCorrelation: Correlation, newSpeed: number): number {
    const { parentTicks, childTicks } = checkCorrelation(newCorrelation)
    if (checkSpeed(newSpeed) !== this.#speed) return newSpeed > this.#speed ? Infinity : -Infinity
    return (childTicks - this.fromParent(parentTicks)) / this.#tickRate
  }

  /** The same without its sign. */
  quantifyChange(newCorrelation: Correlation, newSpeed: number): number {
    return Math.abs(this.quantifySignedChange(newCorrelation, newSpeed))
  }

  /** Whether the clock would jump by more than `thresholdSeconds`, or run at another speed. */
  isChangeSignificant(newCorrelation: Correlation, newSpeed: number, thresholdSeconds: number): boolean {
    checkNotNegative('thresholdSeconds', thresholdSeconds, 'seconds, 0 or more')
    return this.quantifyChange(newCorrelation, newSpeed) > thresholdSeconds
  }

  protected override errorAt(parentTicks: number): number {
    const { parentTicks: parentStart, initialErrorSeconds, errorGrowthRate } = this.#correlation
    return initialErrorSeconds + (errorGrowthRate * Math.abs(parentTicks - parentStart)) / this.parent.tickRate
  }
}

function checkSpeed(value: unknown): number {
  return checkFinite('speed', value, 'a finite number')
}

/** @throws TypeError */
export function checkCorrelation(value: unknown, option = 'correlation'): Correlation {
  if (!(value instanceof Correlation)) throw new TypeError(`${option}: expected a Correlation, got ${show(value)}`)
  return value
}
