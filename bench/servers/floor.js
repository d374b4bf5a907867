// @ts-check
// The floor: Fastify and @fastify/websocket with the same limits and the same bytes, but without this package.
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import { ciiChange, controlTimestamp, encodedTimestamp, STATE } from './content.js'
import { listen } from './listen.js'
import { udpEcho } from './udp-echo.js'

/** @typedef {import('./websocket.js').Served} Served */
/** @typedef {import('@fastify/websocket').WebSocket} WebSocket */

const TEXT = { binary: false }
const MAX_PAYLOAD = 65_536

/** The next client in turn. @type {IterableIterator<WebSocket> | undefined} */
let rotation

/** The ways to send an update. @type {Record<string, (sockets: Set<WebSocket>, textFor: (client: number) => string) => void>} */
const BROADCASTS = {
  buffer(sockets, textFor) {
    const buffer = Buffer.from(textFor(0))
    for (const socket of sockets) socket.send(buffer, TEXT)
  },
  string(sockets, textFor) {
    const text = textFor(0)
    for (const socket of sockets) socket.send(text)
  },
  /** One frame, encoded once and written to each TCP socket. */
  frame(sockets, textFor) {
    const payload = Buffer.from(textFor(0))
    if (payload.length > 125) throw new RangeError('expected a payload of at most 125 bytes')
    const frame = Buffer.concat([Buffer.of(0x81, payload.length), payload])
    for (const socket of sockets) {
      // `ws` has no public name for it.
      const raw = /** @type {{ _socket: import('node:net').Socket }} */ (/** @type {unknown} */ (socket))
      raw._socket.write(frame)
    }
  },
  /** A different text for each client. */
  each(sockets, textFor) {
    let client = 0
    for (const socket of sockets) {
      socket.send(Buffer.from(textFor(client)), TEXT)
      client += 1
    }
  },
  /** To one client only, each in turn. */
  one(sockets, textFor) {
    let next = rotation?.next()
    if (next === undefined || next.done) {
      rotation = sockets.values()
      next = rotation.next()
    }
    next.value?.send(Buffer.from(textFor(0)), TEXT)
  },
}

/**
 * @param {'cii' | 'ts'} endpoint
 * @param {{ broadcast?: string, wallClock?: object, updateBytes?: number, port?: number }} options
 *   wallClock: whether a UDP socket sends every datagram back
 * @returns {Promise<Served>}
 */
export async function floorServer(endpoint, { broadcast = 'buffer', wallClock, updateBytes, port }) {
  const app = Fastify()
  await app.register(fastifyWebsocket, { options: { maxPayload: MAX_PAYLOAD } })
  /** @type {Set<WebSocket>} */
  const sockets = new Set()
  const first = Buffer.from(endpoint === 'cii' ? JSON.stringify(STATE) : encodedTimestamp(controlTimestamp(0)))
  await app.register(async (routes) => {
    routes.get(`/${endpoint}`, { websocket: true }, (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      if (endpoint === 'cii') socket.send(first, TEXT)
      else socket.once('message', () => socket.send(first, TEXT))
    })
  })
  const send = BROADCASTS[broadcast]
  if (send === undefined) throw new TypeError(`unknown broadcast "${broadcast}"`)
  let messagesOut = 0
  return {
    port: await listen(app, port),
    ...(wallClock && { udpPort: await udpEcho() }),
    open: () => sockets.size,
    update: (n) => {
      const textFor = (/** @type {number} */ client) =>
        endpoint === 'cii' ? JSON.stringify(ciiChange(n, updateBytes)) : encodedTimestamp(controlTimestamp(n + client))
      send(sockets, textFor)
      messagesOut += broadcast === 'one' ? 1 : sockets.size
    },
    messagesOut: () => messagesOut,
    buffered: () => [...sockets].map(({ bufferedAmount }) => bufferedAmount),
  }
}
