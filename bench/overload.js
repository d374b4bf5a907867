// @ts-check
// What becomes of the wall clock when the television's event loop is saturated: 10,000 companions hang on its CII, which
// changes ten times a second. The round trip of a request and the error of a companion's clock, idle and so loaded, with
// the wall clock on the app's event loop and in a thread of its own. All processes read the same monotonic clock, so the
// truth is known. Run: npm run build && node bench/overload.js [connections] [seconds per measurement]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const [CONNECTIONS = 10_000, SECONDS = 10] = process.argv.slice(2).map(Number)
const CROWDS = 2
const CHANGES_PER_SECOND = 10
/** For a process to answer. A server that makes connections is slow, and none may keep this program for ever. */
const ANSWER_TIMEOUT = 60_000
const LOAD_SETTLE_MILLIS = 2000

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */
/** @typedef {{ roundTrips: number[], unanswered: number, errors: number[], dispersions: number[], beyond: number }} Probe */

/** @type {ChildProcess[]} */
const children = []

/** @param {ChildProcess} child @param {string} what @returns {Promise<any>} */
async function answerOf(child, what) {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT)
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${what}: the process has ended with code ${code}`)
  })
  return (await Promise.race([once(child, 'message', { signal }), ended]))[0]
}

/** @param {string} file @param {unknown[]} args */
async function start(file, ...args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String))
  children.push(child)
  return { child, ready: await answerOf(child, file) }
}

/** @param {ChildProcess} child @param {object} question */
function ask(child, question) {
  child.send(question)
  return answerOf(child, JSON.stringify(question))
}

/** @param {number[]} values @param {number} share */
function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** @param {number} seconds */
const micros = (seconds) => (seconds * 1e6).toFixed(0)

const COLUMNS = [
  'wall clock',
  'loop busy',
  'rtt p50',
  'rtt p99',
  'rtt max',
  'answered',
  'err p50',
  'err p99',
  'err max',
  'disp p50',
  'beyond',
]
/** @param {string[]} cells */
const print = (cells) => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(10))).join(''))

/** @param {string} name @param {ChildProcess} server @param {number} udpPort */
async function measure(name, server, udpPort) {
  await ask(server, { ask: 'figures' })
  const { child, ready } = await start('overload-probe.js', udpPort, SECONDS)
  const { roundTrips, unanswered, errors, dispersions, beyond } = /** @type {Probe} */ (ready)
  child.disconnect()
  const { loopBusy, changesPerSecond, open } = await ask(server, { ask: 'figures' })
  const asked = roundTrips.length + unanswered
  print([
    name,
    `${(loopBusy * 100).toFixed(0)} %`,
    ...[0.5, 0.99, 1].map((share) => micros(quantile(roundTrips, share))),
    `${roundTrips.length}/${asked}`,
    ...[0.5, 0.99, 1].map((share) => micros(quantile(errors, share))),
    micros(quantile(dispersions, 0.5)),
    String(beyond),
  ])
  return { changesPerSecond, open }
}

const [load = 0] = os.loadavg()
console.log(
  `Node ${process.versions.node}, ${os.availableParallelism()} cores, load of the machine before: ${load.toFixed(2)}; ` +
    `${SECONDS} s each, times in µs`,
)
print(COLUMNS)
/** @type {string[]} */
const notes = []
try {
  for (const isolate of [false, true]) {
    const where = isolate ? 'own thread' : 'event loop'
    const { child: server, ready } = await start('overload-server.js', isolate)
    await measure(`${where}, idle`, server, ready.udpPort)
    const crowds = await Promise.all(
      Array.from({ length: CROWDS }, () => start('overload-crowd.js', ready.tcpPort, CONNECTIONS / CROWDS)),
    )
    await ask(server, { ask: 'load', changesPerSecond: CHANGES_PER_SECOND })
    await sleep(LOAD_SETTLE_MILLIS)
    const { changesPerSecond, open } = await measure(`${where}, loaded`, server, ready.udpPort)
    notes.push(`${where}: ${open} connections, ${changesPerSecond.toFixed(1)} changes a second came about`)
    for (const { child } of [...crowds]) child.disconnect()
    server.disconnect()
    await Promise.all([server, ...crowds.map(({ child }) => child)].map((child) => once(child, 'exit')))
  }
} finally {
  for (const child of children) if (child.connected) child.disconnect()
}
for (const note of notes) console.log(note)
