import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { Comparison } from '../../../bench/comparison.js'

const RUNNER = fileURLToPath(new URL('../../../bench/run.js', import.meta.url))
const names = execFileSync(process.execPath, [RUNNER, '--list'], { encoding: 'utf8' }).trim().split('\n')

interface Output {
  benches: { name: string; error?: string; comparisons: Comparison[] }[]
}

it('has the benches that the documentation names', () => {
  expect(names).toEqual(expect.arrayContaining(['handshakes', 'fan-out', 'ts-timelines', 'wall-clock-beside', 'idle']))
})

// Figures of a quick run mean nothing; that there are some shows that servers and clients work together.
it.each(names)('runs the bench %s', { timeout: 120_000 }, async (name) => {
  const { stdout } = await promisify(execFile)(process.execPath, [RUNNER, name, '--quick', '--json'])
  const { benches } = JSON.parse(stdout) as Output
  expect(benches.map((bench) => [bench.name, bench.error])).toEqual([[name, undefined]])
  const comparisons = benches.flatMap((bench) => bench.comparisons)
  expect(comparisons.length).toBeGreaterThan(0)
  for (const { what, floor, ours } of comparisons) {
    expect(ours.length, what).toBe(floor.length)
    for (const value of [...floor, ...ours]) expect(value, what).toEqual(expect.any(Number))
  }
})

it('names the benches there are when asked for another', async () => {
  const run = promisify(execFile)(process.execPath, [RUNNER, 'speed'])
  await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('handshakes') })
})
