// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair, withinFileLimit } from '../clients-of.js'
import { quantile } from '../quantiles.js'

const CONNECTIONS = 10_000
const CHANGES_PER_SECOND = 10
const ROUNDS = 5
const SECONDS = 4
const EVERY_MILLIS = 20
const SETTLE_MILLIS = 1000

/** @typedef {import('../comparison.js').Comparison} Comparison */
/** @typedef {{ p50: number, p99: number, error: number }} Sample microseconds */

/** @type {import('../run.js').Bench} */
export const overload = {
  name: 'overload',
  title: 'the wall clock of a television whose event loop is saturated, on the event loop and with `isolate: true`',
  async run({ processes, quick, note }) {
    const connections = quick ? 20 : withinFileLimit(CONNECTIONS)
    const seconds = quick ? 0.5 : SECONDS

    /** @param {boolean} isolate */
    const start = async (isolate) => {
      const television = await startPair(processes, { endpoint: 'cii', wallClock: { isolate } })
      const { udpPort } = television.server.ready
      const probe = await processes.start('companions/wall-clock-probe.js', { port: udpPort })
      const follower = await processes.start('companions/wall-clock-follower.js', { client: 'ours', udpPort })
      await follower.ask('start')
      let beyond = 0
      /** @returns {Promise<Sample>} */
      const measure = async () => {
        const [{ roundTrips, unanswered }, followed] = await Promise.all([
          probe.ask('probe', { seconds, everyMillis: EVERY_MILLIS }),
          follower.ask('follow', { seconds }),
        ])
        beyond += followed.beyond
        const all = [...roundTrips, ...Array(unanswered).fill(Number.POSITIVE_INFINITY)]
        return {
          p50: quantile(all, 0.5) * 1000,
          p99: quantile(all, 0.99) * 1000,
          error: quantile(followed.errors, 0.99) * 1e6,
        }
      }
      return {
        television,
        measure,
        async measureLoaded() {
          await television.server.ask('change', { perSecond: CHANGES_PER_SECOND })
          await sleep(quick ? 0 : SETTLE_MILLIS)
          const sample = await measure()
          await television.server.ask('change', { perSecond: 0 })
          // Wait for messages that are in transit to the clients.
          await sleep(quick ? 0 : SETTLE_MILLIS)
          return sample
        },
        beyond: () => beyond,
      }
    }

    /** @type {Record<'idle' | 'loaded', Record<'loop' | 'thread', Sample[]>>} */
    const samples = { idle: { loop: [], thread: [] }, loaded: { loop: [], thread: [] } }
    const televisions = { loop: await start(false), thread: await start(true) }
    await sleep(quick ? 0 : SETTLE_MILLIS)
    for (const { television } of Object.values(televisions)) await television.connect(connections)
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      for (const name of /** @type {const} */ (['loop', 'thread'])) {
        samples.idle[name].push(await televisions[name].measure())
        samples.loaded[name].push(await televisions[name].measureLoaded())
      }
    }
    for (const [name, { beyond }] of Object.entries(televisions)) {
      note(`${name}: errors of the client's clock beyond the bound that it states: ${beyond()}`)
    }

    /** @param {keyof Sample} figure @param {string} what @returns {Comparison[]} */
    const rows = (figure, what) => {
      const values = (/** @type {Sample[]} */ list) => list.map((sample) => sample[figure])
      const common = { what, unit: 'µs' }
      return [
        {
          ...common,
          floorName: 'event loop, idle',
          oursName: 'event loop, loaded',
          floor: values(samples.idle.loop),
          ours: values(samples.loaded.loop),
        },
        {
          ...common,
          floorName: 'own thread, idle',
          oursName: 'own thread, loaded',
          floor: values(samples.idle.thread),
          ours: values(samples.loaded.thread),
        },
        {
          ...common,
          floorName: 'event loop, loaded',
          oursName: 'own thread, loaded',
          floor: values(samples.loaded.loop),
          ours: values(samples.loaded.thread),
        },
      ]
    }
    return [
      ...rows('p50', 'round trip p50'),
      ...rows('p99', 'round trip p99'),
      ...rows('error', "error of a client's clock, p99"),
    ]
  },
}
