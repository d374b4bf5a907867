import type { CorrelatedClock } from '../../clocks/index.js'
import { DEFAULT_MAX_DISPERSION_SECONDS } from './wall-clock-limits.js'
import type { WallClockSteering } from './wall-clock-steering.js'

/** The error bound of a client's clock: its current and its worst value, and when it will exceed the limit. */
export class WallClockErrorBound {
  readonly #clock: CorrelatedClock
  readonly #steering: WallClockSteering
  readonly #maxDispersionSeconds: number | undefined
  /** Stated in the last answer. */
  #serverPrecisionSeconds = 0
  /** The largest error bound until the last change of the clock. */
  #worstSeconds = Number.POSITIVE_INFINITY

  /** @param maxDispersionSeconds the largest acceptable bound. Default: the default limit plus the precision of the server. */
  constructor(clock: CorrelatedClock, steering: WallClockSteering, maxDispersionSeconds: number | undefined) {
    this.#clock = clock
    this.#steering = steering
    this.#maxDispersionSeconds = maxDispersionSeconds
  }

  /** The current bound in seconds; Infinity without a valid measurement. */
  get seconds(): number {
    return this.#steering.isSet ? this.#clock.dispersionAt(this.#clock.now()) : Number.POSITIVE_INFINITY
  }

  /** The largest bound since construction or since {@link resetWorst}, in seconds. */
  get worstSeconds(): number {
    return Math.max(this.#worstSeconds, this.seconds)
  }

  /** Whether the current bound is within the limit. */
  get isAcceptable(): boolean {
    return this.#steering.isSet && this.seconds <= this.#maxSeconds
  }

  /** Seconds until the bound exceeds the limit. */
  get secondsUntilUnacceptable(): number {
    return this.#secondsUntil(this.#maxSeconds)
  }

  /** Seconds until the bound is half-way between the best possible value and the limit, when an answer becomes urgent. */
  get secondsUntilUrgent(): number {
    return this.#secondsUntil((this.#serverPrecisionSeconds + this.#maxSeconds) / 2)
  }

  /** Records the precision that the server states for its clock. */
  setServerPrecision(seconds: number): void {
    this.#serverPrecisionSeconds = seconds
  }

  /** Must be called before the clock is set, because the bound is largest just before. */
  noteWorst(): void {
    this.#worstSeconds = this.worstSeconds
  }

  /** Restarts the period of {@link worstSeconds}. */
  resetWorst(): void {
    this.#worstSeconds = this.seconds
  }

  get #maxSeconds(): number {
    return this.#maxDispersionSeconds ?? DEFAULT_MAX_DISPERSION_SECONDS + this.#serverPrecisionSeconds
  }

  #secondsUntil(seconds: number): number {
    return (seconds - this.seconds) / this.#clock.correlation.errorGrowthRate
  }
}
