import type { Clock } from '../../clocks/index.js'

/** Reads a clock that goes on while the machine sleeps, in milliseconds from any origin. */
export type MillisecondSource = () => number

/** Both clocks are read in steps, in a browser of up to some ms each, and not at the same moment. */
const MIN_ALLOWANCE_SECONDS = 0.01

/** A browser that protects against fingerprinting may read the time of day in steps of 0.1 s; a machine sleeps for longer. */
const MAX_ALLOWANCE_SECONDS = 0.64

/** The system may slew the time of day this much to correct it, and not the monotonic clock. */
const MAX_SLEW = 500e-6

/**
 * Finds out that the machine has slept. The monotonic clock of many systems stands still meanwhile, the time of day does
 * not. A time of day that was set ahead looks the same; one that was set back does not.
 */
export class SleepWatch {
  readonly #parent: Clock
  readonly #timeOfDay: MillisecondSource
  #allowanceSeconds = MIN_ALLOWANCE_SECONDS
  #dispersionSeconds = Number.POSITIVE_INFINITY
  #growthRate = 0
  /** Of the moment when the wall clock was known to be right. */
  #parentTicks = 0
  #millis = 0
  /** Of the root, which is what may stand still; a parent may run at another speed on purpose. */
  #secondsPerTick = 0
  #gapSeconds = 0
  #takenSeconds = 0

  /** @param parent the clock that may stand still. Tell {@link end} when it is set. */
  constructor(parent: Clock, timeOfDay: MillisecondSource) {
    this.#parent = parent
    this.#timeOfDay = timeOfDay
  }

  /** The wall clock is right now, within this bound, which grows. */
  begin(dispersionSeconds: number, growthRate: number): void {
    this.#secondsPerTick = 1 / (this.#parent.tickRate * this.#parent.effectiveSpeed)
    this.#parentTicks = this.#parent.now()
    this.#millis = this.#timeOfDay()
    this.#dispersionSeconds = dispersionSeconds
    this.#growthRate = growthRate
    this.#gapSeconds = 0
    this.#takenSeconds = 0
  }

  /** Nothing is known of the wall clock, so nothing can be lost by sleeping. */
  end(): void {
    this.#dispersionSeconds = Number.POSITIVE_INFINITY
    this.#gapSeconds = 0
    this.#takenSeconds = 0
  }

  /** The wall clock was right although {@link hasSlept} said otherwise: the time of day was set, or is coarse. */
  wasMistaken(): void {
    this.#allowanceSeconds = Math.min(this.#allowanceSeconds * 2, MAX_ALLOWANCE_SECONDS)
  }

  /** By how much the clocks that stood still may be behind; 0 while there is no sign of sleep. */
  get gapSeconds(): number {
    return this.#gapSeconds
  }

  /** The time of day, for {@link hasSlept}. */
  millis(): number {
    return this.#timeOfDay()
  }

  /**
   * Whether the machine has slept for longer than the bound allows for. Stays true until {@link begin} or {@link end}.
   * @param millis read before `parentTicks`: another process may run in between, and that must not look like sleep.
   */
  hasSlept(millis: number = this.#timeOfDay(), parentTicks: number = this.#parent.now()): boolean {
    const elapsed = (parentTicks - this.#parentTicks) * this.#secondsPerTick
    const ahead = (millis - this.#millis) / 1000 - elapsed
    const tolerance = this.#toleranceSeconds(elapsed)
    if (ahead > tolerance) this.#gapSeconds = Math.max(this.#gapSeconds, ahead + this.#allowanceSeconds)
    else if (ahead < -tolerance) this.#takeSetBack()
    return this.#gapSeconds > 0
  }

  /** Whether the machine has slept since this was asked last. */
  takeSleep(): boolean {
    if (!this.hasSlept() || this.#gapSeconds - this.#takenSeconds <= this.#allowanceSeconds) return false
    this.#takenSeconds = this.#gapSeconds
    return true
  }

  /** The time of day was set back: sleep is measured from its new time on. */
  #takeSetBack(): void {
    const elapsed = (this.#parent.now() - this.#parentTicks) * this.#secondsPerTick
    const ahead = (this.#timeOfDay() - this.#millis) / 1000 - elapsed
    if (ahead < -this.#toleranceSeconds(elapsed)) this.#millis += ahead * 1000
  }

  #toleranceSeconds(elapsed: number): number {
    return this.#allowanceSeconds + this.#dispersionSeconds + (this.#growthRate + MAX_SLEW) * elapsed
  }
}
