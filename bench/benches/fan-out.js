// @ts-check
import { startPair, withinFileLimit } from '../clients-of.js'
import { interleave } from '../comparison.js'

const CLIENTS = [100, 1000, 10_000]
/** Messages per sample, and before the first one, so that the code is compiled. */
const MESSAGES = 10_000
const WARM_UP_MESSAGES = 100_000
const ROUNDS = 21
const IN_ONE_TICK = 10
const HOSTS = 1000

/** @typedef {import('../comparison.js').Comparison} Comparison */
/** @typedef {import('../comparison.js').Goal} Goal */
/** @typedef {import('../run.js').Context['processes']} Processes */
/** @typedef {Awaited<ReturnType<typeof startPair>>} Pair */

/** @param {number} clients @returns {Goal} */
const goalFor = (clients) => ({ ratio: clients < 1000 ? 1.1 : 1.05 })

/** @param {Pair} pair @param {number} clients @param {{ inOneTick?: number, messages?: number }} [options] */
async function sample(pair, clients, { messages = MESSAGES, ...options } = {}) {
  const count = Math.max(1, Math.round(messages / clients))
  const updated = await pair.update({ count, ...options })
  return {
    micros: updated.micros / count / clients,
    millis: updated.millis,
    messages: updated.messages / count / clients,
  }
}

/** @param {{ micros: number }[]} samples */
const cpu = (samples) => samples.map(({ micros }) => micros)
/** @param {{ millis: number }[]} samples */
const time = (samples) => samples.map(({ millis }) => millis)

/** @param {import('../run.js').Context} context @param {'cii' | 'ts'} endpoint @param {number} clients */
async function broadcast({ processes, quick, note }, endpoint, clients) {
  const pairs = {
    floor: await startPair(processes, { server: 'floor', endpoint, broadcast: 'buffer' }),
    frame: await startPair(processes, { server: 'floor', endpoint, broadcast: 'frame' }),
    ours: await startPair(processes, { server: 'ours', endpoint }),
  }
  const { floor, frame, ours } = pairs
  for (const pair of Object.values(pairs)) {
    await pair.connect(clients)
    if (!quick) await sample(pair, clients, { messages: WARM_UP_MESSAGES })
  }
  const options = quick ? { messages: 1 } : {}
  const samples = await interleave(quick ? 1 : ROUNDS, {
    floor: () => sample(floor, clients, options),
    frame: () => sample(frame, clients, options),
    ours: () => sample(ours, clients, options),
    burst: () => sample(ours, clients, { ...options, inOneTick: IN_ONE_TICK }),
  })
  // The numbers of the updates differ after those in one tick.
  const [expected, got] = [await floor.lastText(), await ours.lastText()].map((text) => text.replaceAll(/\d+/g, '0'))
  if (expected !== got) throw new Error(`not the same message: ${expected} and ${got}`)
  await processes.end()

  const perBurst = Math.max(...samples.burst.map(({ messages }) => messages))
  const title = `${endpoint.toUpperCase()}, ${clients} clients`
  if (perBurst > 1) note(`${title}: ${IN_ONE_TICK} updates in one tick sent each client ${perBurst} messages`)
  /** @type {Comparison[]} */
  const comparisons = [
    {
      what: `${title}, CPU per client`,
      unit: 'µs',
      floorName: 'ws.send(buffer)',
      oursName: 'ours',
      floor: cpu(samples.floor),
      ours: cpu(samples.ours),
      goal: goalFor(clients),
    },
    {
      what: `${title}, CPU per client`,
      unit: 'µs',
      floorName: 'prebuilt frame',
      oursName: 'ours',
      floor: cpu(samples.frame),
      ours: cpu(samples.ours),
    },
    {
      what: `${title}, ${IN_ONE_TICK} updates in one tick, CPU per client`,
      unit: 'µs',
      floorName: 'ours, 1 update',
      oursName: 'ours',
      floor: cpu(samples.ours),
      ours: cpu(samples.burst),
      goal: { ratio: 1.1 },
    },
  ]
  if (clients >= MESSAGES || quick) {
    comparisons.push({
      what: `${title}, until the last has it`,
      unit: 'ms',
      floorName: 'ws.send(buffer)',
      oursName: 'ours',
      floor: time(samples.floor),
      ours: time(samples.ours),
      goal: { ratio: 1.1 },
    })
  }
  return comparisons
}

/** @param {Processes} processes @param {boolean} quick @returns {Promise<Comparison>} */
async function hosts(processes, quick) {
  const clients = quick ? 20 : HOSTS
  const start = (/** @type {string} */ host) =>
    startPair(
      processes,
      { endpoint: 'cii', trustProxy: true, placeholder: true },
      { headers: `X-Forwarded-Host: ${host}\r\n` },
    )
  const [one, many] = [await start('tv.example'), await start('tv{i}.example')]
  for (const pair of [one, many]) {
    await pair.connect(clients)
    if (!quick) await sample(pair, clients, { messages: WARM_UP_MESSAGES })
  }
  const samples = await interleave(quick ? 1 : ROUNDS, {
    floor: () => sample(one, clients),
    ours: () => sample(many, clients),
  })
  await Promise.all([one.lastText(), many.lastText()])
  await processes.end()
  return {
    what: `CII, {{host}} for ${clients} different hosts, CPU per client`,
    unit: 'µs',
    floorName: 'one host',
    oursName: 'different',
    floor: cpu(samples.floor),
    ours: cpu(samples.ours),
    goal: { ratio: 1.2 },
  }
}

/** @type {import('../run.js').Bench} */
export const fanOut = {
  name: 'fan-out',
  title: 'one update to every client, beside a loop over the sockets of @fastify/websocket',
  async run(context) {
    const { processes, quick } = context
    const comparisons = []
    for (const endpoint of /** @type {const} */ (['cii', 'ts'])) {
      for (const clients of quick ? [20] : CLIENTS) {
        comparisons.push(...(await broadcast(context, endpoint, withinFileLimit(clients))))
      }
    }
    comparisons.push(await hosts(processes, quick))
    return comparisons
  },
}
