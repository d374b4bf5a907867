import { checkOptions, DvbcssError, type OptionTable, option } from '../validation/index.js'
import { Clock, readOnlyError } from './clock.js'
import {
  measurePrecisionSeconds,
  monotonicNanos,
  monotonicPrecisionSeconds,
  type NanosecondSource,
} from './nanosecond-source.js'
import { NANOS_PER_SECOND, TICK_RATE_TYPE } from './tick-rate.js'

/** A conservative bound for the crystal of a consumer device, in parts per million. */
export const DEFAULT_MAX_FREQ_ERROR_PPM = 500

/** Options of a {@link SystemClock}. */
export interface SystemClockOptions {
  /** Ticks per second. Default 1 000 000 000. */
  tickRate?: number
  /** Maximum frequency error of the oscillator, in parts per million, 0 or more. Default 500. */
  maxFreqErrorPpm?: number
  /** Resolution of readings, in seconds, above 0. Default: measured, once per process for the monotonic clock. */
  precisionSeconds?: number
  /** Source of nanoseconds; must be monotonic. Default: the machine's monotonic clock. */
  source?: NanosecondSource
  /** Shown in logs and errors. Default: the class and a number. */
  name?: string
}

export const SYSTEM_CLOCK_OPTIONS: OptionTable<SystemClockOptions, 'tickRate' | 'maxFreqErrorPpm'> = {
  tickRate: option.withDefault(TICK_RATE_TYPE, NANOS_PER_SECOND),
  maxFreqErrorPpm: option.withDefault(option.number({ min: 0 }, 'ppm'), DEFAULT_MAX_FREQ_ERROR_PPM),
  precisionSeconds: option.number({ above: 0 }, 'seconds'),
  source: option.func<NanosecondSource>(),
  name: option.string(),
}

/**
 * A root clock: the machine's monotonic clock. It has an arbitrary origin, is unrelated to the time of day, and never steps. In Node,
 * all instances on a machine agree, even across processes. Exact to the nanosecond up to an uptime of 104 days.
 */
export class SystemClock extends Clock {
  /** The resolution with which the clock can be read, in seconds. */
  readonly precisionSeconds: number
  readonly #source: NanosecondSource
  readonly #tickRate: number
  readonly #maxFreqErrorPpm: number

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: SystemClockOptions = {}) {
    const { tickRate, maxFreqErrorPpm, source, precisionSeconds, name } = checkOptions(SYSTEM_CLOCK_OPTIONS, options)
    super(name === undefined ? {} : { name })
    this.#source = source ?? monotonicNanos
    this.#tickRate = tickRate
    this.#maxFreqErrorPpm = maxFreqErrorPpm
    this.precisionSeconds =
      precisionSeconds ?? (source === undefined ? monotonicPrecisionSeconds() : measurePrecisionSeconds(source))
  }

  override get parent(): null {
    return null
  }

  override get tickRate(): number {
    return this.#tickRate
  }

  /** @throws DvbcssError always */
  override set tickRate(_value: number) {
    throw readOnlyError(this, 'tickRate', 'it is set once, in the constructor')
  }

  override get speed(): number {
    return 1
  }

  /** @throws DvbcssError always */
  override set speed(_value: number) {
    throw readOnlyError(this, 'speed', 'a SystemClock runs at speed 1')
  }

  override get maxFreqErrorPpm(): number {
    return this.#maxFreqErrorPpm
  }

  override now(): number {
    const nanos = this.#source()
    // Hot path: a wall clock server reads this twice per request, almost always in nanoseconds.
    return this.#tickRate === NANOS_PER_SECOND ? nanos : (nanos * this.#tickRate) / NANOS_PER_SECOND
  }

  /** @throws DvbcssError always */
  override toParent(_ticks: number): never {
    throw new DvbcssError('DVBCSS_ERR_NO_PARENT', `cannot convert to the parent of ${this.name}: it is a root clock`)
  }

  /** @throws DvbcssError always */
  override fromParent(_parentTicks: number): never {
    throw new DvbcssError('DVBCSS_ERR_NO_PARENT', `cannot convert from the parent of ${this.name}: it is a root clock`)
  }

  /** Always the precision, because a root clock is correct by definition, to the resolution of its readings. */
  override dispersionAt(_ticks: number): number {
    return this.precisionSeconds
  }
}
