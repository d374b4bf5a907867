// @ts-check
import fc from 'fast-check'
import { CiiClient, TsClient } from 'fastify-dvbcss/client'
import { Random } from '../random.js'
import { CONTENT_ID, PTS, TEMI, Television } from '../television.js'
import { TcpProxy } from './tcp-proxy.js'

/** @typedef {import('../trial.js').Trial} Trial */

const BACKOFF = { initialSeconds: 0.005, maxSeconds: 0.02 }
const STEPS = [
  'cii',
  'ts',
  'stop',
  'cut',
  'cut',
  'stall',
  'change',
  'change',
  'change',
  'switch',
  'content id',
  'turn',
  'turn',
]
const SETTLE_SECONDS = 10

const steps = fc.array(fc.record({ what: fc.constantFrom(...STEPS), value: fc.nat(1000) }), {
  minLength: 1,
  maxLength: 40,
  size: 'max',
})

/**
 * {@link import('./interleavings.js').tryInterleavings} over real sockets, real clients and a proxy that cuts.
 * @param {Trial} trial @param {number} runs
 */
export async function trySocketInterleavings(trial, runs) {
  let done = 0
  const property = fc.asyncProperty(steps, async (list) => {
    await run(list)
    done += 1
  })
  try {
    // Limit the attempts to shorten a failing order, because each takes seconds.
    await fc.assert(property, {
      seed: trial.seed,
      numRuns: runs,
      interruptAfterTimeLimit: 60_000,
      markInterruptAsFailure: false,
    })
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error)
    trial.fail(`an interleaving over sockets: ${cause}\n${message}`)
  }
  console.log(`interleavings over sockets: ${done} orders of up to 40 steps, every client agreed with the server`)
}

/** @param {{ what: string, value: number }[]} list */
async function run(list) {
  const television = await Television.start()
  const proxy = new TcpProxy()
  const port = await proxy.open(television.port)
  /** @type {CiiClient[]} */
  const mirrors = []
  /** @type {TsClient[]} */
  const followers = []
  try {
    for (const { what, value } of list) {
      const random = new Random(value)
      const selector = value % 2 === 0 ? PTS : TEMI
      if (what === 'cii') mirrors.push(started(new CiiClient(television.url('/cii', port), { backoff: BACKOFF })))
      else if (what === 'ts') {
        const setup = {
          contentIdStem: CONTENT_ID,
          timelineSelector: selector,
          tickRate: value % 2 === 0 ? 90_000 : 1000,
        }
        followers.push(
          started(
            new TsClient(television.url('/ts', port), {
              ...setup,
              wallClock: television.app.wallClock,
              backoff: BACKOFF,
            }),
          ),
        )
      } else if (what === 'stop') (value % 2 === 0 ? mirrors : followers).pop()?.stop()
      else if (what === 'cut') proxy.cut(random)
      else if (what === 'stall') proxy.stall(random)
      else if (what === 'change') television.change(random)
      else if (what === 'switch') {
        const server = value % 2 === 0 ? television.servers.cii : television.servers.ts
        server.enabled = !server.enabled
      } else if (what === 'content id') television.ts.contentId = value % 3 === 0 ? 'dvb://other' : CONTENT_ID
      else await new Promise((resolve) => setTimeout(resolve, value % 8))
    }
    await settle(television, mirrors, followers)
  } finally {
    for (const client of [...mirrors, ...followers]) client.stop()
    await proxy.close()
    await television.close()
  }
}

/** @template {{ start(): void }} Client @param {Client} client @returns {Client} */
function started(client) {
  client.start()
  return client
}

/** @param {Television} television @param {CiiClient[]} mirrors @param {TsClient[]} followers */
async function settle(television, mirrors, followers) {
  television.servers.cii.enabled = true
  television.servers.ts.enabled = true
  const last = television.states.length - 1
  const isOn = television.ts.contentId === CONTENT_ID
  const agrees = () =>
    mirrors.every(({ connected, state }) => connected && television.indexOfState(state) === last) &&
    followers.every(({ connected, clock, timestamp }) => {
      if (!connected || timestamp === undefined) return false
      const said = isOn ? television.sources.get(clock.name)?.controlTimestamp(clock.name) : undefined
      if (said === undefined || said.contentTime === null) return timestamp.contentTime === null
      return timestamp.contentTime === said.contentTime && timestamp.wallClockTime === said.wallClockTime
    })
  const limit = performance.now() + SETTLE_SECONDS * 1000
  while (!agrees()) {
    if (performance.now() > limit) {
      const states = mirrors.map(({ connected, state }) => [connected, television.indexOfState(state)])
      throw new Error(
        `no agreement within ${SETTLE_SECONDS} s: mirrors ${JSON.stringify(states)} of ${last}, followers ${JSON.stringify(followers.map(({ connected }) => connected))}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
