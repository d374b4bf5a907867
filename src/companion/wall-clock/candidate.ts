import { Correlation, NANOS_PER_SECOND, rescale } from '../../clocks/index.js'

/** The wall clock, in nanoseconds, as a linear function of a parent clock. */
export interface ClockLine {
  /** The moment on the parent clock, in its ticks, at which the wall clock reads `ticks`. */
  readonly parentTicks: number
  /** The wall clock at `parentTicks`, in nanoseconds. */
  readonly ticks: number
  /** Seconds of the wall clock per second of the parent. */
  readonly speed: number
}

/** The values of a {@link Candidate}, as given to its constructor. */
export interface CandidateFields extends ClockLine {
  /** Always 1: a single exchange cannot measure the rate. */
  readonly speed: 1
  /** Ticks per second of the parent clock. */
  readonly parentTickRate: number
  /** Upper bound of the error of `ticks` at `parentTicks`, in seconds. */
  readonly errorSeconds: number
  /** Growth of that bound before and after `parentTicks`, in seconds per second. */
  readonly errorGrowthRate: number
  /** Network round trip of the exchange, without the server's processing time, in seconds. */
  readonly roundTripSeconds: number
  /** Ticks of the parent clock when the response was received. */
  readonly receivedTicks: number
  /** Whether the transmit time is from a follow-up. */
  readonly followedUp: boolean
}

/** A measurement of the server's wall clock by one exchange, with its error bound. Immutable. */
export class Candidate implements ClockLine {
  /** Ticks of the parent clock half-way between sending the request and receiving the response. */
  readonly parentTicks: number
  /** The server's wall clock half-way between its receive and transmit times, in nanoseconds. */
  readonly ticks: number
  /** Always 1: a single exchange cannot measure the rate. */
  readonly speed = 1
  /** Ticks per second of the parent clock. */
  readonly parentTickRate: number
  /** Upper bound of the error of `ticks` at `parentTicks`, in seconds. */
  readonly errorSeconds: number
  /** Growth of that bound before and after `parentTicks`, in seconds per second. */
  readonly errorGrowthRate: number
  /** Network round trip of the exchange, without the server's processing time, in seconds. */
  readonly roundTripSeconds: number
  /** Ticks of the parent clock when the response was received. */
  readonly receivedTicks: number
  /** Whether the transmit time is from a follow-up. */
  readonly followedUp: boolean

  constructor(fields: CandidateFields) {
    this.parentTicks = fields.parentTicks
    this.ticks = fields.ticks
    this.parentTickRate = fields.parentTickRate
    this.errorSeconds = fields.errorSeconds
    this.errorGrowthRate = fields.errorGrowthRate
    this.roundTripSeconds = fields.roundTripSeconds
    this.receivedTicks = fields.receivedTicks
    this.followedUp = fields.followedUp
    Object.freeze(this)
  }

  /** Seconds by which the server's wall clock is ahead of the parent clock. */
  get offsetSeconds(): number {
    return (this.ticks - rescale(this.parentTicks, this.parentTickRate, NANOS_PER_SECOND)) / NANOS_PER_SECOND
  }

  /** The error bound when the response was received, in seconds. */
  get dispersionSeconds(): number {
    return this.errorAt(this.receivedTicks)
  }

  /**
   * The correlation for a CorrelatedClock that represents the server's wall clock, including the error bound. Its parent must be the
   * clock that the exchange was measured with.
   * @param tickRate ticks per second of the CorrelatedClock. Default 1 000 000 000.
   */
  correlation(tickRate: number = NANOS_PER_SECOND): Correlation {
    const { parentTicks, errorSeconds: initialErrorSeconds, errorGrowthRate } = this
    const childTicks = rescale(this.ticks, NANOS_PER_SECOND, tickRate)
    return new Correlation({ parentTicks, childTicks, initialErrorSeconds, errorGrowthRate })
  }

  /** The error bound when the parent reads `parentTicks`, in seconds. */
  errorAt(parentTicks: number): number {
    return this.errorSeconds + this.errorGrowthRate * Math.abs(this.secondsSince(parentTicks))
  }

  /** Seconds of the parent from this candidate's moment until `parentTicks`. */
  secondsSince(parentTicks: number): number {
    return (parentTicks - this.parentTicks) / this.parentTickRate
  }

  /** Seconds by which a line is ahead of this candidate when the parent reads `parentTicks`. */
  leadOf(line: ClockLine, parentTicks: number): number {
    // Subtract nearby values first: the difference is exact, whereas sums may be rounded to 256 ns.
    const apart = (line.ticks - this.ticks) / NANOS_PER_SECOND - this.secondsSince(line.parentTicks)
    return apart + ((parentTicks - line.parentTicks) / this.parentTickRate) * (line.speed - 1)
  }

  /** Whether the two are consistent: their error intervals overlap. */
  agreesWith(other: Candidate): boolean {
    const apart = Math.abs(this.leadOf(other, other.parentTicks))
    return apart <= this.errorAt(other.parentTicks) + other.errorSeconds
  }
}

/**
 * Derives the wall clock from candidates as they arrive. It does not compute an error bound: the client derives that from the
 * candidates themselves.
 */
export interface CandidateAlgorithm {
  /**
   * @param nowTicks current ticks of the parent clock.
   * @returns the line to follow from now on (a candidate is one), or undefined to keep the last.
   */
  add(candidate: Candidate, nowTicks: number): ClockLine | undefined
  /** Discards all candidates, because the server's clock or the parent clock was replaced. */
  reset(): void
}
