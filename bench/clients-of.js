// @ts-check
// A server with many clients, as most benches use it.
import { setTimeout as sleep } from 'node:timers/promises'
import { PTS, setupData } from './servers/content.js'

/** @typedef {import('./run.js').Context['processes']} Processes */

/** File descriptors of a process that do not belong to clients. */
const OTHER_FILES = 100

/** The number of connections that one process can open here. @param {number} wanted */
export function withinFileLimit(wanted) {
  const report = /** @type {any} */ (process.report)
  report.excludeNetwork = true
  const limit = report.getReport().userLimits?.open_files?.soft
  return typeof limit === 'number' ? Math.min(wanted, limit - OTHER_FILES) : wanted
}

/**
 * Starts a server and the process of its clients, which has no connections yet.
 * @param {Processes} processes
 * @param {{ server?: 'floor' | 'ours', endpoint: 'cii' | 'ts', [option: string]: unknown }} options of the server
 * @param {{ setup?: string, headers?: string, keepTexts?: boolean }} [crowdOptions]
 */
export async function startPair(processes, options, crowdOptions = {}) {
  const server = await processes.start('servers/websocket.js', { server: 'ours', ...options })
  const { endpoint } = options
  const crowd = await processes.start('companions/crowd.js', {
    port: server.ready.port,
    path: `/${endpoint}`,
    ...(endpoint === 'ts' && { setup: setupData(PTS) }),
    ...crowdOptions,
  })
  let expected = 0

  return {
    server,
    crowd,
    /** Connects clients that stay. @param {number} count */
    connect: (count) => crowd.ask('connect', { count }),

    /**
     * Sends updates, and waits until every client has received them.
     * @param {{ count?: number, inOneTick?: number, clients?: number, quietTurns?: number }} details see servers/websocket.js
     * @returns {Promise<{ micros: number, millis: number, messages: number }>} CPU time of the server; time from the last
     *   update to its last receiver; messages that the server has sent
     */
    async update(details = {}) {
      const { micros, startedAt, messages } = await server.ask('update', { count: 1, ...details })
      expected += messages
      const { at } = await crowd.ask('receive', { messages: expected })
      return { micros, millis: at - startedAt, messages }
    },

    /** Disconnects all clients. */
    async leave() {
      await crowd.ask('leave')
      while ((await server.ask('open')) > 0) await sleep(20)
    },

    /** @throws Error unless every message has arrived, once. @returns {Promise<string>} the last one */
    async lastText() {
      const { messages, lost, lastText } = await crowd.ask('tally')
      if (messages !== expected || lost > 0) {
        throw new Error(`expected ${expected} messages, received ${messages}; ${lost} clients lost (${server.name})`)
      }
      return lastText
    },

    end: () => processes.end(server, crowd),
  }
}
