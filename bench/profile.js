// @ts-check
// CPU profiles of the servers of a bench.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Functions that are printed for each profile. */
const FUNCTIONS = 15

/** @param {string} directory @param {string} bench @returns {(options: object) => string[]} arguments of Node for a server */
export function profileArgs(directory, bench) {
  let count = 0
  return (options) => {
    count += 1
    const what = Object.values(options)
      .join('-')
      .replaceAll(/[^\w-]+/g, '-')
    return ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${bench}.${count}.${what}.cpuprofile`]
  }
}

/** The functions in which the time was spent, callees not included. @param {string} directory @returns {string[]} lines */
export function hottest(directory) {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.cpuprofile'))
    .flatMap((file) => ['', file, ...hottestOf(JSON.parse(readFileSync(join(directory, file), 'utf8')))])
}

/**
 * @typedef {object} CpuProfile
 * @property {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[]} nodes
 * @property {number[]} samples
 * @property {number[]} timeDeltas microseconds
 */

/** @param {CpuProfile} profile */
function hottestOf({ nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`
      return [id, `${functionName || '(anonymous)'}${place}`]
    }),
  )
  /** @type {Map<string, number>} */
  const spent = new Map()
  samples.forEach((id, i) => {
    const name = names.get(id) ?? ''
    spent.set(name, (spent.get(name) ?? 0) + (timeDeltas[i] ?? 0))
  })
  for (const name of ['(idle)', '(program)', '(root)']) spent.delete(name)
  const total = [...spent.values()].reduce((sum, micros) => sum + micros, 0)
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, FUNCTIONS)
    .map(([name, micros]) => `${((micros / total) * 100).toFixed(1).padStart(6)} %  ${name}`)
}
