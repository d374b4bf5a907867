import type { Candidate, ClockLine } from './candidate.js'
import type { CandidateAlgorithm } from './candidate-algorithm.js'

/** Candidates that are compared: at one a second, a minute of them. */
const MAX_CANDIDATES = 64

/** Two ordinary crystals, 100 ppm off in opposite directions; {@link Candidate.errorGrowthRate} is the worst case. */
const USUAL_DRIFT = 200e-6

const NANOS_PER_SECOND = 1e9

/**
 * Follows the middle of what all recent candidates have in common.
 *
 * Each candidate says that the clock reads between two values. Its lower limit is good when the response was fast, its
 * upper limit when the request was, and those of different candidates can be combined, where one candidate needs both
 * directions fast at the same time. The limits move apart with age, by the usual drift where all candidates still agree
 * and else by more, up to the drift that both sides state.
 */
export class NarrowestIntervalAlgorithm implements CandidateAlgorithm {
  #candidates: Candidate[] = []

  add(candidate: Candidate): ClockLine {
    this.#candidates.push(candidate)
    if (this.#candidates.length > MAX_CANDIDATES) this.#candidates.shift()
    const worst = candidate.errorGrowthRate
    let drift = Math.min(USUAL_DRIFT, worst)
    let line = this.#middle(candidate, drift)
    while (line === undefined && drift < worst) {
      drift = Math.min(2 * drift, worst)
      // The least drift at which they agree leaves only a corner of what they have in common, so take twice that.
      if (this.#middle(candidate, drift) !== undefined) line = this.#middle(candidate, Math.min(2 * drift, worst))
    }
    return line ?? candidate
  }

  reset(): void {
    this.#candidates = []
  }

  /** The middle at the moment of the newest; undefined when the candidates contradict each other at this drift. */
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
