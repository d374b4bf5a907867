import type { Candidate, ClockLine } from './candidate.js'

/**
 * Decides what the clock should read, from the candidates as they come. It need not care about how sure that is: the
 * bound of whatever it says is derived from the candidates themselves.
 */
export interface CandidateAlgorithm {
  /**
   * @param nowTicks the parent clock's now.
   * @returns the line to follow from now on (a candidate is one), or undefined to stay with the last.
   */
  add(candidate: Candidate, nowTicks: number): ClockLine | undefined
  /** Forgets all candidates: the server's clock is another one now, or the parent is. */
  reset(): void
}
