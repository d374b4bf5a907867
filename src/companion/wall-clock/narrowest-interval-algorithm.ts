import { NANOS_PER_SECOND } from '../../clocks/index.js'
import type { Candidate, CandidateAlgorithm, ClockLine } from './candidate.js'

/** Candidates kept for comparison: one minute's worth at one per second. */
const MAX_CANDIDATES = 64

/** Two ordinary crystals, 100 ppm off in opposite directions; {@link Candidate.errorGrowthRate} is the worst case. */
const USUAL_DRIFT = 200e-6

/** Starting value of the search for the actual drift. Crystals rarely match more closely. */
const LEAST_DRIFT = 1e-6

/** A drift below the lowest error bound divided by the time span of the candidates is undetectable. This is the margin. */
const UNSEEN_DRIFT_FACTOR = 8

/**
 * Follows the midpoint of the intersection of all recent candidates' intervals.
 *
 * Each candidate bounds the clock by an interval. A fast response gives a tight lower limit and a fast request a tight upper one.
 * Intersecting candidates combines the best of each direction; a single candidate would need both directions fast at once. The
 * limits widen with age, at a drift estimated from the candidates themselves.
 */
export class NarrowestIntervalAlgorithm implements CandidateAlgorithm {
  #candidates: Candidate[] = []

  add(candidate: Candidate): ClockLine {
    this.#candidates.push(candidate)
    if (this.#candidates.length > MAX_CANDIDATES) this.#candidates.shift()
    return this.#middle(candidate, this.#likelyDrift(candidate)) ?? candidate
  }

  reset(): void {
    this.#candidates = []
  }

  /** Twice the smallest drift at which all intervals intersect (there, only in a point), but at least the smallest detectable drift. */
  #likelyDrift(newest: Candidate): number {
    let least = LEAST_DRIFT
    while (least < newest.errorGrowthRate && this.#middle(newest, least) === undefined) least *= 2
    let spanSeconds = 0
    let lowestError = newest.errorSeconds
    for (const each of this.#candidates) {
      spanSeconds = Math.max(spanSeconds, Math.abs(each.secondsSince(newest.parentTicks)))
      lowestError = Math.min(lowestError, each.errorSeconds)
    }
    const unseen = Math.min((UNSEEN_DRIFT_FACTOR * lowestError) / spanSeconds, USUAL_DRIFT)
    return Math.min(Math.max(2 * least, unseen), newest.errorGrowthRate)
  }

  /** The midpoint at the newest candidate; undefined if the candidates contradict each other at this drift. */
  #middle(newest: Candidate, drift: number): ClockLine | undefined {
    const { parentTicks } = newest
    let lower = Number.NEGATIVE_INFINITY
    let upper = Number.POSITIVE_INFINITY
    for (const each of this.#candidates) {
      const lead = newest.leadOf(each, parentTicks)
      const error = each.errorSeconds + drift * Math.abs(each.secondsSince(parentTicks))
      lower = Math.max(lower, lead - error)
      upper = Math.min(upper, lead + error)
    }
    if (lower > upper) return undefined
    return { parentTicks, ticks: newest.ticks + ((lower + upper) / 2) * NANOS_PER_SECOND, speed: 1 }
  }
}
