import { checkOptions, type OptionTable, type OptionType, option } from '../validation/index.js'

/** The values of a {@link Correlation}. */
export interface CorrelationOptions {
  /** Ticks of the parent clock. Default 0. */
  parentTicks?: number
  /** What the child clock reads at that moment, in its own ticks. Default 0. */
  childTicks?: number
  /** Error bound of the child at that moment, in seconds, 0 or more. Default 0. */
  initialErrorSeconds?: number
  /** Growth of that bound before and after, in seconds per second of the parent. Default 0. */
  errorGrowthRate?: number
}

export const CORRELATION_OPTIONS: OptionTable<CorrelationOptions, keyof CorrelationOptions> = {
  parentTicks: option.withDefault(option.number({}, 'ticks'), 0),
  childTicks: option.withDefault(option.number({}, 'ticks'), 0),
  initialErrorSeconds: option.withDefault(option.number({ min: 0 }, 'seconds'), 0),
  errorGrowthRate: option.withDefault(option.number({ min: 0 }, 'seconds per second'), 0),
}

/** A pair of simultaneous readings of a clock and its parent, with an error bound. Immutable. */
export class Correlation {
  /** Ticks of the parent clock at the point of correlation. */
  readonly parentTicks: number
  /** Ticks of the child clock at the point of correlation. */
  readonly childTicks: number
  /** Error bound of the child at the point of correlation, in seconds. */
  readonly initialErrorSeconds: number
  /** Growth of the error, in seconds per second of the parent. */
  readonly errorGrowthRate: number

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: CorrelationOptions = {}) {
    const { parentTicks, childTicks, initialErrorSeconds, errorGrowthRate } = checkOptions(CORRELATION_OPTIONS, options)
    this.parentTicks = parentTicks
    this.childTicks = childTicks
    this.initialErrorSeconds = initialErrorSeconds
    this.errorGrowthRate = errorGrowthRate
    Object.freeze(this)
  }

  /** A copy with some of its values replaced. @throws InvalidOptionError, UnknownOptionError */
  with(changes: CorrelationOptions): Correlation {
    return new Correlation({ ...this, ...changes })
  }

  /** Whether all four values are the same. */
  equals(other: Correlation): boolean {
    return (
      this.parentTicks === other.parentTicks &&
      this.childTicks === other.childTicks &&
      this.initialErrorSeconds === other.initialErrorSeconds &&
      this.errorGrowthRate === other.errorGrowthRate
    )
  }

  /** The four values, for logs. */
  toString(): string {
    return `parent ${this.parentTicks} = child ${this.childTicks} ± ${this.initialErrorSeconds} s (+${this.errorGrowthRate} s/s)`
  }
}

export const CORRELATION_TYPE: OptionType<Correlation> = option.instance(Correlation, 'a Correlation')
