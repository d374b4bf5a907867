// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair } from '../clients-of.js'
import { interleave } from '../comparison.js'
import { ciiChange } from '../servers/content.js'

const CLIENTS = 1000
/** Number of aborted handshakes among the valid ones. */
const BROKEN = 300
const UPDATES_PER_SECOND = 100
/** Seconds for the last update to reach every client, and for the aborted handshakes to end. */
const SETTLE_MILLIS = 20_000

/** @param {() => Promise<number>} value @param {number} expected @param {string} what */
async function until(value, expected, what) {
  const end = performance.now() + SETTLE_MILLIS
  let actual = await value()
  while (actual !== expected) {
    if (performance.now() > end) throw new Error(`${what}: expected ${expected}, received ${actual}`)
    await sleep(10)
    actual = await value()
  }
}

/** @type {import('../run.js').Bench} */
export const storm = {
  name: 'storm',
  title: `${CLIENTS} CII clients connect at once, among ${BROKEN} handshakes that break off and ${UPDATES_PER_SECOND} updates/s; all must end with the last state`,
  async run({ processes, quick }) {
    const count = quick ? 20 : CLIENTS
    const measure = async (/** @type {'floor' | 'ours'} */ server) => {
      const pair = await startPair(processes, { server, endpoint: 'cii' }, { keepTexts: true })
      const [before, start] = [await pair.server.ask('cpu'), performance.now()]
      await pair.server.ask('change', { perSecond: UPDATES_PER_SECOND })
      await pair.crowd.ask('connectAmongBroken', { count, broken: quick ? 12 : BROKEN })
      await pair.server.ask('change', { perSecond: 0 })
      const { updates } = await pair.server.ask('update', { count: 1, clients: 0 })
      const text = JSON.stringify(ciiChange(updates).contentId)
      await until(() => pair.crowd.ask('upToDate', { text }), count, `clients of ${server} that have the last state`)
      const millis = performance.now() - start
      const cpu = ((await pair.server.ask('cpu')) - before) / 1000
      await until(() => pair.server.ask('open'), count, `connections of ${server}`)
      await pair.end()
      return { millis, cpu }
    }
    const { floor, ours } = await interleave(quick ? 1 : 7, {
      floor: () => measure('floor'),
      ours: () => measure('ours'),
    })
    const values = (/** @type {'millis' | 'cpu'} */ key) => ({
      unit: 'ms',
      floorName: 'Fastify',
      oursName: 'ours',
      floor: floor.map((sample) => sample[key]),
      ours: ours.map((sample) => sample[key]),
    })
    return [
      { what: 'CPU until all have the last state', ...values('cpu') },
      { what: 'time until all have the last state', ...values('millis') },
    ]
  },
}
