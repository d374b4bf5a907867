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

/**
 * The functions in which the time was spent, callees not included; of all processes with the same options together.
 * @param {string} directory
 * @returns {string[]} lines
 */
export function hottest(directory) {
  /** @type {Map<string, CpuProfile[]>} */
  const profiles = new Map()
  for (const file of readdirSync(directory)) {
    if (!file.endsWith('.cpuprofile')) continue
    const name = file.replace(/\.\d+\./, ' ').replace('.cpuprofile', '')
    const profile = JSON.parse(readFileSync(join(directory, file), 'utf8'))
    profiles.set(name, [...(profiles.get(name) ?? []), profile])
  }
  return [...profiles].flatMap(([name, all]) => ['', name, ...hottestOf(all)])
}

/**
 * @typedef {object} CpuProfile
 * @property {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[]} nodes
 * @property {number[]} samples
 * @property {number[]} timeDeltas microseconds
 */

/** @param {CpuProfile[]} profiles */
function hottestOf(profiles) {
  /** @type {Map<string, number>} */
  const spent = new Map()
  for (const profile of profiles) addTo(spent, profile)
  for (const name of ['(idle)', '(program)', '(root)']) spent.delete(name)
  const total = [...spent.values()].reduce((sum, micros) => sum + micros, 0)
  return [...spent]
    .sort(([, a], [, b]) => b - a)
    .slice(0, FUNCTIONS)
    .map(([name, micros]) => `${((micros / total) * 100).toFixed(1).padStart(6)} %  ${name}`)
}

/** @param {Map<string, number>} spent microseconds of each function @param {CpuProfile} profile */
function addTo(spent, { nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`
      return [id, `${functionName || '(anonymous)'}${place}`]
    }),
  )
  samples.forEach((id, i) => {
    const name = names.get(id) ?? ''
    spent.set(name, (spent.get(name) ?? 0) + (timeDeltas[i] ?? 0))
  })
}
