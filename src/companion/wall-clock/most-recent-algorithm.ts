import type { Candidate, ClockLine } from './candidate.js'
import type { CandidateAlgorithm } from './candidate-algorithm.js'

/** Follows every answer, however long it took: for a server whose clock does not keep to what it states. */
export class MostRecentAlgorithm implements CandidateAlgorithm {
  #lastReceivedTicks = Number.NEGATIVE_INFINITY

  add(candidate: Candidate): ClockLine | undefined {
    // The answer to an older request can come last, when its follow-up never did.
    if (candidate.receivedTicks < this.#lastReceivedTicks) return undefined
    this.#lastReceivedTicks = candidate.receivedTicks
    return candidate
  }

  reset(): void {
    this.#lastReceivedTicks = Number.NEGATIVE_INFINITY
  }
}
