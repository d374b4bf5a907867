// @ts-check
// Connects and disconnects companions for any length of time. Run: npm run soak -- [--minutes N] [--every seconds] [--companions N] [--seed N] [--short]
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { CiiClient, Companion, TsClient, WallClockClient } from 'fastify-dvbcss/client'
import { WebSocket } from 'ws'
import { countHandles, grows, measureMemory } from './resources.js'
import { CONTENT_ID, PTS, TEMI, Television } from './television.js'
import { runTrial } from './trial.js'

/** Number of simultaneous companions, unless --companions is given. */
const COMPANIONS = 20
/** Maximum growth in megabytes from the first third of the reports to the last. Most of the growth of rss is freed memory that the system keeps. */
const GROWTH = { heap: 2, external: 3, rss: 60 }
/** Number of states that the trial keeps. Without a limit they would look like a leak. */
const REMEMBERED_STATES = 2000

/** @typedef {import('./random.js').Random} Random */
/** @typedef {import('./trial.js').Trial} Trial */
/** @typedef {{ stop(): void }} Guest */

/** @param {Television} television @param {Random} random @returns {Guest} */
function welcome(television, random) {
  const kind = random.int(0, 7)
  if (kind === 0) return started(new CiiClient(television.url('/cii')))
  if (kind === 1) {
    const timelineSelector = random.pick([PTS, TEMI])
    const setup = { contentIdStem: CONTENT_ID, timelineSelector, tickRate: timelineSelector === PTS ? 90_000 : 1000 }
    return started(new TsClient(television.url('/ts'), { ...setup, wallClock: television.app.wallClock }))
  }
  if (kind === 2)
    return started(
      new WallClockClient({ transport: `udp://127.0.0.1:${television.udpPort}`, requestIntervalSeconds: 0.05 }),
    )
  if (kind === 3) {
    const encoding = random.pick(/** @type {const} */ (['binary', 'json']))
    return started(new WallClockClient({ transport: television.url('/wc'), encoding, requestIntervalSeconds: 0.05 }))
  }
  if (kind >= 6) return started(new Companion(television.url('/cii'), { timelineSelector: PTS, tickRate: 90_000 }))
  // One that is rejected, and one that disconnects at any moment.
  const socket = new WebSocket(television.url(kind === 4 ? '/nobody' : '/cii'))
  socket.on('error', () => {})
  return { stop: () => socket.terminate() }
}

/** @template {{ start(): void } & Guest} Client @param {Client} client @returns {Client} */
function started(client) {
  client.start()
  return client
}

/** @param {number} number */
const fixed = (number) => number.toFixed(1)

/** @param {Trial} trial @param {Television} television @param {number} seconds @param {number} companions @param {Random} random */
async function bustle(trial, television, seconds, companions, random) {
  const endsAt = performance.now() + seconds * 1000
  /** @type {Guest[]} */
  const guests = []
  const asker = createSocket('udp4')
  let came = 0
  while (performance.now() < endsAt && !trial.failed) {
    if (guests.length < companions || random.chance(0.5)) {
      guests.push(welcome(television, random))
      came += 1
    }
    if (guests.length > companions) guests.splice(random.int(0, guests.length - 1), 1)[0]?.stop()
    television.change(random)
    for (let packet = 0; packet < 5; packet++)
      asker.send(random.bytes(random.pick([31, 32])).fill(0, 0, 2), television.udpPort, '127.0.0.1')
    await sleep(random.int(0, 10))
  }
  for (const guest of guests) guest.stop()
  asker.close()
  return came
}

const text = { type: /** @type {const} */ ('string') }
const others = { minutes: text, every: text, companions: text }
await runTrial('soak', { seconds: 7 * 24 * 3600, others }, async (trial, options) => {
  const minutes = Number(options.minutes ?? (trial.isShort ? 0.06 : 10))
  const every = Number(options.every ?? (trial.isShort ? 0.6 : 60))
  const companions = Number(options.companions ?? COMPANIONS)
  if (!(minutes > 0 && every > 0 && companions > 0)) {
    throw new Error('expected numbers above 0 for --minutes, --every and --companions')
  }
  const television = await Television.start()
  const quiet = JSON.stringify(countHandles())
  /** @type {Record<'heap' | 'external' | 'rss', number[]>} */
  const series = { heap: [], external: [], rss: [] }
  let came = 0
  console.log('   time   heap MB  external MB  rss MB  came  open  messages in/out  wall clock answers  changes')
  for (let report = 0; report * every < minutes * 60 && !trial.failed; report++) {
    came += await bustle(trial, television, every, companions, trial.random.fork(report))
    const servers = Object.values(television.servers)
    await trial.until('all connections end', () => servers.every(({ statistics }) => statistics.open === 0))
    await trial.until('the handles are those of the beginning', () => JSON.stringify(countHandles()) === quiet)
    television.forget(REMEMBERED_STATES)
    const memory = await measureMemory()
    for (const name of /** @type {const} */ (['heap', 'external', 'rss'])) series[name].push(memory[name])
    const total = (/** @type {'open' | 'messagesIn' | 'messagesOut'} */ name) =>
      servers.reduce((sum, { statistics }) => sum + statistics[name], 0)
    const { requests, answers, dropped } = television.app.wallClockServer.statistics
    const unanswered = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    trial.expectEqual('UDP requests = answers + dropped', requests, answers + unanswered)
    for (const server of servers) {
      trial.expectEqual('connections that are left', server.connections.size, 0)
      trial.expectEqual('hooks that failed', server.statistics.hookErrors, 0)
    }
    const figures = [fixed(memory.heap).padStart(9), fixed(memory.external).padStart(12), fixed(memory.rss).padStart(7)]
    const counts = [
      String(came).padStart(5),
      String(total('open')).padStart(5),
      `${total('messagesIn')}/${total('messagesOut')}`.padStart(16),
      String(answers).padStart(19),
      String(television.changes).padStart(8),
    ]
    console.log(`${fixed((report + 1) * every).padStart(6)}s${[...figures, ...counts].join(' ')}`)
  }
  for (const name of /** @type {const} */ (['heap', 'external', 'rss'])) {
    trial.expect(!grows(series[name], GROWTH[name]), () => `${name} grows: ${series[name].map(fixed).join(', ')} MB`)
  }
  await television.close()
})
