import type { Candidate, CandidateAlgorithm, ClockLine } from './candidate.js'

/** Follows the candidate whose error bound is currently the lowest. Bounds grow with age, so new candidates eventually win. */
export class LowestDispersionAlgorithm implements CandidateAlgorithm {
  #best: Candidate | undefined

  add(candidate: Candidate, nowTicks: number): ClockLine | undefined {
    if (this.#best !== undefined && this.#best.errorAt(nowTicks) <= candidate.errorAt(nowTicks)) return undefined
    this.#best = candidate
    return candidate
  }

  reset(): void {
    this.#best = undefined
  }
}

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
