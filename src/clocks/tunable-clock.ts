import { checkFinite, checkNotNegative } from '../validation/index.js'
import type { Clock, ClockOptions } from './clock.js'
import { CorrelatedClock } from './correlated-clock.js'
import { Correlation } from './correlation.js'

export interface TunableClockOptions extends ClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** What the clock reads when it is made, in its own ticks. Default 0. */
  ticks?: number
  /** Default 1. */
  speed?: number
}

/**
 * A clock that is adjusted while it runs: by a number of ticks, by a slew, or by its speed. A change of `speed`, `slew` or
 * `tickRate` applies from the present tick onwards, so the clock does not jump; a {@link CorrelatedClock} keeps its point of
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
  /** @throws TypeError, RangeError */
  constructor(parent: Clock, options: TunableClockOptions = {}) {
    const { ticks = 0, ...rest } = options
    const childTicks = checkFinite('ticks', ticks, 'ticks, a finite number')
    super(parent, rest)
    this.correlation = new Correlation({ parentTicks: parent.now(), childTicks })
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

  /** @throws TypeError, RangeError */
  set slew(ticksPerSecond: number) {
    this.speed = 1 + checkFinite('slew', ticksPerSecond, 'ticks per second, a finite number') / this.tickRate
  }

  /** Moves the clock by so many ticks: forward above 0, back below. @throws TypeError, RangeError */
  adjustTicks(ticks: number): void {
    checkFinite('ticks', ticks, 'ticks, a finite number')
    this.correlation = this.correlation.butWith({ childTicks: this.correlation.childTicks + ticks })
  }

  /**
   * States how far off the clock may be now, and by how much that grows.
   *
   * @param seconds 0 or more.
   * @param growthRate seconds per second of the parent, 0 or more. Default 0.
   * @throws TypeError, RangeError, and then nothing is changed
   */
  setError(seconds: number, growthRate = 0): void {
    checkNotNegative('seconds', seconds, 'seconds, 0 or more')
    checkNotNegative('growthRate', growthRate, 'seconds per second, 0 or more')
    this.#rebase()
    this.correlation = this.correlation.butWith({ initialErrorSeconds: seconds, errorGrowthRate: growthRate })
  }

  #rebase(): void {
    this.rebaseCorrelationAt(this.now())
  }
}
