import { checkFunction, checkNotNegative, checkPositive } from '../validation/index.js'
import { Clock } from './clock.js'
import {
  measurePrecisionSeconds,
  monotonicNanos,
  monotonicPrecisionSeconds,
  type NanosecondSource,
} from './nanosecond-source.js'
import { checkTickRate, NANOS_PER_SECOND } from './tick-rate.js'

/** A cautious bound for the crystal of a consumer device, in parts per million. */
export const DEFAULT_MAX_FREQ_ERROR_PPM = 500

export interface SystemClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** By how much the oscillator may be off, in parts per million, 0 or more. Default 500. */
  maxFreqErrorPpm?: number
  /** With what resolution it can be read, in seconds, above 0. Default: measured, once per process for the machine's. */
  precisionSeconds?: number
  /** What to read instead of the machine's monotonic clock: nanoseconds, never going back. */
  source?: NanosecondSource
  name?: string
}

/**
 * A root: the machine's monotonic clock. It has no epoch, no relation to the time of day, and never steps. In Node all
 * of them agree, also across the processes of a machine. Exact to the nanosecond until an uptime of 104 days.
 */
export class SystemClock extends Clock {
  readonly precisionSeconds: number
  readonly #source: NanosecondSource
  readonly #tickRate: number
  readonly #maxFreqErrorPpm: number

  /** @throws TypeError, RangeError */
  constructor(options: SystemClockOptions = {}) {
    const { tickRate = NANOS_PER_SECOND, maxFreqErrorPpm = DEFAULT_MAX_FREQ_ERROR_PPM, source, name } = options
    super(name === undefined ? {} : { name })
    this.#source = source === undefined ? monotonicNanos : checkFunction('source', source)
    this.#tickRate = checkTickRate(tickRate)
    this.#maxFreqErrorPpm = checkNotNegative('maxFreqErrorPpm', maxFreqErrorPpm, 'parts per million, 0 or more')
    const { precisionSeconds = source === undefined ? monotonicPrecisionSeconds() : measurePrecisionSeconds(source) } =
      options
    this.precisionSeconds = checkPositive('precisionSeconds', precisionSeconds, 'seconds, above 0')
  }

  override get parent(): null {
    return null
  }

  override get tickRate(): number {
    return this.#tickRate
  }

  /** @throws TypeError always */
  override set tickRate(_value: number) {
    throw new TypeError(`tickRate: that of ${this.name} is fixed when it is made and cannot be set`)
  }

  override get speed(): number {
    return 1
  }

  /** @throws TypeError always */
  override set speed(_value: number) {
    throw new TypeError(`speed: ${this.name} is a system clock and its speed cannot be set`)
  }

  override get maxFreqErrorPpm(): number {
    return this.#maxFreqErrorPpm
  }

  override now(): number {
    const nanos = this.#source()
    // A wall clock server reads this twice for every request, nearly always in nanoseconds.
    return this.#tickRate === NANOS_PER_SECOND ? nanos : (nanos * this.#tickRate) / NANOS_PER_SECOND
  }

  /** @throws TypeError always */
  override toParent(_ticks: number): never {
    throw new TypeError(`${this.name} is a root clock and has no parent to convert to`)
  }

  /** @throws TypeError always */
  override fromParent(_parentTicks: number): never {
    throw new TypeError(`${this.name} is a root clock and has no parent to convert from`)
  }

  /** Always the precision: a root is right by definition, and only read so finely. */
  override dispersionAt(_ticks: number): number {
    return this.precisionSeconds
  }
}
