// @ts-check
// Clients of one server, all in one process. They use plain TCP sockets to save CPU time, and only count messages and answer pings.
import { once } from 'node:events'
import { connect } from 'node:net'
import { answerQuestions, sharedMillis, startOptions } from '../answering.js'
import { breakOff } from './broken-handshakes.js'
import { FrameCounter, textFrame } from './frame-counter.js'

/** @type {{ port: number, path: string, setup?: string, headers?: string, keepTexts?: boolean }} */
const { port, path, setup, headers = '', keepTexts = false } = startOptions()
const host = '127.0.0.1'

/** @type {Set<import('node:net').Socket>} */
const sockets = new Set()
/** @type {WeakMap<import('node:net').Socket, string[]>} */
const textsOf = new WeakMap()
let made = 0
let messages = 0
let lastAt = 0
let lost = 0
let lastText = ''
/** @type {{ messages: number, resolve: () => void } | undefined} */
let awaited

/** @param {string} text where `{i}` is the number of the client */
const numbered = (text) => text.replaceAll('{i}', String(made))

function received() {
  messages += 1
  lastAt = sharedMillis()
  if (awaited !== undefined && messages >= awaited.messages) awaited.resolve()
}

const handshake = () =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${numbered(headers)}` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** @returns a client that has not sent anything yet */
function client() {
  const socket = connect({ port, host, noDelay: true })
  const isFirst = made === 0
  const setupFrame = setup === undefined ? undefined : textFrame(numbered(setup))
  const request = handshake()
  /** Its first and its last message. @type {string[]} */
  const texts = []
  if (keepTexts) textsOf.set(socket, texts)
  made += 1

  /** @type {Promise<void>} */
  const open = new Promise((resolve, reject) => {
    let isOpen = false
    const frames = new FrameCounter(socket, {
      upgraded: () => setupFrame && socket.write(setupFrame),
      message: (text) => {
        if (isFirst) lastText = text()
        if (keepTexts) texts[isOpen ? 1 : 0] = text()
        if (isOpen) return received()
        isOpen = true
        resolve()
      },
    })
    socket.on('data', (chunk) => {
      try {
        frames.push(chunk)
      } catch (error) {
        socket.destroy()
        reject(error)
      }
    })
    socket.on('error', reject)
    socket.on('close', () => {
      if (sockets.delete(socket)) lost += 1
      reject(new Error('closed before the first message'))
    })
  })
  return { socket, open, start: () => socket.write(request) }
}

/** @returns {Promise<import('node:net').Socket>} once it has its first message */
async function join() {
  const { socket, open, start } = client()
  start()
  await open
  return socket
}

/** @param {number} count @param {number} lanes @param {() => Promise<void>} task */
async function inLanes(count, lanes, task) {
  let left = count
  const lane = async () => {
    while (left > 0) {
      left -= 1
      await task()
    }
  }
  const start = sharedMillis()
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane))
  return { millis: sharedMillis() - start }
}

answerQuestions({
  /** Connects clients that stay. @param {{ count: number, lanes?: number }} details */
  connect: ({ count, lanes = 64 }) =>
    inLanes(count, lanes, async () => {
      sockets.add(await join())
    }),
  /**
   * The same with all handshakes at once, over TCP connections that are open: those that do not fit into the backlog of the
   * server would wait for a second. @param {{ count: number }} details
   */
  connectAtOnce: async ({ count }) => {
    /** @type {ReturnType<typeof client>[]} */
    const clients = []
    await inLanes(count, 64, async () => {
      const made = client()
      clients.push(made)
      await once(made.socket, 'connect')
    })
    const start = sharedMillis()
    for (const { socket, start } of clients) {
      sockets.add(socket)
      start()
    }
    await Promise.all(clients.map(({ open }) => open))
    return { millis: sharedMillis() - start }
  },
  /** Connects clients that stay, all at once and among handshakes that break off. @param {{ count: number, broken: number }} details */
  connectAmongBroken: async ({ count, broken }) => {
    const all = []
    for (let i = 0; i < count; i++) {
      all.push(join().then((socket) => sockets.add(socket)))
      // Spread among the others, so that they race them.
      const [before, after] = [i, i + 1].map((n) => Math.floor((n * broken) / count))
      if (after !== before) all.push(breakOff({ port, host }, handshake(), i))
    }
    await Promise.all(all)
  },
  /** Number of clients whose first message was the complete state and whose last message was this text. @param {{ text: string }} details */
  upToDate: ({ text }) => {
    const all = [...sockets].map((socket) => textsOf.get(socket) ?? [])
    return all.filter((texts) => texts[0]?.includes('"timelines"') && texts.at(-1)?.includes(text)).length
  },
  /** Connects clients that disconnect after the first message. @param {{ count: number, lanes?: number }} details */
  handshakes: ({ count, lanes = 16 }) =>
    inLanes(count, lanes, async () => {
      const socket = await join()
      socket.destroy()
    }),
  /** Waits for messages after the first ones, of all clients together. @param {{ messages: number }} details */
  receive: async ({ messages: expected }) => {
    if (messages < expected) {
      await new Promise((resolve) => {
        awaited = { messages: expected, resolve: () => resolve(undefined) }
      })
    }
    awaited = undefined
    return { at: lastAt }
  },
  tally: () => ({ clients: sockets.size, messages, lost, lastText }),
  stall: () => {
    for (const socket of sockets) socket.pause()
  },
  leave: () => {
    const leaving = [...sockets]
    sockets.clear()
    // Avoids TIME_WAIT, which would exhaust the ports of the machine.
    for (const socket of leaving) socket.resetAndDestroy()
  },
})
