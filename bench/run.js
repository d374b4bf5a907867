// @ts-check
// Runs benches against the built package. Usage: npm run bench -- [name …] [--quick] [--json | --markdown] [--profile directory] | --list
import os from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { accuracy } from './benches/accuracy.js'
import { fanOut } from './benches/fan-out.js'
import { handshakes } from './benches/handshakes.js'
import { idle } from './benches/idle.js'
import { overload } from './benches/overload.js'
import { ssdpAmplification } from './benches/ssdp-amplification.js'
import { stalled } from './benches/stalled.js'
import { start } from './benches/start.js'
import { storm } from './benches/storm.js'
import { tsTimelines } from './benches/ts-timelines.js'
import { wallClockBeside } from './benches/wall-clock-beside.js'
import { wallClockCpu } from './benches/wall-clock-cpu.js'
import { wallClockNetworks } from './benches/wall-clock-networks.js'
import { Processes } from './processes.js'
import { hottest, profileArgs } from './profile.js'
import { asMarkdown, asTable, heading } from './report.js'

/**
 * @typedef {object} Bench
 * @property {string} name
 * @property {string} title what it measures
 * @property {(context: Context) => Promise<import('./comparison.js').Comparison[]>} run
 */

/**
 * @typedef {object} Context
 * @property {Processes} processes ended after the bench
 * @property {boolean} quick few clients and one round: shows that the bench works, without reliable figures
 * @property {(note: string) => void} note adds a line below the comparisons
 */

/** @type {Bench[]} */
const BENCHES = [
  handshakes,
  storm,
  fanOut,
  tsTimelines,
  stalled,
  idle,
  start,
  wallClockCpu,
  wallClockBeside,
  overload,
  accuracy,
  wallClockNetworks,
  ssdpAmplification,
]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    profile: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
const names = BENCHES.map(({ name }) => name)
if (values.list) {
  console.log(names.join('\n'))
  process.exit()
}
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

/** @type {{ name: string, title: string, seconds?: number, error?: string, comparisons: import('./comparison.js').Comparison[], notes: string[] }[]} */
const results = []

function finish() {
  if (values.markdown) {
    print(['', ...asMarkdown(results)].join('\n'))
  } else if (results.length > 1) {
    const all = results.flatMap(({ name, comparisons }) =>
      comparisons.map((comparison) => ({ ...comparison, what: `${name}: ${comparison.what}` })),
    )
    print(['', 'All ratios', ...asTable(all)].join('\n'))
  }
  if (values.profile !== undefined) for (const line of hottest(values.profile)) print(line)
  if (values.json) console.log(JSON.stringify({ ...machine, benches: results }, undefined, 2))
}

// An interrupted run prints the completed benches.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    finish()
    process.exit(1)
  })
}

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
finish()
