import { checkFinite, checkNotNegative } from '../validation/index.js'

export interface CorrelationOptions {
  /** Ticks of the parent clock. Default 0. */
  parentTicks?: number
  /** What the child clock reads at that moment, in its own ticks. Default 0. */
  childTicks?: number
  /** How far off the child may be at that moment, in seconds, 0 or more. Default 0. */
  initialErrorSeconds?: number
  /** By how much that grows, in seconds per second of the parent, before and after. Default 0. */
  errorGrowthRate?: number
}

/** A moment at which a clock and its parent are known to read so much, and how surely. Immutable. */
export class Correlation {
  readonly parentTicks: number
  readonly childTicks: number
  readonly initialErrorSeconds: number
  readonly errorGrowthRate: number

  /** @throws TypeError, RangeError for a value that is not finite, or an error or growth below 0 */
  constructor(options: CorrelationOptions = {}) {
    const { parentTicks = 0, childTicks = 0, initialErrorSeconds = 0, errorGrowthRate = 0 } = options
    this.parentTicks = checkFinite('parentTicks', parentTicks, 'ticks, a finite number')
    this.childTicks = checkFinite('childTicks', childTicks, 'ticks, a finite number')
    this.initialErrorSeconds = checkNotNegative('initialErrorSeconds', initialErrorSeconds, 'seconds, 0 or more')
    this.errorGrowthRate = checkNotNegative('errorGrowthRate', errorGrowthRate, 'seconds per second, 0 or more')
    Object.freeze(this)
  }

  /** A copy with some of its values replaced. */
  butWith(changes: CorrelationOptions): Correlation {
    return new Correlation({ ...this, ...changes })
  }

  equals(other: Correlation): boolean {
    return (
      this.parentTicks === other.parentTicks &&
      this.childTicks === other.childTicks &&
      this.initialErrorSeconds === other.initialErrorSeconds &&
      this.errorGrowthRate === other.errorGrowthRate
    )
  }

  toString(): string {
    return `parent ${this.parentTicks} = child ${this.childTicks} ± ${this.initialErrorSeconds} s (+${this.errorGrowthRate} s/s)`
  }
}
