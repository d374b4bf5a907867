// @ts-check
import { startPair } from '../clients-of.js'
import { interleave } from '../comparison.js'

const STALLED = 20
const CHANGES = 1000
const BYTES = 32 * 1024
/** Loopback buffers a few megabytes per client before the process queues anything. */
const CHANGES_BEFORE = 400
const LONGEST_TIMEOUT_SECONDS = 2_147_483

/** @type {import('../run.js').Bench} */
export const stalled = {
  name: 'stalled',
  title: `memory of a client that does not read while ${CHANGES} changes of ${BYTES / 1024} KiB are sent`,
  async run({ processes, quick }) {
    const count = quick ? CHANGES_BEFORE + 50 : CHANGES_BEFORE + CHANGES
    const measure = async (/** @type {object} */ options) => {
      const pair = await startPair(processes, { endpoint: 'cii', updateBytes: BYTES, ...options })
      await pair.connect(quick ? 5 : STALLED)
      await pair.crowd.ask('stall')
      const { buffered } = await pair.server.ask('hurry', { count })
      await pair.end()
      return Math.max(...buffered) / 1024
    }
    const samples = await interleave(quick ? 1 : 3, {
      floor: () => measure({ server: 'floor' }),
      // The clients must stay connected although they never read.
      ours: () => measure({ server: 'ours', sendTimeoutSeconds: LONGEST_TIMEOUT_SECONDS }),
    })
    const common = { what: 'waiting for the client', unit: 'KiB', oursName: 'ours', ours: samples.ours }
    return [
      { ...common, floorName: 'ws.send(buffer)', floor: samples.floor },
      { ...common, floorName: 'one message', floor: samples.ours.map(() => BYTES / 1024), goal: { ratio: 1.05 } },
    ]
  },
}
