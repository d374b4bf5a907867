// @ts-check
// One server of the CII broadcast measurement, in a process of its own so that its CPU time is only its own. Which one is
// the first argument; the parent asks over IPC, and each question has one answer.
import process from 'node:process'
import Fastify from 'fastify'
import { ciiPlugin } from 'fastify-dvbcss'
import { WebSocketServer } from 'ws'

/** @typedef {{ port: number, open: () => number, update: (change: object) => void }} Served */

/** What a television that has tuned in has to say. */
const STATE = {
  protocolVersion: '1.1',
  contentId: 'dvb://233a.1004.1044;0',
  contentIdStatus: /** @type {const} */ ('final'),
  presentationStatus: ['okay'],
  mrsUrl: 'https://mrs.example/',
  wcUrl: 'udp://{{host}}:6677',
  tsUrl: '{{scheme}}://{{host}}:{{port}}/ts',
  timelines: [
    {
      timelineSelector: 'urn:dvb:css:timeline:pts',
      timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
    },
    {
      timelineSelector: 'urn:dvb:css:timeline:temi:1:1',
      timelineProperties: { unitsPerTick: 1, unitsPerSecond: 50, accuracy: 0.02 },
    },
  ],
}

/** @returns {Promise<Served>} */
async function plugin() {
  const app = Fastify()
  await app.register(ciiPlugin, { prefix: '/cii', cii: STATE })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = /** @type {import('node:net').AddressInfo} */ (app.server.address())
  return {
    port,
    open: () => app.cii.statistics.open,
    update: (change) => app.cii.update(change),
  }
}

/**
 * The least that a broadcast can be: one text, made once, and a loop that sends it.
 * @param {(text: string) => string | Buffer} prepare
 * @returns {Promise<Served>}
 */
async function bareLoop(prepare) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/cii' })
  await new Promise((resolve) => server.once('listening', resolve))
  let state = STATE
  server.on('connection', (client) => {
    client.on('error', () => {})
    client.send(JSON.stringify(state))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    port,
    open: () => server.clients.size,
    update: (change) => {
      state = { ...state, ...change }
      const message = prepare(JSON.stringify(change))
      for (const client of server.clients) client.send(message, { binary: false })
    },
  }
}

const [, , name] = process.argv
const served = await (name === 'fastify-dvbcss'
  ? plugin()
  : bareLoop(name === 'ws, a string' ? (text) => text : (text) => Buffer.from(text)))

/** @param {object} answer */
const answer = (answer) => process.send?.(answer)

process.on('message', (/** @type {{ ask: string, contentId?: string }} */ { ask, contentId }) => {
  if (ask === 'open') answer({ open: served.open() })
  else if (ask === 'cpu') {
    const { user, system } = process.cpuUsage()
    answer({ micros: user + system })
  } else {
    served.update({ contentId, contentIdStatus: 'final' })
    answer({})
  }
})
// A process that is told to end over IPC leaves a CPU profile behind when it was asked for one.
process.once('disconnect', () => process.exit())
answer({ port: served.port })
