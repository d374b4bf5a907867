// @ts-check
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { median } from '../quantiles.js'

const SEEDS = [1, 2, 3]
const INTERVALS = [0.1, 1, 10, 60]

async function simulation() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../test/helpers/wall-clock-networks.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  const bundle = `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')}`
  /** @type {typeof import('../../test/helpers/wall-clock-networks.js')} */
  const module = await import(bundle)
  return module
}

/** @type {import('../run.js').Bench} */
export const wallClockNetworks = {
  name: 'wall-clock-networks',
  title: 'the wall clock client in simulated networks, in simulated time: the same seeds give the same figures',
  async run({ quick, note }) {
    const { NETWORKS, measureNetwork } = await simulation()
    let violations = 0
    /** @type {import('../comparison.js').Comparison[]} */
    const comparisons = []
    for (const requestIntervalSeconds of quick ? [1] : INTERVALS) {
      /** @type {number[]} */
      const requests = []
      for (const name of Object.keys(NETWORKS)) {
        const runs = (quick ? SEEDS.slice(0, 1) : SEEDS).map((seed) =>
          measureNetwork(name, seed, { requestIntervalSeconds }),
        )
        violations += runs.reduce((sum, run) => sum + run.violations, 0)
        requests.push(...runs.map((run) => run.requestsPerInterval))
        comparisons.push({
          what: `${name}, every ${requestIntervalSeconds} s, error p99 (median ${(median(runs.map((run) => run.medianErrorSeconds)) * 1e6).toFixed(0)})`,
          unit: 'µs',
          floorName: 'stated bound',
          oursName: 'error',
          floor: runs.map((run) => run.medianBoundSeconds * 1e6),
          ours: runs.map((run) => run.p99ErrorSeconds * 1e6),
          goal: { ratio: 1 },
        })
      }
      note(`every ${requestIntervalSeconds} s: ${median(requests).toFixed(2)} requests per interval`)
    }
    note(`samples whose error exceeds its bound: ${violations}`)
    return comparisons
  },
}
