// @ts-check
import process from 'node:process'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Random } from './random.js'

/** Number of failures that are printed. */
const FAILURES_SHOWN = 10

/** One run: its seed, its options and its failures. */
export class Trial {
  /** @type {string[]} */
  failures = []
  #failed = 0
  #endsAt

  /** @param {string} name @param {number} seed @param {boolean} isShort @param {number} seconds */
  constructor(name, seed, isShort, seconds) {
    this.name = name
    this.seed = seed
    this.isShort = isShort
    this.seconds = seconds
    this.random = new Random(seed)
    this.#endsAt = performance.now() + seconds * 1000
  }

  get failed() {
    return this.#failed > 0
  }

  get timeIsUp() {
    return performance.now() >= this.#endsAt
  }

  /** Records a failure and continues. @param {string} what */
  fail(what) {
    this.#failed += 1
    if (this.failures.length < FAILURES_SHOWN) this.failures.push(what)
  }

  /** @param {boolean} holds @param {() => string} what describes what was expected and what was found */
  expect(holds, what) {
    if (!holds) this.fail(what())
  }

  /** @param {string} what @param {unknown} found @param {unknown} expected */
  expectEqual(what, found, expected) {
    const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
    this.expect(a === b, () => `${what}: expected ${b}, received ${a}`)
  }

  /**
   * Waits for a condition. Records a failure if it does not become true in time.
   * @param {string} what @param {() => boolean} holds @param {number} [seconds]
   */
  async until(what, holds, seconds = 20) {
    const limit = performance.now() + seconds * 1000
    while (!holds()) {
      if (performance.now() > limit) {
        this.fail(`${what}: not within ${seconds} s`)
        return false
      }
      await turn()
      if (!holds()) await sleep(1)
    }
    return true
  }

  report() {
    console.log(`\n${this.name} FAILED (${this.#failed} failures):`)
    for (const failure of this.failures) console.log(`  ${failure}`)
    if (this.#failed > this.failures.length) console.log(`  … and ${this.#failed - this.failures.length} more`)
    console.log(`To repeat this run: npm run ${this.name} -- --seed ${this.seed}${this.isShort ? ' --short' : ''}`)
  }
}

/**
 * Runs a trial from the command line, with the options `--seed`, `--short`, `--seconds` and those of the trial. The exit code is 1 after
 * any failure, including an uncaught exception.
 * @param {string} name
 * @param {{ seconds: number, others?: Record<string, { type: 'string' }> }} defaults
 * @param {(trial: Trial, options: Record<string, string | boolean | undefined>) => Promise<void>} body
 */
export async function runTrial(name, defaults, body) {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, seconds: { type: 'string' }, short: { type: 'boolean' }, ...defaults.others },
  })
  const seed = Number(values.seed ?? (Date.now() % 1_000_000_007) + 1)
  const seconds = Number(values.seconds ?? defaults.seconds)
  if (!Number.isInteger(seed) || !(seconds > 0)) {
    console.error('--seed must be an integer, and --seconds a positive number')
    process.exit(2)
  }
  const trial = new Trial(name, seed, values.short === true, seconds)
  console.log(`${name}: seed ${seed}${trial.isShort ? ', short' : ''}, at most ${seconds} s`)
  process.on('uncaughtException', (error) => trial.fail(`an exception that nobody caught: ${error?.stack ?? error}`))
  process.on('unhandledRejection', (error) => {
    trial.fail(`a rejection that nobody handled: ${/** @type {Error} */ (error)?.stack ?? error}`)
  })
  const watchdog = setTimeout(
    () => {
      trial.fail('the run did not come to its end')
      trial.report()
      process.exit(1)
    },
    seconds * 1000 + 120_000,
  )
  const began = performance.now()
  try {
    await body(trial, values)
  } catch (error) {
    trial.fail(`the trial itself: ${/** @type {Error} */ (error)?.stack ?? error}`)
  }
  clearTimeout(watchdog)
  if (trial.failed) {
    trial.report()
    process.exit(1)
  }
  console.log(`${name} passed in ${((performance.now() - began) / 1000).toFixed(1)} s (seed ${seed})`)
  process.exit(0)
}
