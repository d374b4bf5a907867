// @ts-check

import fc from 'fast-check'
import {
  applyCii,
  CiiServer,
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  decodeControlTimestamp,
  encodeControlTimestamp,
  equalCii,
  parseCii,
  SystemClock,
  TsServer,
} from 'fastify-dvbcss'
import { withoutGone } from '../without-gone.js'
import { HeldSocket } from './held-socket.js'

/** @typedef {import('fastify-dvbcss').Cii} Cii */
/** @typedef {import('../trial.js').Trial} Trial */
/** @typedef {{ what: string, which: number, value: number }} Step */
/** @typedef {{ socket: HeldSocket, state: Cii, messages: number, mayBeEmpty: boolean }} CiiPeer */
/** @typedef {{ socket: HeldSocket, stem: string, selector: string, isSetUp: boolean }} TsPeer */

/** @type {any} */
const SILENT = {
  level: 'silent',
  child: () => SILENT,
  debug() {},
  info() {},
  warn() {},
  error() {},
  fatal() {},
  trace() {},
  silent() {},
}
const CONTENT_IDS = [null, 'dvb://1', 'dvb://1;2', 'dvb://2']
const STEMS = ['', 'dvb://1', 'dvb://1;2']
const SELECTORS = ['urn:a', 'urn:b', 'urn:nobody']
const STEPS = [
  'cii',
  'cii',
  'ts',
  'ts',
  'setup',
  'setup',
  'admit',
  'cut',
  'let go',
  'let go',
  'let go',
  'let all go',
  'update',
  'update',
  'update',
  'replace',
  'advertise',
  'update clients',
  'switch',
  'content id',
  'timeline',
  'timeline',
  'detach',
  'turn',
]

/** @type {fc.Arbitrary<Step[]>} */
const steps = fc.array(fc.record({ what: fc.constantFrom(...STEPS), which: fc.nat(11), value: fc.nat(1000) }), {
  minLength: 1,
  maxLength: 60,
  size: 'max',
})

/** Runs pending promise callbacks. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/**
 * Runs random orders of all events of a CII and a TS server whose connections have arbitrary delays. A failing order is reduced to the
 * shortest one before it is reported.
 * @param {Trial} trial @param {number} runs
 */
export async function tryInterleavings(trial, runs) {
  let done = 0
  const property = fc.asyncProperty(steps, async (list) => {
    const world = new World()
    for (const step of list) await world.do(step)
    await world.settle()
    done += 1
  })
  try {
    await fc.assert(property, { seed: trial.seed, numRuns: runs })
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error)
    trial.fail(`an interleaving in memory: ${cause}\n${message}`)
  }
  console.log(
    `interleavings in memory: ${done} orders of up to 60 steps, every surviving client agreed with the server`,
  )
}

class World {
  /** @type {CiiPeer[]} */
  ciiPeers = []
  /** @type {TsPeer[]} */
  tsPeers = []
  cii = new CiiServer({ logger: SILENT })
  #nanos = 1e9
  #wallClock = new SystemClock({ source: () => this.#nanos, precisionSeconds: 1e-9 })
  #clocks = ['urn:a', 'urn:b'].map(() => new CorrelatedClock(this.#wallClock, { tickRate: 1000 }))
  #sources = this.#clocks.map((clock, index) => new ClockTimelineSource(SELECTORS[index] ?? '', this.#wallClock, clock))
  #attached = new Set(this.#sources)
  /** Setup-data that the app has not accepted yet. @type {(() => void)[]} */
  #waiting = []
  ts

  constructor() {
    const waiting = this.#waiting
    class SlowTsServer extends TsServer {
      /** @override @param {any} _connection @param {any} setup */
      onSetup(_connection, setup) {
        if (setup.private === undefined) return undefined
        return /** @type {Promise<void>} */ (new Promise((resolve) => waiting.push(() => resolve(undefined))))
      }
    }
    this.ts = new SlowTsServer({ logger: SILENT, wallClock: this.#wallClock, contentId: 'dvb://1' })
    for (const source of this.#sources) this.ts.attachTimelineSource(source)
  }

  get #sockets() {
    return [...this.ciiPeers, ...this.tsPeers].map(({ socket }) => socket)
  }

  /** @param {Step} step */
  async do({ what, which, value }) {
    // Advance the time, so that timestamps can be distinguished from earlier ones.
    this.#nanos += 1000 + value
    const socket = this.#sockets[which % Math.max(this.#sockets.length, 1)]
    if (what === 'cii') this.#connectCii()
    else if (what === 'ts') this.#connectTs(which, value)
    else if (what === 'setup') this.#setUp(which, value)
    else if (what === 'admit') this.#waiting.shift()?.()
    else if (what === 'cut') socket?.cut()
    else if (what === 'let go') socket?.letGo()
    else if (what === 'let all go') this.#letAllGo()
    else if (what === 'update') this.cii.update(changeOf(which, value))
    else if (what === 'replace') this.cii.cii = changeOf(which, value)
    else if (what === 'advertise') this.cii.advertise({ tsUrl: `{{scheme}}://{{host}}/${value % 3}` })
    else if (what === 'update clients') this.#updateClients(value)
    else if (what === 'switch') this.#switch(which, value)
    else if (what === 'content id') this.ts.contentId = CONTENT_IDS[which % CONTENT_IDS.length] ?? null
    else if (what === 'timeline') this.#changeTimeline(which, value)
    else if (what === 'detach') this.#attachOrDetach(which)
    else await turn()
  }

  #connectCii() {
    /** @type {CiiPeer} */
    const peer = {
      socket: /** @type {HeldSocket} */ (/** @type {unknown} */ (undefined)),
      state: {},
      messages: 0,
      mayBeEmpty: false,
    }
    const fold = (/** @type {string} */ text) => {
      const message = parseCii(text)
      peer.messages += 1
      if (peer.messages === 1 && typeof message.protocolVersion !== 'string')
        throw new Error(`no protocolVersion in the first message: ${text}`)
      if (message.contentId && !message.contentIdStatus) throw new Error(`contentId without its status: ${text}`)
      if (text === '{}' && !peer.mayBeEmpty) throw new Error('an empty message')
      peer.state = applyCii(peer.state, message)
    }
    peer.socket = new HeldSocket(this.cii, fold)
    this.ciiPeers.push(peer)
  }

  /** @param {number} which @param {number} value */
  #connectTs(which, value) {
    const socket = new HeldSocket(this.ts, () => {})
    const stem = STEMS[value % STEMS.length] ?? ''
    this.tsPeers.push({ socket, stem, selector: SELECTORS[which % SELECTORS.length] ?? '', isSetUp: false })
  }

  /** @param {number} which @param {number} value */
  #setUp(which, value) {
    const peer = this.tsPeers.filter(({ isSetUp }) => !isSetUp)[which % 3]
    if (peer === undefined) return
    peer.isSetUp = true
    const slow = value % 4 === 0 ? { private: [{ type: 'urn:x-slow' }] } : {}
    peer.socket.say(JSON.stringify({ contentIdStem: peer.stem, timelineSelector: peer.selector, ...slow }))
  }

  /** @param {number} value */
  #updateClients(value) {
    const evenIfEmpty = value % 2 === 0
    for (const peer of this.ciiPeers) peer.mayBeEmpty ||= evenIfEmpty
    this.cii.updateClients({ evenIfEmpty, onlyDiff: value % 3 !== 0 })
  }

  /** @param {number} which @param {number} value */
  #switch(which, value) {
    const server = which % 2 === 0 ? this.cii : this.ts
    server.enabled = value % 2 === 0
  }

  /** @param {number} which @param {number} value */
  #changeTimeline(which, value) {
    const clock = /** @type {CorrelatedClock} */ (this.#clocks[which % 2])
    const correlation = new Correlation({ parentTicks: this.#nanos, childTicks: value })
    if (value % 5 === 0) clock.available = !clock.available
    else clock.setCorrelationAndSpeed(correlation, [0, 1, 2, -1][which % 4] ?? 1)
  }

  /** @param {number} which */
  #attachOrDetach(which) {
    const source = this.#sources[which % 2]
    if (source === undefined) return
    if (this.#attached.delete(source)) this.ts.removeTimelineSource(source)
    else {
      this.#attached.add(source)
      this.ts.attachTimelineSource(source)
    }
  }

  #letAllGo() {
    let any = true
    while (any) any = this.#sockets.map((socket) => socket.letGo()).includes(true)
  }

  /** Releases everything that was delayed. Then all clients must agree with the server. */
  async settle() {
    for (const admit of this.#waiting.splice(0)) admit()
    for (let round = 0; round < 3; round++) {
      this.#letAllGo()
      await turn()
    }
    this.#checkCii()
    this.#checkTs()
    for (const server of [this.cii, this.ts]) {
      const { hookErrors, open, connected, disconnected } = server.statistics
      if (hookErrors > 0) throw new Error(`${hookErrors} hooks failed`)
      if (open !== connected - disconnected || open !== server.connections.size)
        throw new Error(`${open} open, ${connected} came, ${disconnected} went, ${server.connections.size} are there`)
    }
    for (const { fault } of this.#sockets) if (fault !== undefined) throw new Error(fault)
  }

  #checkCii() {
    const expected = JSON.parse(
      JSON.stringify(this.cii.cii).replaceAll('{{scheme}}', 'ws').replaceAll('{{host}}', '192.0.2.7'),
    )
    for (const { socket, state } of this.ciiPeers) {
      if (socket.isOpen && !equalCii(withoutGone(state, expected), expected))
        throw new Error(`a client has ${JSON.stringify(state)}, the server ${JSON.stringify(expected)}`)
    }
  }

  #checkTs() {
    for (const { socket, stem, selector, isSetUp } of this.tsPeers) {
      if (!socket.isOpen) continue
      const last = socket.received.at(-1)
      if (!isSetUp) {
        if (last !== undefined) throw new Error(`a client that has asked nothing was told ${last}`)
        continue
      }
      const source = this.#sources.find(({ timelineSelector }) => timelineSelector === selector)
      const isServed =
        source !== undefined && this.#attached.has(source) && this.ts.contentId?.startsWith(stem) === true
      const expected = isServed ? source.controlTimestamp(selector) : undefined
      if (last === undefined) throw new Error(`a client of ${selector} was told nothing`)
      const found = decodeControlTimestamp(JSON.parse(last))
      const isRight =
        expected?.contentTime == null ? found.contentTime === null : last === encodeControlTimestamp(expected)
      if (!isRight)
        throw new Error(
          `a client of ${selector} has ${last}, the server ${expected && encodeControlTimestamp(expected)}`,
        )
    }
  }
}

/** @param {number} which @param {number} value @returns {Cii} */
function changeOf(which, value) {
  /** @type {Cii[]} */
  const changes = [
    { contentId: `dvb://${value % 3}`, contentIdStatus: value % 2 === 0 ? 'partial' : 'final' },
    { contentId: null },
    { presentationStatus: [value % 2 === 0 ? 'okay' : 'fault'] },
    { mrsUrl: value % 2 === 0 ? null : `http://{{host}}/${value % 3}` },
    { tsUrl: value % 2 === 0 ? null : 'ws://own' },
    {
      timelines: Array.from({ length: value % 3 }, (_, index) => ({
        timelineSelector: `urn:${index}`,
        timelineProperties: { unitsPerTick: 1, unitsPerSecond: 1 + (value % 2) },
      })),
    },
    { private: value % 2 === 0 ? null : [{ type: 'urn:x', value: value % 3 }] },
    {},
  ]
  return changes[which % changes.length] ?? {}
}
