// @ts-check
import { startPair } from '../clients-of.js'
import { interleave } from '../comparison.js'
import { numberedSelector, setupData } from '../servers/content.js'

/** The first is the baseline for the others. */
const TIMELINES = [125, 250, 500, 1000, 2000]
const CHANGES = 2000
const OF_ONE_CLOCK = 1000
const ROUNDS = 11

/** @typedef {import('../comparison.js').Comparison} Comparison */
/** @typedef {import('../run.js').Context} Context */

/** Each client has its own timeline. @param {Context} context @param {object} options of the server @param {number} clients */
async function start({ processes }, options, clients) {
  const pair = await startPair(processes, { endpoint: 'ts', ...options }, { setup: setupData(numberedSelector('{i}')) })
  await pair.connect(clients)
  return pair
}

/** @param {Context} context @returns {Promise<Comparison[]>} */
async function oneOfMany(context) {
  const { quick } = context
  const counts = quick ? [10, 20] : TIMELINES
  const count = quick ? 20 : CHANGES
  /** @type {Record<string, () => Promise<number>>} */
  const variants = {}
  for (const timelines of counts) {
    const [ours, floor] = [
      await start(context, { timelines }, timelines),
      await start(context, { server: 'floor', broadcast: 'one' }, timelines),
    ]
    for (const [name, pair] of Object.entries({ ours, floor })) {
      variants[`${name} ${timelines}`] = async () => {
        const { micros } = await pair.update({ count, clients: 1, quietTurns: 1 })
        return micros / count
      }
    }
  }
  const samples = await interleave(quick ? 1 : ROUNDS, variants, { warmUp: quick ? 0 : 2 })
  await context.processes.end()
  const of = (/** @type {string} */ name) => samples[name] ?? []
  const [least] = counts
  return counts.flatMap((timelines) => {
    const what = `one timeline of ${timelines} changes, CPU`
    /** @type {Comparison} */
    const comparison = {
      what,
      unit: 'µs',
      floorName: `ours, ${least} timelines`,
      oursName: 'ours',
      floor: of(`ours ${least}`),
      ours: of(`ours ${timelines}`),
      goal: { ratio: 1.3 },
    }
    const beside = { ...comparison, floorName: 'ws.send to one', floor: of(`floor ${timelines}`), goal: undefined }
    const { goal: _, ...withoutGoal } = beside
    return timelines === least ? [withoutGoal] : [comparison, withoutGoal]
  })
}

/** @param {Context} context @returns {Promise<Comparison>} */
async function commonClock(context) {
  const { quick } = context
  const timelines = quick ? 20 : OF_ONE_CLOCK
  const ours = await start(context, { timelines, ofClock: true }, timelines)
  const floor = await start(context, { server: 'floor', broadcast: 'each' }, timelines)
  const count = quick ? 1 : 5
  const samples = await interleave(
    quick ? 1 : ROUNDS,
    { floor: () => floor.update({ count }), ours: () => ours.update({ count }) },
    { warmUp: quick ? 0 : 5 },
  )
  await Promise.all([ours.lastText(), floor.lastText()])
  await context.processes.end()
  const millis = (/** @type {{ micros: number }[]} */ values) => values.map(({ micros }) => micros / count / 1000)
  return {
    what: `${timelines} timelines that one clock pauses or resumes, CPU`,
    unit: 'ms',
    floorName: `${timelines} × ws.send`,
    oursName: 'ours',
    floor: millis(samples.floor),
    ours: millis(samples.ours),
    goal: { ratio: 1.5 },
  }
}

/** @type {import('../run.js').Bench} */
export const tsTimelines = {
  name: 'ts-timelines',
  title: 'changes of timelines where each client has one of its own',
  run: async (context) => [...(await oneOfMany(context)), await commonClock(context)],
}
