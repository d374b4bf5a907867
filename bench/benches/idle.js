// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair, withinFileLimit } from '../clients-of.js'

const CONNECTIONS = 10_000
/** Long enough for one heartbeat and other periodic work. */
const REST_SECONDS = 30
const ROUNDS = 3
const MEMORY_GOAL = { ratio: 1.07, value: 9 }
const CPU_GOAL = { value: 3 }

const VARIANTS = /** @type {const} */ ([
  { server: 'floor', endpoint: 'cii' },
  { server: 'ours', endpoint: 'cii' },
  { server: 'floor', endpoint: 'ts' },
  { server: 'ours', endpoint: 'ts' },
])

/** @typedef {import('../comparison.js').Comparison} Comparison */

/** @type {import('../run.js').Bench} */
export const idle = {
  name: 'idle',
  title: 'what connections cost that nothing is sent to, beside Fastify + @fastify/websocket',
  async run({ processes, quick }) {
    const connections = quick ? 100 : withinFileLimit(CONNECTIONS)

    /** Measures the memory of the servers in turn, and their CPU time simultaneously. */
    const measureAll = async () => {
      const pairs = await Promise.all(VARIANTS.map((variant) => startPair(processes, variant)))
      const memory = []
      for (const pair of pairs) {
        // The first connections cause compilation, whose memory belongs to no connection.
        await pair.connect(quick ? 20 : 1000)
        await pair.leave()
        const before = await pair.server.ask('memory')
        await pair.connect(connections)
        await sleep(500)
        const after = await pair.server.ask('memory')
        const perConnection = (/** @type {'heap' | 'rss'} */ kind) => (after[kind] - before[kind]) / connections / 1024
        memory.push({ heap: perConnection('heap'), rss: perConnection('rss') })
      }
      const rests = await Promise.all(
        pairs.map(({ server }) => server.ask('rest', { seconds: quick ? 0.5 : REST_SECONDS })),
      )
      await processes.end()
      return memory.map((kinds, i) => ({ ...kinds, millisPerSecond: rests[i].microsPerSecond / 1000 }))
    }

    /** @type {Awaited<ReturnType<typeof measureAll>>[]} */
    const rounds = []
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) rounds.push(await measureAll())

    /** @type {Comparison[]} */
    const comparisons = []
    for (const endpoint of /** @type {const} */ (['cii', 'ts'])) {
      const of = (/** @type {string} */ server, /** @type {'heap' | 'rss' | 'millisPerSecond'} */ key) => {
        const index = VARIANTS.findIndex((variant) => variant.server === server && variant.endpoint === endpoint)
        return rounds.map((round) => round[index]?.[key] ?? Number.NaN)
      }
      const title = `${endpoint.toUpperCase()}, ${connections} connections`
      const values = (/** @type {'heap' | 'rss' | 'millisPerSecond'} */ key) => ({
        floorName: 'Fastify',
        oursName: 'ours',
        floor: of('floor', key),
        ours: of('ours', key),
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
