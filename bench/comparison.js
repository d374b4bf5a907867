// @ts-check
// A comparison of this package with a baseline. Both are measured once per round, so that a busy machine slows both.
import { median } from './quantiles.js'

/**
 * @typedef {object} Comparison
 * @property {string} what
 * @property {string} unit of the values
 * @property {string} floorName
 * @property {string} oursName
 * @property {number[]} floor one value for each round
 * @property {number[]} ours one value for each round
 * @property {Goal} [goal]
 */

/**
 * Met if the median ratio or, where one is given, the median value is within it.
 * @typedef {{ ratio?: number, value?: number }} Goal
 */

/**
 * Measures every variant once per round. Each round starts with another one.
 * @template {string} Name
 * @template Sample
 * @param {number} rounds
 * @param {Record<Name, () => Promise<Sample>>} variants
 * @param {{ warmUp?: number }} [options] rounds before these whose samples are dropped
 * @returns {Promise<Record<Name, Sample[]>>}
 */
export async function interleave(rounds, variants, { warmUp = 0 } = {}) {
  const names = /** @type {Name[]} */ (Object.keys(variants))
  const samples = /** @type {Record<Name, Sample[]>} */ (Object.fromEntries(names.map((name) => [name, Array.of()])))
  for (let round = -warmUp; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = /** @type {Name} */ (names[(round + warmUp + i) % names.length])
      const sample = await variants[name]()
      if (round >= 0) samples[name].push(sample)
    }
  }
  return samples
}

/** @param {Comparison} comparison the ratios of its rounds */
export function ratiosOf({ floor, ours }) {
  const ratios = ours.map((value, round) => value / (floor[round] ?? Number.NaN))
  return { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) }
}

/** @param {Comparison} comparison @returns {boolean | undefined} undefined without a goal */
export function isMet(comparison) {
  const { goal, ours } = comparison
  if (goal === undefined) return undefined
  return (
    ratiosOf(comparison).median <= (goal.ratio ?? Number.NEGATIVE_INFINITY) ||
    median(ours) <= (goal.value ?? Number.NEGATIVE_INFINITY)
  )
}
