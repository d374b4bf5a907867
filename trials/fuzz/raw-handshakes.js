// @ts-check
import { SCENARIOS } from './raw-scenarios.js'

const AT_ONCE = 40

/** @typedef {import('../random.js').Random} Random */
/** @typedef {import('../trial.js').Trial} Trial */

/** Opens invalid connections of every kind to the TCP port of the endpoints. */
export class RawHandshakes {
  made = 0
  /** What the endpoints should have counted. @type {import('./raw-scenarios.js').Counts} */
  counts = { connected: none(), broken: none(), tooLarge: none(), requests: 0 }
  #trial
  #port

  /** @param {Trial} trial @param {number} port */
  constructor(trial, port) {
    this.#trial = trial
    this.#port = port
  }

  /** @param {Random} random @param {number} count */
  async make(random, count) {
    let next = 0
    const work = async () => {
      while (next < count && !this.#trial.failed) {
        const own = random.fork(next++)
        await scenario(own)({ trial: this.#trial, port: this.#port, random: own, counts: this.counts })
        this.made += 1
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }
}

const none = () => ({ cii: 0, ts: 0, wc: 0 })
const TOTAL = SCENARIOS.reduce((sum, [share]) => sum + share, 0)

/** @param {Random} random */
function scenario(random) {
  let left = random.next() * TOTAL
  for (const [share, run] of SCENARIOS) {
    left -= share
    if (left < 0) return run
  }
  throw new Error('expected the shares to add up')
}
