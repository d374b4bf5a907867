// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair, withinFileLimit } from '../clients-of.js'
import { interleave } from '../comparison.js'

const CONNECTIONS = 10_000
/** One heartbeat, and whatever else happens every few seconds. */
const REST_SECONDS = 30
const ROUNDS = 3
const MEMORY_GOAL = { ratio: 1.07, value: 9 }
const CPU_GOAL = { value: 3 }

/** @typedef {import('../comparison.js').Comparison} Comparison */

/** @type {import('../run.js').Bench} */
export const idle = {
  name: 'idle',
  title: 'what connections cost that nothing is sent to, beside Fastify + @fastify/websocket',
  async run({ processes, quick }) {
    const connections = quick ? 100 : withinFileLimit(CONNECTIONS)

    const measure = async (/** @type {'floor' | 'ours'} */ server, /** @type {'cii' | 'ts'} */ endpoint) => {
      const pair = await startPair(processes, { server, endpoint })
      // The first connections compile code, which is no connection's memory.
      await pair.connect(quick ? 20 : 1000)
      await pair.leave()
      const before = await pair.server.ask('memory')
      await pair.connect(connections)
      await sleep(500)
      const after = await pair.server.ask('memory')
      const perConnection = (/** @type {'heap' | 'rss'} */ kind) => (after[kind] - before[kind]) / connections / 1024
      const { microsPerSecond } = await pair.server.ask('rest', { seconds: quick ? 0.5 : REST_SECONDS })
      await pair.end()
      return { heap: perConnection('heap'), rss: perConnection('rss'), millisPerSecond: microsPerSecond / 1000 }
    }

    /** @type {Comparison[]} */
    const comparisons = []
    for (const endpoint of /** @type {const} */ (['cii', 'ts'])) {
      const { floor, ours } = await interleave(quick ? 1 : ROUNDS, {
        floor: () => measure('floor', endpoint),
        ours: () => measure('ours', endpoint),
      })
      const title = `${endpoint.toUpperCase()}, ${connections} connections`
      const values = (/** @type {keyof typeof floor[0]} */ key) => ({
        floorName: 'Fastify',
        oursName: 'ours',
        floor: floor.map((sample) => sample[key]),
        ours: ours.map((sample) => sample[key]),
      })
      comparisons.push(
        { what: `${title}, heap and external, each`, unit: 'KB', ...values('heap'), goal: MEMORY_GOAL },
        { what: `${title}, RSS, each`, unit: 'KB', ...values('rss'), goal: MEMORY_GOAL },
        { what: `${title}, CPU per second`, unit: 'ms', ...values('millisPerSecond'), goal: CPU_GOAL },
      )
    }
    return comparisons
  },
}
