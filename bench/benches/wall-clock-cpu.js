// @ts-check
import { interleave } from '../comparison.js'

const REQUESTS = 10_000
const AT_ONCE = 8
const ROUNDS = 15
const GOAL = { ratio: 1.1 }
const SERVERS = /** @type {const} */ (['echo', 'ours', 'correlated', 'dvbcss-protocols'])

/** @type {import('../run.js').Bench} */
export const wallClockCpu = {
  name: 'wall-clock-cpu',
  title: 'CPU of a wall clock request over UDP, beside a socket that sends each datagram back',
  async run({ processes, quick }) {
    const requests = quick ? 100 : REQUESTS
    /** @param {string} name */
    const start = async (name) => {
      const server = await processes.start('servers/wall-clock.js', { server: name })
      const probe = await processes.start('companions/wall-clock-probe.js', { port: server.ready.port })
      return async () => {
        const before = await server.ask('cpu')
        await probe.ask('flood', { requests, atOnce: AT_ONCE })
        return ((await server.ask('cpu')) - before) / requests
      }
    }
    const variants = /** @type {Record<typeof SERVERS[number], () => Promise<number>>} */ ({})
    for (const name of SERVERS) variants[name] = await start(name)
    const samples = await interleave(quick ? 1 : ROUNDS, variants, { warmUp: quick ? 0 : 2 })
    const common = { what: 'CPU per request', unit: 'µs', floorName: 'UDP echo', floor: samples.echo }
    return [
      { ...common, oursName: 'ours', ours: samples.ours, goal: GOAL },
      { ...common, oursName: 'ours, correlated clock', ours: samples.correlated },
      { ...common, oursName: 'dvbcss-protocols', ours: samples['dvbcss-protocols'] },
    ]
  },
}
