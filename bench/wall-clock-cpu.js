// @ts-check
// CPU time that a wall clock request costs its server, in user and system together: this package's, beside a bare dgram
// echo (the floor) and dvbcss-protocols. Run: npm run build && node bench/wall-clock-cpu.js
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const FLOOR = 'echo'
const NAMES = [FLOOR, 'fastify-dvbcss', 'fastify-dvbcss, correlated clock', 'dvbcss-protocols']
const REQUESTS = 10_000
/** Requests under way at a time: enough to keep the server busy, too few for any socket buffer to overflow. */
const WINDOW = 8
/** The first two warm the compilers up and are not counted. */
const WARM_UP_ROUNDS = 2
const ROUNDS = 15
/** No round starts after this many milliseconds. */
const TIME_LIMIT = 45_000
const ROUND_TIMEOUT = 10_000
const TARGET = 1.1

/** A request as companions send it, with a cookie for a time. */
const REQUEST = Buffer.from(`00000000${'00000000'}${'0123456789abcdef'}${'00'.repeat(16)}`, 'hex')

/** @typedef {{ name: string, child: import('node:child_process').ChildProcess, port: number, micros: number[] }} Server */

/** @param {string} name @returns {Promise<Server>} */
async function startServer(name) {
  const child = fork(fileURLToPath(new URL('wall-clock-servers.js', import.meta.url)), [name])
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with code ${code} before it listened`)
  })
  const [{ port }] = await Promise.race([once(child, 'message'), died])
  died.catch(() => {})
  return { name, child, port, micros: [] }
}

/** @param {Server} server */
async function cpuMicros(server) {
  server.child.send('cpu')
  const [{ micros }] = await once(server.child, 'message')
  return micros
}

/** @param {import('node:dgram').Socket} socket @param {number} port @returns {Promise<void>} once all are answered */
function ask(socket, port) {
  return new Promise((resolve, reject) => {
    let sent = 0
    let answered = 0
    const timer = setTimeout(() => done(new Error(`${answered} of ${REQUESTS} answered`)), ROUND_TIMEOUT)
    const send = () => {
      sent += 1
      socket.send(REQUEST, port, '127.0.0.1')
    }
    const onMessage = () => {
      answered += 1
      if (sent < REQUESTS) send()
      else if (answered === REQUESTS) done()
    }
    /** @param {Error} [error] */
    function done(error) {
      clearTimeout(timer)
      socket.off('message', onMessage)
      if (error) reject(error)
      else resolve()
    }
    socket.on('message', onMessage)
    for (let i = 0; i < WINDOW; i++) send()
  })
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

const started = performance.now()
const servers = await Promise.all(NAMES.map(startServer))
const socket = createSocket('udp4')
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')

let rounds = 0
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS && performance.now() - started < TIME_LIMIT; round++) {
  // In turns, and each round from another one on, so that whatever else the machine does falls on all of them alike.
  for (let i = 0; i < servers.length; i++) {
    const server = servers[(round + i) % servers.length]
    if (server === undefined) continue
    const before = await cpuMicros(server)
    await ask(socket, server.port)
    const micros = (await cpuMicros(server)) - before
    if (round >= WARM_UP_ROUNDS) server.micros.push(micros / REQUESTS)
  }
  if (round >= WARM_UP_ROUNDS) rounds += 1
}
socket.close()
for (const { child } of servers) child.disconnect()

const floor = servers.find(({ name }) => name === FLOOR)?.micros ?? []
console.log(`CPU time per wall clock request, Node ${process.versions.node}: median of ${rounds} rounds of ${REQUESTS}`)
console.log(`${'server'.padEnd(34)}${'µs'.padStart(6)}${'of the echo'.padStart(13)}`)
for (const { name, micros } of servers) {
  // Round by round against the echo of the same round: a busy machine slows both.
  const ratio = median(micros.map((value, round) => value / (floor[round] ?? Number.NaN)))
  const verdict = name === 'fastify-dvbcss' ? (ratio <= TARGET ? '  ok' : `  over ${TARGET.toFixed(2)}`) : ''
  console.log(`${name.padEnd(34)}${median(micros).toFixed(2).padStart(6)}${ratio.toFixed(2).padStart(13)}${verdict}`)
}
