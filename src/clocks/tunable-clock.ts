import { checkOption, checkOptions, type OptionTable, type OptionType, option } from '../validation/index.js'
import { CLOCK_OPTIONS, type Clock, type ClockOptions } from './clock.js'
import { CorrelatedClock } from './correlated-clock.js'
import { Correlation } from './correlation.js'
import { NANOS_PER_SECOND, SPEED_TYPE, TICK_RATE_TYPE, TICKS_TYPE } from './tick-rate.js'

/** Options of a {@link TunableClock}. */
export interface TunableClockOptions extends ClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** The initial reading, in ticks of the clock. Default 0. */
  ticks?: number
  /** Default 1. */
  speed?: number
}

export const TUNABLE_CLOCK_OPTIONS: OptionTable<TunableClockOptions, keyof Omit<TunableClockOptions, 'name'>> = {
  ...CLOCK_OPTIONS,
  tickRate: option.withDefault(TICK_RATE_TYPE, NANOS_PER_SECOND),
  ticks: option.withDefault(TICKS_TYPE, 0),
  speed: option.withDefault(SPEED_TYPE, 1),
}
const SLEW_TYPE: OptionType<number> = option.number({}, 'ticks per second')
const ERROR_TYPE: OptionType<number> = option.number({ min: 0 }, 'seconds')
const GROWTH_RATE_TYPE: OptionType<number> = option.number({ min: 0 }, 'seconds per second')

/**
 * A clock that is adjusted while it runs: by a number of ticks, by a slew, or by its speed. A change of `speed`, `slew` or
 * `tickRate` applies from the current tick onwards, so the clock does not jump; a {@link CorrelatedClock} keeps its point of
 * correlation instead, and jumps. It starts without error; {@link setError} states one.
 *
 * ```js
 * const clock = new TunableClock(new SystemClock(), { tickRate: 1000, ticks: 5000 })
 * clock.adjustTicks(-20) // 20 ms back
 * clock.slew = 2 // 1002 ticks per second from now on
 * clock.setError(0.004, 0.00005) // off by at most 4 ms now, and by 50 µs more each second
 * ```
 */
export class TunableClock extends CorrelatedClock {
  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(parent: Clock, options: TunableClockOptions = {}) {
    const { ticks, ...rest } = checkOptions(TUNABLE_CLOCK_OPTIONS, options)
    super(parent, rest)
    this.correlation = new Correlation({ parentTicks: parent.now(), childTicks: ticks })
  }

  override get tickRate(): number {
    return super.tickRate
  }

  override set tickRate(value: number) {
    this.#rebase()
    super.tickRate = value
  }

  override get speed(): number {
    return super.speed
  }

  override set speed(value: number) {
    this.#rebase()
    super.speed = value
  }

  /** The speed in another unit: ticks per second that the clock gains on `tickRate`. 0 at speed 1, below 0 when slower. */
  get slew(): number {
    return (this.speed - 1) * this.tickRate
  }

  /** @throws InvalidOptionError */
  set slew(ticksPerSecond: number) {
    this.speed = 1 + checkOption('slew', SLEW_TYPE, ticksPerSecond) / this.tickRate
  }

  /** Moves the clock by this many ticks: forward if positive, back if negative. @throws InvalidOptionError */
  adjustTicks(ticks: number): void {
    checkOption('ticks', TICKS_TYPE, ticks)
    this.correlation = this.correlation.with({ childTicks: this.correlation.childTicks + ticks })
  }

  /**
   * Sets the clock's current error bound and the growth of that bound.
   *
   * @param seconds 0 or more.
   * @param growthRate seconds per second of the parent, 0 or more. Default 0.
   * @throws InvalidOptionError; nothing is then changed
   */
  setError(seconds: number, growthRate = 0): void {
    checkOption('seconds', ERROR_TYPE, seconds)
    checkOption('growthRate', GROWTH_RATE_TYPE, growthRate)
    this.#rebase()
    this.correlation = this.correlation.with({ initialErrorSeconds: seconds, errorGrowthRate: growthRate })
  }

  #rebase(): void {
    this.rebaseCorrelationAt(this.now())
  }
}
