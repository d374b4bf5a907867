// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { startPair, withinFileLimit } from '../clients-of.js'
import { interleave } from '../comparison.js'
import { quantile } from '../quantiles.js'

const LISTENERS = 1000
const CHANGES_PER_SECOND = 10
const IDLE_CLIENTS = 10_000
/** Shorter than the default of 30 s, so that a measurement of a few seconds contains heartbeats. Each costs the same. */
const HEARTBEAT_SECONDS = 5
const EVERY_MILLIS = 5
const SETTLE_MILLIS = 500
const GOAL = { ratio: 3 }

/** @typedef {import('../comparison.js').Comparison} Comparison */
/** @typedef {import('../run.js').Context['processes']} Processes */

/** @param {Processes} processes @param {'floor' | 'ours'} server */
async function start(processes, server) {
  const pair = await startPair(processes, {
    server,
    endpoint: 'cii',
    wallClock: { isolate: false },
    ...(server === 'ours' && { heartbeatIntervalSeconds: HEARTBEAT_SECONDS }),
  })
  const probe = await processes.start('companions/wall-clock-probe.js', { port: pair.server.ready.udpPort })
  return {
    ...pair,
    /** @param {number} seconds */
    async probe(seconds) {
      await sleep(SETTLE_MILLIS)
      const { roundTrips, unanswered } = await probe.ask('probe', { seconds, everyMillis: EVERY_MILLIS })
      // A missing answer counts as slower than any other.
      const all = [...roundTrips, ...Array(unanswered).fill(Number.POSITIVE_INFINITY)]
      return { p50: quantile(all, 0.5) * 1000, p99: quantile(all, 0.99) * 1000 }
    },
  }
}

/** @type {import('../run.js').Bench} */
export const wallClockBeside = {
  name: 'wall-clock-beside',
  title: 'round trip of a wall clock request over UDP while the same event loop has other work (no isolate)',
  async run({ processes, quick, note }) {
    const rounds = quick ? 1 : 5
    const listeners = quick ? 20 : LISTENERS
    const connections = quick ? 20 : withinFileLimit(IDLE_CLIENTS)

    const [idle, busy, floor] = [
      await start(processes, 'ours'),
      await start(processes, 'ours'),
      await start(processes, 'floor'),
    ]
    for (const pair of [busy, floor]) await pair.connect(listeners)
    const changing = async (/** @type {typeof busy} */ pair) => {
      await pair.server.ask('change', { perSecond: CHANGES_PER_SECOND })
      const sample = await pair.probe(quick ? 0.3 : 3)
      await pair.server.ask('change', { perSecond: 0 })
      return sample
    }
    const samples = await interleave(
      rounds,
      {
        idle: () => idle.probe(quick ? 0.3 : 3),
        busy: () => changing(busy),
        floor: () => changing(floor),
      },
      { warmUp: quick ? 0 : 1 },
    )
    for (const pair of [busy, floor]) await pair.leave()
    await busy.connect(connections)
    const seconds = quick ? 0.3 : 2 * HEARTBEAT_SECONDS
    const beats = await interleave(rounds, { idle: () => idle.probe(seconds), busy: () => busy.probe(seconds) })

    const p50 = (/** @type {{ p50: number }[]} */ values) => values.map((value) => value.p50)
    const p99 = (/** @type {{ p99: number }[]} */ values) => values.map((value) => value.p99)
    const common = { unit: 'µs', floorName: 'idle', oursName: 'ours' }
    const changes = `${listeners} clients × ${CHANGES_PER_SECOND} changes/s`
    const heartbeats = `heartbeats of ${connections} connections`
    note(
      `${changes} beside Fastify and a UDP echo: p50 ${quantile(p50(samples.floor), 0.5).toFixed(0)} µs, ` +
        `p99 ${quantile(p99(samples.floor), 0.5).toFixed(0)} µs`,
    )
    /** @type {Comparison[]} */
    return [
      { what: `p50 beside ${changes}`, ...common, floor: p50(samples.idle), ours: p50(samples.busy) },
      { what: `p99 beside ${changes}`, ...common, floor: p99(samples.idle), ours: p99(samples.busy), goal: GOAL },
      {
        what: `p99 beside ${changes}`,
        ...common,
        floorName: 'Fastify + UDP echo, same load',
        floor: p99(samples.floor),
        ours: p99(samples.busy),
      },
      { what: `p50 beside the ${heartbeats}`, ...common, floor: p50(beats.idle), ours: p50(beats.busy) },
      { what: `p99 beside the ${heartbeats}`, ...common, floor: p99(beats.idle), ours: p99(beats.busy), goal: GOAL },
    ]
  },
}
