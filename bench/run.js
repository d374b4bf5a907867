// @ts-check
// Runs benches against the built package. Usage: npm run bench -- [name …] [--quick] [--json] [--profile directory]
import os from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { fanOut } from './benches/fan-out.js'
import { handshakes } from './benches/handshakes.js'
import { idle } from './benches/idle.js'
import { start } from './benches/start.js'
import { tsTimelines } from './benches/ts-timelines.js'
import { wallClockBeside } from './benches/wall-clock-beside.js'
import { Processes } from './processes.js'
import { hottest, profileArgs } from './profile.js'
import { asTable, heading } from './report.js'

/**
 * @typedef {object} Bench
 * @property {string} name
 * @property {string} title what it measures
 * @property {(context: Context) => Promise<import('./comparison.js').Comparison[]>} run
 */

/**
 * @typedef {object} Context
 * @property {Processes} processes ended after the bench
 * @property {boolean} quick few clients and one round: shows that the bench works, and no figure to rely on
 * @property {(note: string) => void} note adds a line below the comparisons
 */

/** @type {Bench[]} */
const BENCHES = [handshakes, fanOut, tsTimelines, wallClockBeside, idle, start]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})
const names = BENCHES.map(({ name }) => name)
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`unknown bench ${unknown.join(', ')}; benches: ${names.join(', ')}`)
  process.exit(2)
}
const chosen = positionals.length === 0 ? BENCHES : BENCHES.filter(({ name }) => positionals.includes(name))
/** @param {string} line */
const print = (line) => {
  if (!values.json) console.log(line)
}

const machine = {
  node: process.versions.node,
  cores: os.availableParallelism(),
  load: Number((os.loadavg()[0] ?? 0).toFixed(2)),
  quick: values.quick,
}
print(`Node ${machine.node}, ${machine.cores} cores, load before: ${machine.load}${values.quick ? ', quick run' : ''}`)

const results = []
for (const { name, title, run } of chosen) {
  print(heading(name, title))
  const start = performance.now()
  /** @type {string[]} */
  const notes = []
  const processes = new Processes(values.profile === undefined ? undefined : profileArgs(values.profile, name))
  try {
    const comparisons = await run({ processes, quick: values.quick, note: (note) => notes.push(note) })
    const seconds = Math.round((performance.now() - start) / 1000)
    results.push({ name, title, seconds, comparisons, notes })
    print([...asTable(comparisons), ...notes, `(${seconds} s)`].join('\n'))
  } catch (error) {
    results.push({ name, title, error: String(error), comparisons: [], notes })
    console.error(`${name} failed:`, error)
    process.exitCode = 1
  } finally {
    await processes.end()
  }
}
if (results.length > 1) {
  const all = results.flatMap(({ name, comparisons }) =>
    comparisons.map((comparison) => ({ ...comparison, what: `${name}: ${comparison.what}` })),
  )
  print(['', 'All ratios', ...asTable(all)].join('\n'))
}
if (values.profile !== undefined) for (const line of hottest(values.profile)) print(line)
if (values.json) console.log(JSON.stringify({ ...machine, benches: results }, undefined, 2))
