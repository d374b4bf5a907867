import type { Candidate, ClockLine } from './candidate.js'
import type { CandidateAlgorithm } from './candidate-algorithm.js'

/** Follows the candidate with the lowest bound as of now: a good old one, until it has aged past a new one. */
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
