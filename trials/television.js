// @ts-check
import { isDeepStrictEqual } from 'node:util'
import Fastify from 'fastify'
import {
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  ciiPlugin,
  encodeControlTimestamp,
  SystemClock,
  TsServer,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from 'fastify-dvbcss'
import { withoutGone } from './without-gone.js'

export const PTS = 'urn:dvb:css:timeline:pts'
export const TEMI = 'urn:dvb:css:timeline:temi:1:1'
export const CONTENT_ID = 'dvb://233a.1004.1044'
const SERIAL_TYPE = 'urn:x-trial:serial'
/** Starts at positions that the other timeline never reaches, so that mixed-up answers are detected. */
/** @type {Record<string, number>} */
const START_TICKS = { [PTS]: 1e12, [TEMI]: -1e12 }

/** @typedef {import('fastify-dvbcss').Cii} Cii */
/** @typedef {import('fastify-dvbcss').ControlTimestamp} ControlTimestamp */
/** @typedef {import('./random.js').Random} Random */
/** @typedef {{ wallClock?: import('fastify-dvbcss').Clock, maxConnections?: number }} TelevisionOptions */

/** Counts the messages passed to the app, so that the totals can be checked. */
class CountingTsServer extends TsServer {
  setups = 0
  presentations = 0

  /** @override */
  onSetup() {
    this.setups += 1
  }

  /** @override */
  onPresentationTimestamps() {
    this.presentations += 1
  }
}

/** A television with all endpoints whose state changes at random. It records everything that it has sent. */
export class Television {
  /** All states of CII so far; each contains its index in this list. @type {Cii[]} */
  states = []
  /** All control timestamps of each timeline so far → index. @type {Map<string, Map<string, number>>} */
  timestamps = new Map([PTS, TEMI].map((selector) => [selector, new Map()]))
  /** @type {Map<string, CorrelatedClock>} */
  timelines = new Map()
  /** @type {Map<string, ClockTimelineSource>} */
  sources = new Map()
  port = 0
  changes = 0

  /** @param {import('fastify').FastifyInstance} app */
  constructor(app) {
    this.app = app
  }

  get ts() {
    return /** @type {CountingTsServer} */ (this.app.ts)
  }

  /** @param {TelevisionOptions} [options] */
  static async start(options = {}) {
    const { wallClock = new SystemClock(), maxConnections = 2000 } = options
    // Slow handshakes must time out during the trial.
    const http = { headersTimeout: 1500, requestTimeout: 3000, connectionsCheckingInterval: 250 }
    const app = Fastify({ logger: false, http })
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, wallClock })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc', maxConnections })
    await app.register(ciiPlugin, { prefix: '/cii', maxConnections })
    await app.register(tsPlugin, { prefix: '/ts', maxConnections, handler: CountingTsServer, contentId: CONTENT_ID })
    const television = new Television(app)
    for (const [selector, childTicks] of Object.entries(START_TICKS)) {
      const correlation = new Correlation({ parentTicks: wallClock.now(), childTicks })
      const clock = new CorrelatedClock(wallClock, { tickRate: selector === PTS ? 90_000 : 1000, correlation })
      const source = new ClockTimelineSource(selector, wallClock, clock)
      television.timelines.set(selector, clock)
      television.sources.set(selector, source)
      app.ts.attachTimelineSource(source)
    }
    television.port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
    television.#say({ contentId: CONTENT_ID, contentIdStatus: 'final', presentationStatus: ['okay'] })
    return television
  }

  get udpPort() {
    return this.app.wallClockServer.address?.port ?? 0
  }

  /** @param {string} path @param {number} [port] of a proxy */
  url(path, port = this.port) {
    return `ws://127.0.0.1:${port}${path}`
  }

  get servers() {
    return { cii: this.app.cii, ts: this.ts, wc: this.app.wallClockWebSocket }
  }

  /** Changes something. @param {Random} random */
  change(random) {
    this.changes += 1
    if (random.chance(0.5)) {
      this.#say(randomChange(random))
      return
    }
    const selector = random.pick([PTS, TEMI])
    const clock = /** @type {CorrelatedClock} */ (this.timelines.get(selector))
    const what = random.int(0, 3)
    const childTicks = (START_TICKS[selector] ?? 0) + random.int(0, 1e9)
    const correlation = new Correlation({ parentTicks: clock.parent.now(), childTicks })
    if (what === 0) clock.available = !clock.available
    else clock.setCorrelationAndSpeed(correlation, what === 1 ? random.pick([0, 0.5, 1, -1, 2]) : clock.speed)
    this.remember()
  }

  /** Must be called after a change of the timelines. */
  remember() {
    for (const [selector, source] of this.sources) {
      const said = /** @type {Map<string, number>} */ (this.timestamps.get(selector))
      said.set(encodeControlTimestamp(source.controlTimestamp(selector)), said.size)
    }
  }

  /** @param {Cii} change */
  #say(change) {
    this.app.cii.update({ ...change, private: [{ type: SERIAL_TYPE, serial: this.states.length }] })
    this.states.push(this.app.cii.cii)
    this.remember()
  }

  /**
   * The index of a client's state among those of the television; -1 if the television never had it.
   * @param {Cii} state @param {number} [port] at which the client reached it
   */
  indexOfState(state, port = this.port) {
    const serial = state.private?.find(({ type }) => type === SERIAL_TYPE)?.serial
    const expected = this.states[Number(serial)]
    if (expected === undefined) return -1
    const resolved = this.#resolve(expected, port)
    return isDeepStrictEqual(withoutGone(state, resolved), resolved) ? Number(serial) : -1
  }

  /** @param {Cii} state @param {number} port @returns {Cii} */
  #resolve(state, port) {
    const values = { scheme: 'ws', host: '127.0.0.1', port: String(port), prefix: '' }
    return JSON.parse(
      JSON.stringify(state).replaceAll(
        /\{\{(scheme|host|port|prefix)\}\}/g,
        (_, name) => values[/** @type {'host'} */ (name)],
      ),
    )
  }

  /** The index of a control timestamp; -1 if the television never sent it for this timeline. @param {string} selector @param {ControlTimestamp} timestamp */
  indexOfTimestamp(selector, timestamp) {
    return this.timestamps.get(selector)?.get(encodeControlTimestamp(timestamp)) ?? -1
  }

  /** Discards old records that no client is compared with any more. @param {number} kept */
  forget(kept) {
    for (let index = 0; index < this.states.length - kept; index++) delete this.states[index]
    for (const said of this.timestamps.values()) if (said.size > kept) said.clear()
  }

  close() {
    return this.app.close()
  }
}

/** @param {Random} random @returns {Cii} */
function randomChange(random) {
  const what = random.int(0, 4)
  if (what === 0)
    return { contentId: `${CONTENT_ID};${random.word()}`, contentIdStatus: random.pick(['partial', 'final']) }
  if (what === 1) return { contentId: null }
  if (what === 2)
    return { presentationStatus: [random.pick(['okay', 'transitioning', 'fault']), `urn:x:${random.word()}`] }
  if (what === 3) return { mrsUrl: random.chance(0.3) ? null : `http://{{host}}/${random.word()}` }
  const units = () => random.int(1, 90_000)
  const option = () => ({
    timelineSelector: `urn:x:${random.word()}`,
    timelineProperties: { unitsPerTick: units(), unitsPerSecond: units() },
  })
  return { timelines: Array.from({ length: random.int(0, 3) }, option) }
}
