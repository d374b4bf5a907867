// @ts-check
// CPU time that a CII update costs the server for each of 1,000 connections: this package's, beside a bare loop over
// `ws` (the floor), with a string and with a buffer. The clients come all at once, while updates go out and among
// handshakes that break off; then each must have the last state, and every message of the measurement must arrive.
// Run: npm run build && node bench/cii-broadcast.js
import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const OURS = 'fastify-dvbcss'
const FLOORS = ['ws, a buffer', 'ws, a string']
const CONNECTIONS = 1000
/** Handshakes that break off among the good ones. */
const BROKEN = 300
const UPDATES = 10
/** The first ones warm the compilers up and are not counted. */
const WARM_UP_ROUNDS = 3
const ROUNDS = 20
/** No round starts after this many milliseconds, and no answer may take longer than the other. */
const TIME_LIMIT = 40_000
const ANSWER_TIMEOUT = 10_000
/** Of the bare loop with a string, which is what anybody would write. */
const TARGET = 1.1

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */
/** @typedef {{ name: string, child: ChildProcess, port: number, updates: number, micros: number[] }} Server */

/** @param {ChildProcess} child @param {string} what @returns {Promise<any>} */
async function answerOf(child, what) {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT)
  try {
    return (await once(child, 'message', { signal }))[0]
  } catch {
    throw new Error(`no answer to "${what}" within ${ANSWER_TIMEOUT / 1000} s`)
  }
}

/** @param {ChildProcess} child @param {{ ask: string, [name: string]: unknown }} question */
function ask(child, question) {
  child.send(question)
  return answerOf(child, question.ask)
}

/** @param {string} file @param {string[]} args */
async function start(file, ...args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args)
  return { child, ...(await answerOf(child, `start ${args}`)) }
}

/** @param {Server} server */
const contentIdOf = ({ updates }) => `dvb://233a.1004.1044;${updates}`

/** @param {Server} server */
async function update(server) {
  server.updates += 1
  await ask(server.child, { ask: 'update', contentId: contentIdOf(server) })
}

/** Waits until every client has the last state. @param {Server} server */
async function delivered(server) {
  await ask(clients, { ask: 'await', port: server.port, contentId: contentIdOf(server) })
}

/** Connects all clients at once, while updates go out. @param {Server} server */
async function storm(server) {
  let connecting = true
  const connected = ask(clients, { ask: 'connect', port: server.port, count: CONNECTIONS, broken: BROKEN })
  const updating = (async () => {
    while (connecting) {
      await update(server)
      await delay(5)
    }
  })()
  await connected.finally(() => {
    connecting = false
  })
  await updating
  await delivered(server)
  // The ends of the broken ones are on their way.
  let { open } = await ask(server.child, { ask: 'open' })
  for (let i = 0; i < 100 && open !== CONNECTIONS; i++) {
    await delay(20)
    open = (await ask(server.child, { ask: 'open' })).open
  }
  return open
}

/** @param {Server} server */
const tally = (server) => ask(clients, { ask: 'tally', port: server.port, contentId: contentIdOf(server) })

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

const started = performance.now()
/** @type {ChildProcess} */
const clients = (await start('cii-clients.js')).child
/** @type {Server[]} */
const servers = []
for (const name of [...FLOORS, OURS]) {
  servers.push({ name, updates: 0, micros: [], ...(await start('cii-servers.js', name)) })
}

let wrong = 0
/** @param {boolean} right */
const verdict = (right) => {
  if (!right) wrong += 1
  return right ? 'ok' : 'WRONG'
}

console.log(`${CONNECTIONS} clients at once, ${BROKEN} handshakes that break off among them, updates meanwhile`)
/** @type {Map<Server, any>} */
const before = new Map()
for (const server of servers) {
  const open = await storm(server)
  const found = await tally(server)
  before.set(server, found)
  const right = open === CONNECTIONS && found.lost === 0 && found.upToDate === CONNECTIONS
  console.log(
    `${server.name.padEnd(16)}${found.lost} lost, ${found.upToDate} have the last of ${server.updates} states, ` +
      `${open} open at the server: ${verdict(right)}`,
  )
}

let rounds = 0
const updatesBefore = new Map(servers.map((server) => [server, server.updates]))
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS && performance.now() - started < TIME_LIMIT; round++) {
  // Always in the same turn: a server that has just been at work has warm caches, and each must have rested alike.
  for (const server of servers) {
    await update(server)
    await delivered(server)
    const { micros } = await ask(server.child, { ask: 'cpu' })
    // One after the other: states that overtake each other would save messages.
    for (let n = 0; n < UPDATES; n++) {
      await update(server)
      await delivered(server)
    }
    const spent = (await ask(server.child, { ask: 'cpu' })).micros - micros
    if (round >= WARM_UP_ROUNDS) server.micros.push(spent / UPDATES / CONNECTIONS)
  }
  if (round >= WARM_UP_ROUNDS) rounds += 1
}

console.log(`\nMessages of the measurement`)
for (const server of servers) {
  const found = await tally(server)
  const updates = server.updates - (updatesBefore.get(server) ?? 0)
  const received = found.messages - before.get(server).messages
  const expected = updates * CONNECTIONS
  const right = received === expected && found.lost === 0 && found.upToDate === CONNECTIONS
  console.log(`${server.name.padEnd(16)}${received} received of ${expected} (${updates} updates): ${verdict(right)}`)
}
clients.disconnect()
for (const { child } of servers) child.disconnect()

console.log(
  `\nCPU time per update and connection, Node ${process.versions.node}: median of ${rounds} rounds of ${UPDATES} updates`,
)
console.log(`${'server'.padEnd(16)}${'µs'.padStart(6)}${FLOORS.map((name) => `of ${name}`.padStart(17)).join('')}`)
for (const { name, micros } of servers) {
  // Round by round against the floor of the same round: a busy machine slows both.
  const ratios = FLOORS.map((floor) => {
    const bare = servers.find((server) => server.name === floor)?.micros ?? []
    return median(micros.map((value, round) => value / (bare[round] ?? Number.NaN)))
  })
  const last = name === OURS ? `  ${verdict((ratios.at(-1) ?? Number.NaN) <= TARGET)}` : ''
  console.log(
    `${name.padEnd(16)}${median(micros).toFixed(2).padStart(6)}${ratios.map((ratio) => ratio.toFixed(2).padStart(17)).join('')}${last}`,
  )
}
if (wrong > 0) process.exitCode = 1
