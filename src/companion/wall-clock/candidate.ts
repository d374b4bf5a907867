import { Correlation, rescale } from '../../clocks/index.js'

const NANOS_PER_SECOND = 1e9

/** A straight line: what the wall clock reads, in nanoseconds, as a parent clock goes on. */
export interface ClockLine {
  readonly parentTicks: number
  /** What the wall clock reads then, in nanoseconds. */
  readonly ticks: number
  /** Seconds of the wall clock per second of the parent. */
  readonly speed: number
}

export interface CandidateFields extends ClockLine {
  readonly speed: 1
  readonly parentTickRate: number
  readonly errorSeconds: number
  readonly errorGrowthRate: number
  readonly roundTripSeconds: number
  readonly receivedTicks: number
  readonly followedUp: boolean
}

/** What one exchange says about the server's wall clock, and how surely. Immutable. */
export class Candidate implements ClockLine {
  /** The parent clock half-way between the sending of the request and the receipt of the response. */
  readonly parentTicks: number
  /** The server's wall clock half-way between its receipt and its sending, in nanoseconds. */
  readonly ticks: number
  /** An exchange by itself says nothing of how fast the clock runs. */
  readonly speed = 1
  /** Ticks per second of the parent clock. */
  readonly parentTickRate: number
  /** How far off `ticks` may be at `parentTicks`, in seconds. */
  readonly errorSeconds: number
  /** By how much that grows, in seconds per second, before and after. */
  readonly errorGrowthRate: number
  readonly roundTripSeconds: number
  /** The parent clock when the response came. */
  readonly receivedTicks: number
  /** Whether a follow-up gave the transmit time. */
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

  /** The bound when the response came, in seconds. */
  get dispersionSeconds(): number {
    return this.errorAt(this.receivedTicks)
  }

  /**
   * The correlation that makes a CorrelatedClock, whose parent is the clock that the exchange was measured by, read the
   * server's wall clock, with its error.
   * @param tickRate that of the CorrelatedClock. Default 1 000 000 000.
   */
  correlation(tickRate: number = NANOS_PER_SECOND): Correlation {
    const { parentTicks, errorSeconds: initialErrorSeconds, errorGrowthRate } = this
    const childTicks = rescale(this.ticks, NANOS_PER_SECOND, tickRate)
    return new Correlation({ parentTicks, childTicks, initialErrorSeconds, errorGrowthRate })
  }

  /** How far off it may be when the parent reads `parentTicks`, in seconds. */
  errorAt(parentTicks: number): number {
    return this.errorSeconds + this.errorGrowthRate * Math.abs(this.secondsSince(parentTicks))
  }

  /** Seconds of the parent from this candidate's moment until `parentTicks`. */
  secondsSince(parentTicks: number): number {
    return (parentTicks - this.parentTicks) / this.parentTickRate
  }

  /** By how many seconds a line is ahead of what this candidate says, when the parent reads `parentTicks`. */
  leadOf(line: ClockLine, parentTicks: number): number {
    // Differences of near neighbours first: they are exact, where the readings themselves may be rounded to 256 ns.
    const apart = (line.ticks - this.ticks) / NANOS_PER_SECOND - this.secondsSince(line.parentTicks)
    return apart + ((parentTicks - line.parentTicks) / this.parentTickRate) * (line.speed - 1)
  }

  /** Whether both can be true: their intervals meet. */
  agreesWith(other: Candidate): boolean {
    const apart = Math.abs(this.leadOf(other, other.parentTicks))
    return apart <= this.errorAt(other.parentTicks) + other.errorSeconds
  }
}
