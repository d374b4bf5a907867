// @ts-check
// The servers of this package, as an app would set them up.
import Fastify from 'fastify'
import {
  ClockTimelineSource,
  CorrelatedClock,
  Correlation,
  ciiPlugin,
  FixedTimelineSource,
  SystemClock,
  tsPlugin,
  wallClockPlugin,
  wallClockWebSocketPlugin,
} from 'fastify-dvbcss'
import { ciiChange, controlTimestamp, numberedSelector, PTS, STATE } from './content.js'
import { listen } from './listen.js'

/** @typedef {import('./websocket.js').Served} Served */

/**
 * @typedef {object} CiiOptions
 * @property {boolean} [trustProxy]
 * @property {boolean} [placeholder] whether the updates contain `{{host}}`
 * @property {number} [updateBytes]
 * @property {{ isolate: boolean }} [wallClock] over UDP, and over WebSocket at /wc
 * @property {number} [heartbeatIntervalSeconds]
 * @property {number} [sendTimeoutSeconds]
 */

/** @param {CiiOptions} options @returns {Promise<Served>} */
export async function ciiServer({ trustProxy = false, placeholder = false, updateBytes, wallClock, ...options }) {
  const app = Fastify({ trustProxy })
  if (wallClock !== undefined) {
    await app.register(wallClockPlugin, { host: '127.0.0.1', port: 0, ...wallClock })
    await app.register(wallClockWebSocketPlugin, { prefix: '/wc' })
  }
  await app.register(ciiPlugin, { prefix: '/cii', cii: STATE, ...options })
  return {
    port: await listen(app),
    ...(wallClock && { udpPort: app.wallClockServer.address?.port }),
    open: () => app.cii.statistics.open,
    update: (n) => app.cii.update(placeholder ? { mrsUrl: `https://{{host}}/mrs/${n}` } : ciiChange(n, updateBytes)),
    messagesOut: () => app.cii.statistics.messagesOut,
    buffered: () => [...app.cii.connections.keys()].map(({ bufferedAmount }) => bufferedAmount),
  }
}

/**
 * @param {{ timelines?: number, ofClock?: boolean, heartbeatIntervalSeconds?: number }} options
 *   timelines: an update changes one of so many (default: one timeline for all clients); ofClock: all at once, which a common
 *   clock pauses and resumes.
 * @returns {Promise<Served>}
 */
export async function tsServer({ timelines, ofClock = false, ...options }) {
  const app = Fastify()
  await app.register(tsPlugin, { prefix: '/ts', contentId: STATE.contentId, ...options })
  const update = ofClock ? clockTimelines(app.ts, timelines ?? 1) : fixedTimelines(app.ts, timelines)
  return {
    port: await listen(app),
    open: () => app.ts.statistics.open,
    update,
    messagesOut: () => app.ts.statistics.messagesOut,
    buffered: () => [...app.ts.connections.keys()].map(({ bufferedAmount }) => bufferedAmount),
  }
}

/** @param {import('fastify-dvbcss').TsServer} ts @param {number | undefined} count */
function fixedTimelines(ts, count) {
  const selectors = count === undefined ? [PTS] : Array.from({ length: count }, (_, i) => numberedSelector(i))
  const sources = selectors.map((selector) => new FixedTimelineSource(selector, controlTimestamp(0)))
  for (const source of sources) ts.attachTimelineSource(source)
  return (/** @type {number} */ n) => {
    const source = sources[n % sources.length]
    if (source) source.timestamp = controlTimestamp(n)
  }
}

/** @param {import('fastify-dvbcss').TsServer} ts @param {number} count */
function clockTimelines(ts, count) {
  const wallClock = new SystemClock()
  const presentation = new CorrelatedClock(wallClock)
  for (let i = 0; i < count; i++) {
    const clock = new CorrelatedClock(presentation, { tickRate: 50 })
    ts.attachTimelineSource(new ClockTimelineSource(numberedSelector(i), wallClock, clock))
  }
  return (/** @type {number} */ n) => {
    const correlation = new Correlation({ parentTicks: wallClock.now(), childTicks: presentation.now() })
    presentation.setCorrelationAndSpeed(correlation, n % 2 === 0 ? 1 : 0)
  }
}
