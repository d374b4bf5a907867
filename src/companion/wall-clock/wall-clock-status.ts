import type { IgnoredAnswerReason } from './wall-clock-exchange.js'
import { MAX_RECENT_ANSWERS } from './wall-clock-limits.js'

/** Why something that came was ignored: as an answer is, or because it was sent from another port than the server's. */
export type IgnoredReason = IgnoredAnswerReason | 'other-port'

/** How a wall clock client stands. Times are in seconds, counts since it was made. */
export interface WallClockStatus {
  readonly available: boolean
  /** Whether the transport is open. */
  readonly connected: boolean
  /** By how much the wall clock is ahead of the parent clock; undefined without an answer. */
  readonly offsetSeconds: number | undefined
  /** What the clock adds to the parent's rate, in ppm: of a frequency that was made out, or of a slew. */
  readonly speedPpm: number
  /** How far off the clock may be now; Infinity without an answer. */
  readonly dispersionSeconds: number
  /** The largest of a period: see `resetWorstDispersion`. */
  readonly worstDispersionSeconds: number
  /** Of the last answer. */
  readonly roundTripSeconds: number | undefined
  /** The shortest of late. */
  readonly minRoundTripSeconds: number | undefined
  readonly medianRoundTripSeconds: number | undefined
  readonly requests: number
  /** Responses and follow-ups that were ours and in time. */
  readonly responses: number
  readonly followUps: number
  /** Requests without an answer. */
  readonly timeouts: number
  /** Responses whose promised follow-up never came. */
  readonly followUpTimeouts: number
  readonly ignored: Readonly<Record<IgnoredReason, number>>
  readonly protocolErrors: number
}

/** Counts, and remembers the round trips of late. */
export class WallClockCounters {
  requests = 0
  responses = 0
  followUps = 0
  timeouts = 0
  followUpTimeouts = 0
  protocolErrors = 0
  readonly ignored: Record<IgnoredReason, number> = {
    stranger: 0,
    duplicate: 0,
    late: 0,
    'not-a-response': 0,
    'other-port': 0,
  }
  #roundTrips: number[] = []

  addRoundTrip(seconds: number): void {
    this.#roundTrips.push(seconds)
    if (this.#roundTrips.length > MAX_RECENT_ANSWERS) this.#roundTrips.shift()
  }

  forgetRoundTrips(): void {
    this.#roundTrips = []
  }

  get roundTripSeconds(): number | undefined {
    return this.#roundTrips.at(-1)
  }

  get minRoundTripSeconds(): number | undefined {
    return this.#roundTrips.length === 0 ? undefined : Math.min(...this.#roundTrips)
  }

  get medianRoundTripSeconds(): number | undefined {
    const sorted = this.#roundTrips.toSorted((a, b) => a - b)
    const [lower, upper] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
    return lower === undefined || upper === undefined ? undefined : (lower + upper) / 2
  }
}

/** The status in one line, for people. */
export function summaryOf(status: WallClockStatus): string {
  const { available, connected, offsetSeconds, dispersionSeconds, roundTripSeconds } = status
  const state = `${available ? 'available' : 'unavailable'}, ${connected ? 'connected' : 'not connected'}`
  if (offsetSeconds === undefined) return `${state}, no answer to ${status.requests} requests`
  const offset = `offset ${offsetSeconds.toFixed(6)} s ± ${dispersionSeconds.toFixed(6)} s`
  const roundTrip = roundTripSeconds === undefined ? '' : `, round trip ${(roundTripSeconds * 1000).toFixed(3)} ms`
  return `${state}, ${offset}${roundTrip}`
}
