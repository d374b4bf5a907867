import type { Candidate, ClockLine } from './candidate.js'

/**
 * Derives the wall clock from candidates as they arrive. It does not compute an error bound: the client derives that from the
 * candidates themselves.
 */
export interface CandidateAlgorithm {
  /**
   * @param nowTicks current ticks of the parent clock.
   * @returns the line to follow from now on (a candidate is one), or undefined to keep the last.
   */
  add(candidate: Candidate, nowTicks: number): ClockLine | undefined
  /** Discards all candidates, because the server's clock or the parent clock was replaced. */
  reset(): void
}
