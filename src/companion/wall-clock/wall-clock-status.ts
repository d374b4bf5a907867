import { ForgivenCounter, type ForgivenCounts } from '../../messages/lenient/index.js'
import type { IgnoredAnswerReason } from './wall-clock-exchange.js'
import { MAX_RECENT_ANSWERS } from './wall-clock-limits.js'

/** Why a message was ignored: a reason for ignoring answers, or it came from another port than the server's. */
export type IgnoredReason = IgnoredAnswerReason | 'other-port'

/** The status of a wall clock client. Times are in seconds; counters start at construction. */
export interface WallClockStatus {
  /** Whether the wall clock is available: set, confirmed and accurate enough. */
  readonly available: boolean
  /** Whether the transport is open. */
  readonly connected: boolean
  /** Offset of the wall clock from the parent clock, positive if ahead; undefined before the first answer. */
  readonly offsetSeconds: number | undefined
  /** Rate of the wall clock relative to the parent, in ppm: an estimated frequency offset, or a slew. */
  readonly speedPpm: number
  /** The current error bound; Infinity before the first answer. */
  readonly dispersionSeconds: number
  /** The largest error bound since construction or `resetWorstDispersion()`. */
  readonly worstDispersionSeconds: number
  /** Round trip of the last answer. */
  readonly roundTripSeconds: number | undefined
  /** Shortest of the recent round trips. */
  readonly minRoundTripSeconds: number | undefined
  /** Median of the recent round trips. */
  readonly medianRoundTripSeconds: number | undefined
  /** Requests sent. */
  readonly requests: number
  /** Responses that matched a pending request; follow-ups are counted separately. */
  readonly responses: number
  /** Follow-ups that matched a pending request. */
  readonly followUps: number
  /** Requests that timed out. */
  readonly timeouts: number
  /** Responses whose announced follow-up did not arrive. */
  readonly followUpTimeouts: number
  /** Messages that were ignored, by reason. */
  readonly ignored: Readonly<Record<IgnoredReason, number>>
  /** Answers that were invalid or contradicted the clock, including those for which no event was emitted. */
  readonly protocolErrors: number
  /** Deviations from the specification that were accepted, by kind, including those for which no event was emitted. */
  readonly forgiven: ForgivenCounts
}

type CounterSnapshot = Omit<
  WallClockStatus,
  'available' | 'connected' | 'offsetSeconds' | 'speedPpm' | 'dispersionSeconds' | 'worstDispersionSeconds'
>

/** Counts events and keeps the recent round trips. */
export class WallClockCounters {
  requests = 0
  responses = 0
  followUps = 0
  timeouts = 0
  followUpTimeouts = 0
  protocolErrors = 0
  readonly forgiven: ForgivenCounter = new ForgivenCounter()
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

  snapshot(): CounterSnapshot {
    return {
      roundTripSeconds: this.roundTripSeconds,
      minRoundTripSeconds: this.minRoundTripSeconds,
      medianRoundTripSeconds: this.medianRoundTripSeconds,
      requests: this.requests,
      responses: this.responses,
      followUps: this.followUps,
      timeouts: this.timeouts,
      followUpTimeouts: this.followUpTimeouts,
      ignored: { ...this.ignored },
      protocolErrors: this.protocolErrors,
      forgiven: this.forgiven.counts,
    }
  }
}

/** The status in one human-readable line. */
export function summaryOf(status: WallClockStatus): string {
  const { available, connected, offsetSeconds, dispersionSeconds, roundTripSeconds } = status
  const state = `${available ? 'available' : 'unavailable'}, ${connected ? 'connected' : 'not connected'}`
  if (offsetSeconds === undefined) return `${state}, no answer to ${status.requests} requests`
  const offset = `offset ${offsetSeconds.toFixed(6)} s ± ${dispersionSeconds.toFixed(6)} s`
  const roundTrip = roundTripSeconds === undefined ? '' : `, round trip ${(roundTripSeconds * 1000).toFixed(3)} ms`
  return `${state}, ${offset}${roundTrip}`
}
