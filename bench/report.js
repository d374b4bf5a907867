// @ts-check
import { isMet, ratiosOf } from './comparison.js'
import { median } from './quantiles.js'

/** @typedef {import('./comparison.js').Comparison} Comparison */

/** @param {string} name @param {string} title */
export const heading = (name, title) => `\n${name}: ${title}`

/** @param {number} value */
const figure = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))

/** @param {number} ratio */
const ratioText = (ratio) => (ratio < 0.1 ? ratio.toPrecision(1) : ratio.toFixed(2))

/** @param {Comparison} comparison */
function goalText({ goal, unit }) {
  if (goal === undefined) return ''
  const parts = []
  if (goal.ratio !== undefined) parts.push(`≤ ${goal.ratio.toFixed(2)} ×`)
  if (goal.value !== undefined) parts.push(`≤ ${goal.value} ${unit}`)
  return parts.join(' or ')
}

/** @param {Comparison} comparison */
function cells(comparison) {
  const { what, unit, floorName, oursName, floor, ours } = comparison
  const ratios = ratiosOf(comparison)
  const met = isMet(comparison)
  return [
    what,
    `${floorName}: ${figure(median(floor))}`,
    `${oursName}: ${figure(median(ours))} ${unit}`,
    [ratios.min, ratios.median, ratios.max].map(ratioText).join(' / '),
    String(ours.length),
    goalText(comparison),
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]
}

const COLUMNS = ['what', 'floor', 'ours', 'ratio min / median / max', 'rounds', 'goal', '']

/**
 * For docs/performance.md: without the absolute figures, which are those of one machine.
 * @param {{ name: string, comparisons: Comparison[] }[]} results
 * @returns {string[]} lines
 */
export function asMarkdown(results) {
  const rows = results.flatMap(({ name, comparisons }) =>
    comparisons.map((comparison) => {
      const [what, , , ratio, , goal, met] = cells(comparison)
      return [name, what, comparison.floorName, comparison.oursName, ratio, goal, met?.toLowerCase()]
    }),
  )
  const head = ['bench', 'what', 'floor', 'ours', 'ratio min / median / max', 'goal', '']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
}

/** @param {Comparison[]} comparisons @returns {string[]} lines */
export function asTable(comparisons) {
  const rows = [COLUMNS, ...comparisons.map(cells)]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
