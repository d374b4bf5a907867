// @ts-check
import { startPair, withinFileLimit } from '../clients-of.js'
import { interleave } from '../comparison.js'

/** Number of handshakes with a server that has just started. */
const FIRST = 1500
/** Few enough that the closed connections of one server leave ports free. */
const WARM = 1500
const QUICK = 100
const AT_ONCE = 10_000
const GOALS = { cii: 1.15, ts: 1.25 }
const AT_ONCE_GOAL = 1.1

/** @typedef {import('../comparison.js').Comparison} Comparison */
/** @typedef {Awaited<ReturnType<typeof startPair>>} Pair */

/** @param {Pair} pair @param {number} count */
async function shakeHands({ server, crowd }, count) {
  const before = await server.ask('cpu')
  const { millis } = await crowd.ask('handshakes', { count })
  return { micros: ((await server.ask('cpu')) - before) / count, millis: millis / count }
}

/** @param {Pair} pair @param {number} count */
async function allAtOnce(pair, count) {
  const { millis } = await pair.crowd.ask('connectAtOnce', { count })
  await pair.leave()
  return millis
}

/** @type {import('../run.js').Bench} */
export const handshakes = {
  name: 'handshakes',
  title:
    'WebSocket handshake with the first message (TS: setup-data and its answer), beside Fastify + @fastify/websocket',
  async run({ processes, quick, note }) {
    const first = quick ? QUICK : FIRST
    const atOnce = quick ? QUICK : withinFileLimit(AT_ONCE)
    const names = { floorName: 'Fastify', oursName: 'ours' }
    /** @type {Comparison[]} */
    const comparisons = []
    for (const endpoint of /** @type {const} */ (['cii', 'ts'])) {
      const title = endpoint.toUpperCase()
      const start = (/** @type {'floor' | 'ours'} */ server) => startPair(processes, { server, endpoint })

      // Only the first handshakes of a process are cold.
      const cold = async (/** @type {'floor' | 'ours'} */ server) => {
        const pair = await start(server)
        const sample = await shakeHands(pair, first)
        await pair.end()
        return sample
      }
      const fresh = await interleave(quick ? 1 : 5, { floor: () => cold('floor'), ours: () => cold('ours') })

      const [floor, ours] = [await start('floor'), await start('ours')]
      const count = quick ? QUICK : WARM
      const warm = await interleave(
        quick ? 1 : 9,
        { floor: () => shakeHands(floor, count), ours: () => shakeHands(ours, count) },
        { warmUp: quick ? 0 : 3 },
      )
      await processes.end()

      const [floorOfMany, oursOfMany] = [await start('floor'), await start('ours')]
      const open = await interleave(
        quick ? 1 : 5,
        { floor: () => allAtOnce(floorOfMany, atOnce), ours: () => allAtOnce(oursOfMany, atOnce) },
        { warmUp: quick ? 0 : 1 },
      )
      await processes.end()

      const cpu = (/** @type {{ micros: number }[]} */ samples) => samples.map(({ micros }) => micros)
      const time = (/** @type {{ millis: number }[]} */ samples) => samples.map(({ millis }) => millis * 1000)
      comparisons.push(
        {
          what: `${title}, CPU per handshake, warm`,
          ...names,
          unit: 'µs',
          floor: cpu(warm.floor),
          ours: cpu(warm.ours),
          goal: { ratio: GOALS[endpoint] },
        },
        {
          what: `${title}, CPU, the first ${first}`,
          ...names,
          unit: 'µs',
          floor: cpu(fresh.floor),
          ours: cpu(fresh.ours),
        },
        {
          what: `${title}, time per handshake, warm, 16 at a time`,
          ...names,
          unit: 'µs',
          floor: time(warm.floor),
          ours: time(warm.ours),
        },
        {
          what: `${title}, the same, the first ${first}`,
          ...names,
          unit: 'µs',
          floor: time(fresh.floor),
          ours: time(fresh.ours),
        },
        {
          what: `${title}, ${atOnce} at once, until all are open`,
          ...names,
          unit: 'ms',
          ...open,
          goal: { ratio: AT_ONCE_GOAL },
        },
      )
    }
    if (atOnce < AT_ONCE && !quick) note(`The limit of open files allows ${atOnce} connections.`)
    return comparisons
  },
}
