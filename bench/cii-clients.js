// @ts-check
// The companions of the CII broadcast measurement, all in one process: they keep the state and count the messages.
import { connect } from 'node:net'
import process from 'node:process'
import { WebSocket } from 'ws'

/** @typedef {{ messages: number, state: Record<string, unknown>, lost: boolean }} Client */
/** @typedef {{ clients: Client[], awaited: unknown, reached: number }} Group */

/** @type {Map<number, Group>} */
const groups = new Map()

/** @param {object} answer */
const answer = (answer) => process.send?.(answer)

/** Most messages are the one before, come to another client. */
let parsedText = ''
/** @type {Record<string, unknown>} */
let parsed = {}

/** @param {Group} group @param {Client} client @param {string} text */
function receive(group, client, text) {
  if (text !== parsedText) {
    parsed = JSON.parse(text)
    parsedText = text
  }
  client.messages += 1
  const before = client.state.contentId
  client.state = { ...client.state, ...parsed }
  if (before === group.awaited || client.state.contentId !== group.awaited) return
  group.reached += 1
  if (group.reached === group.clients.length) answer({})
}

/** @param {Group} group @param {number} port @returns {Promise<void>} */
function join(group, port) {
  const client = { messages: 0, state: {}, lost: false }
  group.clients.push(client)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/cii`, { perMessageDeflate: false })
  socket.on('message', (data) => receive(group, client, data.toString()))
  return new Promise((resolve) => {
    socket.on('open', resolve)
    socket.on('error', () => {})
    socket.on('close', () => {
      client.lost = true
      resolve()
    })
  })
}

const HANDSHAKE =
  'GET /cii HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** The ways in which a handshake is broken off; each gives up for good. */
const BREAKS = [
  /** Goes before it has said anything. @param {import('node:net').Socket} socket */
  (socket) => socket.destroy(),
  /** Goes in the middle of the request. @param {import('node:net').Socket} socket */
  (socket) => socket.write(HANDSHAKE.slice(0, 60), () => socket.destroy()),
  /** Asks, and resets without waiting for the answer. @param {import('node:net').Socket} socket */
  (socket) => socket.write(HANDSHAKE, () => socket.resetAndDestroy()),
  /** Asks, half closes, and goes when it is answered. @param {import('node:net').Socket} socket */
  (socket) => socket.end(HANDSHAKE),
  /** Resets as soon as it has the answer. @param {import('node:net').Socket} socket */
  (socket) => {
    socket.write(HANDSHAKE)
    socket.once('data', () => socket.resetAndDestroy())
  },
  /** Speaks a version that there is not. @param {import('node:net').Socket} socket */
  (socket) => {
    socket.write(HANDSHAKE.replace('Version: 13', 'Version: 7'))
    socket.once('data', () => socket.destroy())
  },
]

/** @param {number} port @param {number} kind @returns {Promise<void>} */
function breakOff(port, kind) {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.once('connect', () => BREAKS[kind % BREAKS.length]?.(socket))
  socket.resume()
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
}

process.on('message', async (/** @type {any} */ { ask, port, count, broken, contentId }) => {
  const group = groups.get(port) ?? { clients: [], awaited: undefined, reached: 0 }
  groups.set(port, group)
  if (ask === 'connect') {
    const handshakes = []
    for (let i = 0; i < count; i++) {
      handshakes.push(join(group, port))
      // Spread among the others, so that they race them.
      if (Math.floor(((i + 1) * broken) / count) > Math.floor((i * broken) / count)) {
        handshakes.push(breakOff(port, handshakes.length))
      }
    }
    await Promise.all(handshakes)
    answer({})
  } else if (ask === 'await') {
    // Some may have it already: an update and this question come to two processes.
    group.awaited = contentId
    group.reached = group.clients.filter(({ state }) => state.contentId === contentId).length
    if (group.reached === group.clients.length) answer({})
  } else {
    const messages = group.clients.map((client) => client.messages)
    answer({
      messages: messages.reduce((sum, value) => sum + value, 0),
      least: Math.min(...messages),
      most: Math.max(...messages),
      lost: group.clients.filter(({ lost }) => lost).length,
      // A client that has only changes, and not the rest of the state, has not got what it needs.
      upToDate: group.clients.filter(({ state }) => state.contentId === contentId && 'timelines' in state).length,
    })
  }
})
process.once('disconnect', () => process.exit())
answer({})
