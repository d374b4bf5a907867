import type { Candidate, ClockLine } from './candidate.js'
import type { CandidateAlgorithm } from './candidate-algorithm.js'

/** Follows every answer, whatever its round trip. For servers whose clock exceeds its stated frequency error. */
export class MostRecentAlgorithm implements CandidateAlgorithm {
  #lastReceivedTicks = Number.NEGATIVE_INFINITY

  add(candidate: Candidate): ClockLine | undefined {
    // An older request can complete last, if its follow-up timed out.
    if (candidate.receivedTicks < this.#lastReceivedTicks) return undefined
    this.#lastReceivedTicks = candidate.receivedTicks
    return candidate
  }

  reset(): void {
    this.#lastReceivedTicks = Number.NEGATIVE_INFINITY
  }
}
