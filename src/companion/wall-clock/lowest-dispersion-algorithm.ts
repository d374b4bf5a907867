import type { Candidate, ClockLine } from './candidate.js'
import type { CandidateAlgorithm } from './candidate-algorithm.js'

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
