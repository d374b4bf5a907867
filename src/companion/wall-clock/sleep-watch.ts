import type { Clock } from '../../clocks/index.js'

/** Reads a clock that continues during sleep, in milliseconds from an arbitrary origin. */
export type MillisecondSource = () => number

/** The clocks have limited resolution, a few milliseconds in browsers, and are not read at the same moment. */
const MIN_ALLOWANCE_SECONDS = 0.01

/** Browsers with fingerprinting protection may reduce the resolution of the time of day to 0.1 s. Machines sleep longer than that. */
const MAX_ALLOWANCE_SECONDS = 0.64

/** Rate at which the system may slew the time of day relative to the monotonic clock. */
const MAX_SLEW = 500e-6

/**
 * Detects that the machine has slept. On many systems the monotonic clock stops during sleep, but the time of day does not. A time
 * of day that was set forward is indistinguishable from sleep; one that was set back is not.
 */
export class SleepWatch {
  readonly #parent: Clock
  readonly #timeOfDay: MillisecondSource
  #allowanceSeconds = MIN_ALLOWANCE_SECONDS
  #dispersionSeconds = Number.POSITIVE_INFINITY
  #growthRate = 0
  /** Time of day when the wall clock was last confirmed. */
  #parentTicks = 0
  #millis = 0
  /** Of the root clock, which may stop during sleep. A parent may run at another speed by design. */
  #secondsPerTick = 0
  #gapSeconds = 0
  #takenSeconds = 0

  /** @param parent the clock that may stop during sleep. Call {@link end} when it is set. */
  constructor(parent: Clock, timeOfDay: MillisecondSource) {
    this.#parent = parent
    this.#timeOfDay = timeOfDay
  }

  /** The wall clock is confirmed as of now, within an error bound that grows. */
  begin(dispersionSeconds: number, growthRate: number): void {
    this.#secondsPerTick = 1 / (this.#parent.tickRate * this.#parent.effectiveSpeed)
    this.#parentTicks = this.#parent.now()
    this.#millis = this.#timeOfDay()
    this.#dispersionSeconds = dispersionSeconds
    this.#growthRate = growthRate
    this.#gapSeconds = 0
    this.#takenSeconds = 0
  }

  /** Stops watching: there is no wall clock estimate that sleep could invalidate. */
  end(): void {
    this.#dispersionSeconds = Number.POSITIVE_INFINITY
    this.#gapSeconds = 0
    this.#takenSeconds = 0
  }

  /** {@link hasSlept} was a false positive: the time of day was set, or is coarse. */
  wasMistaken(): void {
    this.#allowanceSeconds = Math.min(this.#allowanceSeconds * 2, MAX_ALLOWANCE_SECONDS)
  }

  /** Time by which the stopped clocks may be behind; 0 while no sleep is detected. */
  get gapSeconds(): number {
    return this.#gapSeconds
  }

  /** The time of day, for {@link hasSlept}. */
  millis(): number {
    return this.#timeOfDay()
  }

  /**
   * Whether the machine has slept for longer than the bound allows for. Stays true until {@link begin} or {@link end}.
   * @param millis must be read before `parentTicks`, so that preemption between the two readings does not look like sleep.
   */
  hasSlept(millis: number = this.#timeOfDay(), parentTicks: number = this.#parent.now()): boolean {
    const elapsed = (parentTicks - this.#parentTicks) * this.#secondsPerTick
    const ahead = (millis - this.#millis) / 1000 - elapsed
    const tolerance = this.#toleranceSeconds(elapsed)
    if (ahead > tolerance) this.#gapSeconds = Math.max(this.#gapSeconds, ahead + this.#allowanceSeconds)
    else if (ahead < -tolerance) this.#takeSetBack()
    return this.#gapSeconds > 0
  }

  /** Whether the machine has slept since the last call. */
  takeSleep(): boolean {
    if (!this.hasSlept() || this.#gapSeconds - this.#takenSeconds <= this.#allowanceSeconds) return false
    this.#takenSeconds = this.#gapSeconds
    return true
  }

  /** The time of day was set back: measure sleep from the new time. */
  #takeSetBack(): void {
    const elapsed = (this.#parent.now() - this.#parentTicks) * this.#secondsPerTick
    const ahead = (this.#timeOfDay() - this.#millis) / 1000 - elapsed
    if (ahead < -this.#toleranceSeconds(elapsed)) this.#millis += ahead * 1000
  }

  #toleranceSeconds(elapsed: number): number {
    return this.#allowanceSeconds + this.#dispersionSeconds + (this.#growthRate + MAX_SLEW) * elapsed
  }
}
