// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { CiiClient, positionOn, TsClient, WallClockClient } from 'fastify-dvbcss/client'
import { CONTENT_ID, PTS, TEMI, Television } from '../television.js'
import { SharedInstant } from './shared-instant.js'
import { TcpProxy } from './tcp-proxy.js'
import { UdpProxy } from './udp-proxy.js'

const BACKOFF = { initialSeconds: 0.02, maxSeconds: 0.2 }
const COMPANIONS = 12
const STEPS_OF_A_ROUND = 60

/** @typedef {import('../trial.js').Trial} Trial */
/** @typedef {{ cii: CiiClient, ts: TsClient, wallClock: WallClockClient, selector: string, contentIdStem: string, udp: UdpProxy }} CutCompanion */

/**
 * Cuts and delays the connections of companions while the television changes. After a quiet period each companion must have the state
 * of the television and the position of its timeline.
 * @param {Trial} trial @param {number} rounds @param {number} seconds
 */
export async function tryCuts(trial, rounds, seconds) {
  const random = trial.random.fork(20)
  const endsAt = performance.now() + seconds * 1000
  const instant = new SharedInstant()
  const television = await Television.start({ wallClock: instant.clock(1e12, 40) })
  const tcp = new TcpProxy()
  const port = await tcp.open(television.port)
  const companions = []
  for (let index = 0; index < COMPANIONS; index++)
    companions.push(await startCompanion(television, port, instant, random.fork(index)))
  let round = 0
  let checked = 0
  for (; round < rounds && !trial.failed && performance.now() < endsAt; round++) {
    for (const { udp } of companions) udp.changeWeather()
    for (let step = 0; step < STEPS_OF_A_ROUND; step++) {
      const what = random.int(0, 9)
      if (what < 4) television.change(random)
      else if (what < 6) tcp.cut(random)
      else if (what === 6) tcp.stall(random)
      else if (what === 7) television.ts.contentId = random.pick([null, CONTENT_ID, `${CONTENT_ID};x`, 'dvb://other'])
      else if (what === 8) {
        const server = random.pick([television.servers.cii, television.servers.ts])
        server.enabled = !server.enabled
      }
      if (random.chance(0.5)) await sleep(random.int(0, 15))
    }
    television.servers.cii.enabled = true
    television.servers.ts.enabled = true
    // Usually end with a timeline, so that there are positions to compare.
    if (random.chance(0.8)) {
      television.ts.contentId = CONTENT_ID
      for (const timeline of television.timelines.values()) timeline.available = true
      television.remember()
    }
    for (const { udp } of companions) udp.clearUp()
    for (const [index, companion] of companions.entries())
      checked += await checkCompanion(trial, television, instant, companion, index)
  }
  for (const { cii, ts, wallClock, udp } of companions) {
    for (const client of [cii, ts, wallClock]) client.stop()
    udp.close()
  }
  await tcp.close()
  await television.close()
  console.log(
    `cuts: ${round} rounds, ${tcp.cuts} connections cut, ${tcp.stalls} held up, ${television.changes} changes of state; ${COMPANIONS} companions agreed each time, ${checked} positions within their bounds`,
  )
}

/** @param {Television} television @param {number} port @param {SharedInstant} instant @param {import('../random.js').Random} random @returns {Promise<CutCompanion>} */
async function startCompanion(television, port, instant, random) {
  const udp = new UdpProxy(random)
  const transport = await udp.open(television.udpPort)
  const parentClock = instant.clock(random.int(0, 1e14), random.int(-90, 90))
  const wallClock = new WallClockClient({
    transport,
    parentClock,
    requestIntervalSeconds: 0.1,
    maxDispersionSeconds: 10,
  })
  const selector = random.pick([PTS, TEMI])
  const contentIdStem = random.pick(['', CONTENT_ID])
  const setup = { contentIdStem, timelineSelector: selector, tickRate: selector === PTS ? 90_000 : 1000 }
  const cii = new CiiClient(television.url('/cii', port), { backoff: BACKOFF })
  const ts = new TsClient(television.url('/ts', port), { ...setup, wallClock: wallClock.clock, backoff: BACKOFF })
  for (const client of [cii, ts, wallClock]) client.start()
  return { cii, ts, wallClock, selector, contentIdStem, udp }
}

/** @param {Trial} trial @param {Television} television @param {SharedInstant} instant @param {CutCompanion} companion @param {number} index @returns {Promise<number>} positions compared */
async function checkCompanion(trial, television, instant, { cii, ts, wallClock, selector, contentIdStem }, index) {
  const last = television.states.length - 1
  // {{host}} is replaced by the television's own address.
  await trial.until(
    `CII client ${index} has the last state`,
    () => cii.connected && television.indexOfState(cii.state) === last,
  )
  const { contentId } = television.ts
  const timeline = television.timelines.get(selector)
  const isOn = timeline?.available === true && contentId?.startsWith(contentIdStem) === true
  const source = television.sources.get(selector)?.controlTimestamp(selector)
  const has = () =>
    ts.connected &&
    ts.timestamp !== undefined &&
    (isOn
      ? ts.timestamp.contentTime === source?.contentTime && ts.timestamp.wallClockTime === source?.wallClockTime
      : ts.timestamp.contentTime === null)
  await trial.until(`TS client ${index} has what the server answers`, has)
  await trial.until(`the wall clock of companion ${index}`, () => wallClock.clock.available)
  if (!isOn || timeline === undefined || trial.failed) return 0
  instant.hold(() => {
    // The dispersion of the clock does not include its speed, but the error bound of a position does.
    const { available, ticks, errorSeconds } = positionOn(ts.clock, wallClock.clock)
    const error = Math.abs(ticks - timeline.now()) / ts.clock.tickRate
    trial.expect(
      available && error <= errorSeconds,
      () => `TS client ${index} is off by ${error} s, its bound is ${errorSeconds} s`,
    )
  })
  return 1
}
