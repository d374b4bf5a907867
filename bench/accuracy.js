// @ts-check
// How far the wall clock of a companion is from the television's. Both processes read the same monotonic clock of one
// machine, so the truth is known: the two should read the same. This package's client over UDP and over WebSocket in both
// carriages, beside the client of dvbcss-protocols over UDP; first on an idle television, then while it broadcasts CII
// changes to a thousand connections. Run: npm run build && node bench/accuracy.js [seconds per measurement]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const SECONDS = Number(process.argv[2] ?? 12)
const CONNECTIONS = 1000
/** Changes of CII in a second, while the television is busy. */
const CHANGES_PER_SECOND = 5
const CLIENTS = [
  { name: 'fastify-dvbcss, UDP', args: ['ours', 'udp'] },
  { name: 'fastify-dvbcss, WebSocket binary', args: ['ours', 'binary'] },
  { name: 'fastify-dvbcss, WebSocket JSON', args: ['ours', 'json'] },
  { name: 'dvbcss-protocols, UDP', args: ['bbc', 'udp'] },
]

/** @typedef {{ errors: number[], dispersions: number[], beyond: number }} Samples */

/** @param {string} file @param {string[]} args */
async function start(file, args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args)
  const [ready] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${file} ${args.join(' ')} ended with code ${code} before it was ready`)
    }),
  ])
  return { child, ready }
}

/** @param {number[]} sorted @param {number} share */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** @param {number[]} values */
const micros = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  return [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN].map((value) => value * 1e6)
}

/** @param {string} heading @param {{ udpPort: number, tcpPort: number }} ports */
async function measureAll(heading, { udpPort, tcpPort }) {
  console.log(`\n${heading}`)
  console.log(
    `${'client'.padEnd(34)}${'|error| µs: median'.padStart(19)}${'p99'.padStart(9)}${'max'.padStart(9)}${'dispersion µs: median'.padStart(24)}${'samples'.padStart(9)}${'error > dispersion'.padStart(20)}`,
  )
  /** @type {Map<string, number>} */
  const medians = new Map()
  for (const { name, args } of CLIENTS) {
    const { child, ready } = await start('accuracy-client.js', [
      ...args,
      String(udpPort),
      String(tcpPort),
      String(SECONDS),
    ])
    const { errors, dispersions, beyond } = /** @type {Samples} */ (ready)
    child.disconnect()
    const [median = Number.NaN, p99 = Number.NaN, max = Number.NaN] = micros(errors)
    const [dispersion = Number.NaN] = micros(dispersions)
    medians.set(name, median)
    const figures = `${median.toFixed(1).padStart(19)}${p99.toFixed(1).padStart(9)}${max.toFixed(1).padStart(9)}${dispersion.toFixed(0).padStart(24)}`
    console.log(`${name.padEnd(34)}${figures}${String(errors.length).padStart(9)}${String(beyond).padStart(20)}`)
  }
  const [ours, , , theirs] = CLIENTS.map(({ name }) => medians.get(name) ?? Number.NaN)
  if (ours && theirs) console.log(`median over UDP, of that of dvbcss-protocols: 1 / ${(theirs / ours).toFixed(0)}`)
}

const television = await start('accuracy-server.js', [])
await measureAll('Idle', television.ready)
const crowd = await start('accuracy-crowd.js', [String(television.ready.tcpPort), String(CONNECTIONS)])
television.child.send({ changesPerSecond: CHANGES_PER_SECOND })
await measureAll(
  `While CII changes ${CHANGES_PER_SECOND} times a second for ${CONNECTIONS} connections`,
  television.ready,
)
for (const { child } of [crowd, television]) child.disconnect()
