// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair } from '../clients-of.js'
import { median, quantile } from '../quantiles.js'

const CONNECTIONS = 1000
const CHANGES_PER_SECOND = 5
const ROUNDS = 5
const SECONDS = 4
/** The first seconds are dominated by the start of the client. */
const SETTLE_MILLIS = 3000
const THEIRS = 'dvbcss-protocols, UDP'
const CLIENTS = [
  { name: THEIRS, options: { client: 'dvbcss-protocols' } },
  { name: 'ours, UDP', options: { client: 'ours', over: 'udp' } },
  { name: 'ours, WebSocket binary', options: { client: 'ours', over: 'binary' } },
  { name: 'ours, WebSocket JSON', options: { client: 'ours', over: 'json' } },
]

/** @typedef {import('../comparison.js').Comparison} Comparison */
/** @typedef {{ errors: number[], dispersions: number[], beyond: number }} Followed */

/** @type {import('../run.js').Bench} */
export const accuracy = {
  name: 'accuracy',
  title: "how far a companion's wall clock is from the television's, beside the client of dvbcss-protocols",
  async run({ processes, quick, note }) {
    const television = await startPair(processes, { endpoint: 'cii', wallClock: { isolate: false } })
    const followers = await Promise.all(
      CLIENTS.map(async ({ name, options }) => {
        const process = await processes.start('companions/wall-clock-follower.js', {
          ...options,
          ...television.server.ready,
        })
        await process.ask('start')
        return { name, process }
      }),
    )
    await sleep(quick ? 0 : SETTLE_MILLIS)

    /** All clients at the same time. @param {string} load @returns {Promise<Comparison[]>} */
    const measure = async (load) => {
      /** @type {Map<string, Followed[]>} */
      const samples = new Map(CLIENTS.map(({ name }) => [name, []]))
      for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
        await Promise.all(
          followers.map(async ({ name, process }) => {
            samples.get(name)?.push(await process.ask('follow', { seconds: quick ? 0.5 : SECONDS }))
          }),
        )
      }
      const errors = (/** @type {string} */ name, /** @type {number} */ share) =>
        (samples.get(name) ?? []).map((followed) => quantile(followed.errors, share) * 1e6)
      for (const { name } of CLIENTS) {
        const all = samples.get(name) ?? []
        const dispersion = median(all.flatMap(({ dispersions }) => dispersions)) * 1e6
        const beyond = all.reduce((sum, followed) => sum + followed.beyond, 0)
        const count = all.reduce((sum, followed) => sum + followed.errors.length, 0)
        note(`${load}, ${name}: dispersion ${dispersion.toFixed(0)} µs, exceeded by ${beyond} of ${count} errors`)
      }
      return CLIENTS.slice(1).flatMap(({ name }) =>
        [0.5, 0.99].map((share) => ({
          what: `${load}, error p${share * 100}`,
          unit: 'µs',
          floorName: THEIRS,
          oursName: name,
          floor: errors(THEIRS, share),
          ours: errors(name, share),
        })),
      )
    }

    const idle = await measure('idle')
    const connections = quick ? 20 : CONNECTIONS
    await television.connect(connections)
    await television.server.ask('change', { perSecond: CHANGES_PER_SECOND })
    const busy = await measure(`${connections} clients × ${CHANGES_PER_SECOND} changes/s`)
    return [...idle, ...busy]
  },
}
