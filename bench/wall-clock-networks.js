// @ts-check
// How precisely the wall clock client follows a server through networks of different kinds, and how often it asks: the
// same seeds give the same figures, in simulated time. Run: node bench/wall-clock-networks.js [seed …]
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const DEFAULT_SEEDS = [1, 2, 3]
const INTERVALS = [0.1, 1, 10, 60]

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../test/client/wall-clock-networks.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
})
const bundle = `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')}`
/** @type {typeof import('../test/client/wall-clock-networks.js')} */
const { NETWORKS, measureNetwork } = await import(bundle)

const given = process.argv.slice(2).map(Number)
const seeds = given.length === 0 ? DEFAULT_SEEDS : given

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
/** @param {number} seconds */
const micros = (seconds) => (seconds * 1e6).toFixed(0).padStart(10)

console.log(`Median of the seeds ${seeds.join(', ')}; a violation is a sample whose error exceeds its bound`)
console.log(
  `${'network'.padEnd(36)}interval s${'|error| µs: median'.padStart(20)}${'p99'.padStart(10)}` +
    `${'bound µs: median'.padStart(18)}${'violations'.padStart(12)}${'requests per interval'.padStart(23)}`,
)
for (const requestIntervalSeconds of INTERVALS) {
  for (const name of Object.keys(NETWORKS)) {
    const runs = seeds.map((seed) => measureNetwork(name, seed, { requestIntervalSeconds }))
    console.log(
      name.padEnd(36) +
        String(requestIntervalSeconds).padStart(10) +
        micros(median(runs.map((run) => run.medianErrorSeconds))).padStart(20) +
        micros(median(runs.map((run) => run.p99ErrorSeconds))) +
        micros(median(runs.map((run) => run.medianBoundSeconds))).padStart(18) +
        String(runs.reduce((sum, run) => sum + run.violations, 0)).padStart(12) +
        median(runs.map((run) => run.requestsPerInterval))
          .toFixed(2)
          .padStart(23),
    )
  }
}
