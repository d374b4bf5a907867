import { NANOS_PER_SECOND } from '../../clocks/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'
import type { Candidate, CandidateAlgorithm, ClockLine } from './candidate.js'

/** Options of a {@link FilterAndPredictAlgorithm}: which candidates it uses for its regression. */
export interface FilterAndPredictOptions {
  /** Longest round trip of candidates that are used, in seconds. Default: no limit. */
  maxRoundTripSeconds?: number
  /** Longest round trip of candidates that are used, as a multiple of the shortest. Default 1.5. */
  maxRoundTripRatio?: number
  /** Maximum number of candidates in the regression. Default 32. */
  windowSize?: number
  /** Maximum age of candidates in the regression, in seconds. A crystal's frequency drifts with temperature. Default 120. */
  maxAgeSeconds?: number
  /** Minimum time span of the candidates, in seconds, before a frequency is estimated. Default 4. */
  minSpanSeconds?: number
}

const SECONDS_TYPE = option.number({ above: 0 }, 'seconds')
export const FILTER_AND_PREDICT_OPTIONS: OptionTable<FilterAndPredictOptions, keyof FilterAndPredictOptions> = {
  maxRoundTripSeconds: option.withDefault(
    option.number({ above: 0, infinity: true }, 'seconds'),
    Number.POSITIVE_INFINITY,
  ),
  maxRoundTripRatio: option.withDefault(option.number({ above: 0 }), 1.5),
  windowSize: option.withDefault(option.integer({ min: 1 }), 32),
  maxAgeSeconds: option.withDefault(SECONDS_TYPE, 120),
  minSpanSeconds: option.withDefault(SECONDS_TYPE, 4),
}

const MIN_CANDIDATES = 4

/**
 * Filters out slow answers and fits a regression line to the rest. This estimates the frequency as well as the offset, so the clock
 * stays accurate between answers.
 */
export class FilterAndPredictAlgorithm implements CandidateAlgorithm {
  readonly #maxRoundTripSeconds: number
  readonly #maxRoundTripRatio: number
  readonly #windowSize: number
  readonly #maxAgeSeconds: number
  readonly #minSpanSeconds: number
  #candidates: Candidate[] = []

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: FilterAndPredictOptions = {}) {
    const checked = checkOptions(FILTER_AND_PREDICT_OPTIONS, options)
    this.#maxRoundTripSeconds = checked.maxRoundTripSeconds
    this.#maxRoundTripRatio = checked.maxRoundTripRatio
    this.#windowSize = checked.windowSize
    this.#maxAgeSeconds = checked.maxAgeSeconds
    this.#minSpanSeconds = checked.minSpanSeconds
  }

  add(candidate: Candidate, nowTicks: number): ClockLine | undefined {
    this.#candidates.push(candidate)
    this.#candidates = this.#candidates
      .slice(-this.#windowSize)
      .filter((each) => each.secondsSince(nowTicks) <= this.#maxAgeSeconds)
    const shortest = Math.min(...this.#candidates.map((each) => each.roundTripSeconds))
    const limit = Math.min(shortest * this.#maxRoundTripRatio, this.#maxRoundTripSeconds)
    if (candidate.roundTripSeconds > limit) return undefined
    return lineThrough(
      this.#candidates.filter((each) => each.roundTripSeconds <= limit),
      candidate,
      nowTicks,
      this.#minSpanSeconds,
    )
  }

  reset(): void {
    this.#candidates = []
  }
}

/** The regression line of the candidates, or the candidate with the lowest error bound if they are too few or too close together. */
function lineThrough(
  candidates: readonly Candidate[],
  newest: Candidate,
  nowTicks: number,
  minSpanSeconds: number,
): ClockLine {
  let surest = newest
  let earliest = 0
  let latest = 0
  let sumTime = 0
  let sumLead = 0
  for (const each of candidates) {
    if (each.errorAt(nowTicks) < surest.errorAt(nowTicks)) surest = each
    const time = newest.secondsSince(each.parentTicks)
    earliest = Math.min(earliest, time)
    latest = Math.max(latest, time)
    sumTime += time
    sumLead += newest.leadOf(each, each.parentTicks)
  }
  if (candidates.length < MIN_CANDIDATES || latest - earliest < minSpanSeconds) return surest
  const meanTime = sumTime / candidates.length
  const meanLead = sumLead / candidates.length
  let covariance = 0
  let variance = 0
  for (const each of candidates) {
    const time = newest.secondsSince(each.parentTicks) - meanTime
    covariance += time * (newest.leadOf(each, each.parentTicks) - meanLead)
    variance += time * time
  }
  // A frequency beyond the possible drift of the two oscillators is noise.
  const limit = newest.errorGrowthRate
  const frequency = Math.min(Math.max(covariance / variance, -limit), limit)
  return {
    parentTicks: newest.parentTicks,
    ticks: newest.ticks + (meanLead - frequency * meanTime) * NANOS_PER_SECOND,
    speed: 1 + frequency,
  }
}
