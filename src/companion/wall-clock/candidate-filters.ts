import { checkOption, type OptionType, option } from '../../validation/index.js'
import type { Candidate, CandidateAlgorithm, ClockLine } from './candidate.js'

/** Accepts or rejects candidates. */
export interface CandidateFilter {
  /** @param nowTicks current ticks of the parent clock. @returns whether the candidate is accepted. */
  accepts(candidate: Candidate, nowTicks: number): boolean
  /** Discards state from earlier candidates. Required only for stateful filters. */
  reset?(): void
}

const ROUND_TRIP_TYPE: OptionType<number> = option.number({ above: 0, infinity: true }, 'seconds')
const FILTERS_TYPE: OptionType<readonly CandidateFilter[]> = option.custom(
  'an array of objects with accepts()',
  (value) => Array.isArray(value) && value.every((each) => typeof each?.accepts === 'function'),
)
const PREDICTOR_TYPE = option.objectWith<CandidateAlgorithm>('add', 'reset')

/** Accepts candidates whose round trip is within a limit. */
export class RoundTripFilter implements CandidateFilter {
  readonly #maxRoundTripSeconds: number

  /** @param maxRoundTripSeconds above 0. @throws InvalidOptionError */
  constructor(maxRoundTripSeconds: number) {
    this.#maxRoundTripSeconds = checkOption('maxRoundTripSeconds', ROUND_TRIP_TYPE, maxRoundTripSeconds)
  }

  accepts({ roundTripSeconds }: Candidate): boolean {
    return roundTripSeconds <= this.#maxRoundTripSeconds
  }
}

/** Accepts a candidate whose error bound is currently lower than that of the last accepted candidate. */
export class LowestDispersionFilter implements CandidateFilter {
  #best: Candidate | undefined

  accepts(candidate: Candidate, nowTicks: number): boolean {
    if (this.#best !== undefined && this.#best.errorAt(nowTicks) <= candidate.errorAt(nowTicks)) return false
    this.#best = candidate
    return true
  }

  reset(): void {
    this.#best = undefined
  }
}

/**
 * Applies filters in order and passes the candidates that all of them accept to another algorithm, the predictor. A filter is not
 * called for candidates that an earlier one rejected. Rejected candidates still contribute to the error bound of the clock.
 *
 * ```js
 * const algorithm = new FilteredAlgorithm([new RoundTripFilter(0.01)], new MostRecentAlgorithm())
 * const client = new WallClockClient({ transport: 'udp://192.0.2.1:6677', algorithm })
 * ```
 */
export class FilteredAlgorithm implements CandidateAlgorithm {
  readonly #filters: readonly CandidateFilter[]
  readonly #predictor: CandidateAlgorithm

  /** @throws InvalidOptionError */
  constructor(filters: readonly CandidateFilter[], predictor: CandidateAlgorithm) {
    this.#filters = [...checkOption('filters', FILTERS_TYPE, filters)]
    this.#predictor = checkOption('predictor', PREDICTOR_TYPE, predictor)
  }

  add(candidate: Candidate, nowTicks: number): ClockLine | undefined {
    if (!this.#filters.every((filter) => filter.accepts(candidate, nowTicks))) return undefined
    return this.#predictor.add(candidate, nowTicks)
  }

  reset(): void {
    for (const filter of this.#filters) filter.reset?.()
    this.#predictor.reset()
  }
}
