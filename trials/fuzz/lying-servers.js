// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  applyCii,
  decodeControlTimestamp,
  encodeCii,
  encodeControlTimestamp,
  equalCii,
  parseCii,
  SystemClock,
  WallClockHandler,
} from 'fastify-dvbcss'
import { CiiClient, TsClient, WallClockClient } from 'fastify-dvbcss/client'
import { WebSocketServer } from 'ws'
import { CONTENT_ID, PTS } from '../television.js'
import { BAD_FRAMES } from './frames.js'
import { hostileText } from './hostile-json.js'

const BACKOFF = { initialSeconds: 0.005, maxSeconds: 0.02 }
const FLOODED = { backoff: BACKOFF, maxMessagesPerSecond: Number.POSITIVE_INFINITY }
/** The meaning of an invalid control timestamp in which content time or speed is null. */
const UNAVAILABLE = { contentTime: null, wallClockTime: 0n, timelineSpeedMultiplier: null }

/** @typedef {import('../random.js').Random} Random */
/** @typedef {import('../trial.js').Trial} Trial */

/** Connects clients to servers that send false or invalid data. */
export class LyingServers {
  messages = 0
  answers = 0
  handshakes = 0
  #trial

  /** @param {Trial} trial */
  constructor(trial) {
    this.#trial = trial
  }

  /** @param {Random} random @param {number} count number of messages and of answers; a tenth as many handshakes */
  async lie(random, count) {
    await Promise.all([
      this.#lieInMessages(random.fork(0), count),
      this.#lieAboutTheTime(random.fork(1), count),
      this.#whisperFromBeside(random.fork(2), count),
      this.#lieInHandshakes(random.fork(3), Math.ceil(count / 10)),
    ])
  }

  /**
   * Strict clients follow valid messages and ignore all others. Lenient clients may follow more of them, but their state is
   * always valid.
   * @param {Random} random @param {number} count
   */
  async #lieInMessages(random, count) {
    const trial = this.#trial
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    const wallClock = new SystemClock()
    const timeline = { wallClock, contentIdStem: CONTENT_ID, timelineSelector: PTS, tickRate: 90_000 }
    const cii = new CiiClient(`ws://127.0.0.1:${port}/cii`, { ...FLOODED, strict: true })
    const ts = new TsClient(`ws://127.0.0.1:${port}/ts`, { ...timeline, ...FLOODED, strict: true })
    const lenientCii = new CiiClient(`ws://127.0.0.1:${port}/cii`, FLOODED)
    const lenientTs = new TsClient(`ws://127.0.0.1:${port}/ts`, { ...timeline, ...FLOODED })
    const clients = [cii, ts, lenientCii, lenientTs]
    /** @type {import('ws').WebSocket[]} */
    const sockets = []
    server.on('connection', (socket) => sockets.push(socket))
    for (const client of clients) client.start()
    await trial.until('clients connect to a server that lies', () => clients.every(({ connected }) => connected))
    /** @type {import('fastify-dvbcss').Cii} */
    let state = {}
    /** @type {import('fastify-dvbcss').ControlTimestamp | undefined} */
    let timestamp
    for (let left = count; left > 0 && !trial.failed; ) {
      const batch = Math.min(left, random.int(1, 40))
      for (let index = 0; index < batch; index++) {
        const text = Buffer.from(hostileText(random)).toString()
        const data = random.chance(0.05) ? random.bytes(random.int(0, 50)) : text
        for (const socket of sockets) socket.send(data)
        if (data !== text) continue
        state = attempt(() => applyCii(state, parseCii(text))) ?? state
        timestamp = attempt(() => readTimestamp(text)) ?? (saysUnavailable(text) ? UNAVAILABLE : timestamp)
      }
      left -= batch
      this.messages += 2 * batch
      await Promise.all(
        sockets.map((socket) => {
          socket.ping()
          return once(socket, 'pong')
        }),
      )
      trial.expect(
        equalCii(cii.state, state),
        () => `lies led a CII client to ${JSON.stringify(cii.state)} instead of ${JSON.stringify(state)}`,
      )
      const found = ts.timestamp && encodeControlTimestamp(ts.timestamp)
      trial.expectEqual(
        'the timestamp of a TS client after lies',
        found,
        timestamp && encodeControlTimestamp(timestamp),
      )
      trial.expect(
        ts.clock.available === (timestamp !== undefined && timestamp.contentTime !== null),
        () => 'a TS client is available when it should not be',
      )
      trial.expect(
        attempt(() => parseCii(encodeCii(lenientCii.state))) !== undefined,
        () => `lies led a lenient CII client to ${JSON.stringify(lenientCii.state)}`,
      )
      const held = lenientTs.timestamp
      trial.expect(
        held === undefined || attempt(() => readTimestamp(encodeControlTimestamp(held))) !== undefined,
        () => `lies led a lenient TS client to ${held?.contentTime} at ${held?.wallClockTime}`,
      )
      trial.expect(
        !lenientTs.clock.available || (held !== undefined && held.contentTime !== null),
        () => 'a lenient TS client is available without a content time',
      )
    }
    for (const client of clients) client.stop()
    for (const socket of sockets) socket.terminate()
    server.close()
    await once(server, 'close')
  }

  /** A wall clock with arbitrary answers: the client's clock and its error bound must remain numbers. @param {Random} random @param {number} count */
  async #lieAboutTheTime(random, count) {
    const trial = this.#trial
    const socket = await bind('127.0.0.1')
    const { port } = socket.address()
    const honest = new WallClockHandler(new SystemClock())
    socket.on('message', (message, remote) => {
      const honestAnswer = Buffer.from(/** @type {Uint8Array} */ (honest.handle(message)))
      const copies = random.pick([0, 1, 1, 1, 2, 3])
      for (let copy = 0; copy < copies; copy++) {
        this.answers += 1
        socket.send(random.chance(0.3) ? honestAnswer : lieAbout(random, honestAnswer), remote.port, remote.address)
      }
    })
    const client = new WallClockClient({
      transport: `udp://127.0.0.1:${port}`,
      requestIntervalSeconds: 0.004,
      responseTimeoutSeconds: 0.02,
      followUpTimeoutSeconds: 0.01,
    })
    client.on('candidate', () => {
      const now = client.clock.now()
      const dispersion = client.clock.dispersionAt(now)
      trial.expect(
        Number.isFinite(now) && dispersion >= 0,
        () => `a lying server has led a clock to ${now} ± ${dispersion}`,
      )
    })
    const before = this.answers
    client.start()
    // The client determines the rate of requests, which limits the number of false answers.
    const enough = Math.min(count, 400)
    await trial.until(
      'a wall clock client asks a server that lies',
      () => this.answers - before >= enough || trial.failed,
    )
    const { requests, responses, timeouts } = client.status()
    trial.expect(
      responses + timeouts <= requests,
      () => `${requests} requests, yet ${responses} responses and ${timeouts} timeouts`,
    )
    client.stop()
    socket.close()
    await once(socket, 'close')
  }

  /** Datagrams of an off-path attacker, which must not change the clock. @param {Random} random @param {number} count */
  async #whisperFromBeside(random, count) {
    const trial = this.#trial
    const wallClock = new SystemClock()
    const server = await bind('127.0.0.1')
    const { port } = server.address()
    // Another host with the same port. The client accepts it, because a television may answer from another of its addresses.
    const stranger = await bind('127.0.0.2', port)
    const honest = new WallClockHandler(wallClock)
    let heard = 0
    let sent = 0
    server.on('message', (message, remote) => {
      const answer = Buffer.from(/** @type {Uint8Array} */ (honest.handle(message)))
      for (let copy = 0; copy < 8; copy++) {
        const lie = lieAbout(random, Buffer.from(answer))
        random.bytes(8).copy(lie, 8)
        stranger.send(lie, remote.port, remote.address)
        sent += 1
      }
      server.send(answer, remote.port, remote.address)
    })
    const client = new WallClockClient({
      transport: `udp://127.0.0.1:${port}`,
      parentClock: wallClock,
      requestIntervalSeconds: 0.004,
    })
    const check = () => {
      const now = wallClock.now()
      const read = client.clock.fromParent(now)
      const bound = client.clock.dispersionAt(read)
      trial.expect(
        Math.abs(read - now) / 1e9 <= bound,
        () => `strangers moved a clock by ${(read - now) / 1e9} s, its bound is ${bound} s`,
      )
      heard += 1
    }
    client.on('candidate', check)
    client.start()
    const enough = Math.min(count / 8, 100)
    await trial.until('a wall clock client hears its server among strangers', () => heard >= enough || trial.failed)
    const { ignored, protocolErrors } = client.status()
    trial.expect(
      ignored.stranger + ignored['not-a-response'] + protocolErrors > 0,
      () => 'no stranger was heard: this has tried nothing',
    )
    this.answers += sent
    client.stop()
    for (const socket of [server, stranger]) {
      socket.close()
      await once(socket, 'close')
    }
  }

  /** Servers of other protocols: the client must report that, and retry until it is stopped. @param {Random} random @param {number} count */
  async #lieInHandshakes(random, count) {
    /** @type {Set<import('node:net').Socket>} */
    const sockets = new Set()
    const target = this.handshakes + count
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => sockets.delete(socket))
      socket.once('data', (request) => {
        this.handshakes += 1
        const key = /Sec-WebSocket-Key: (\S+)/i.exec(request.toString())?.[1] ?? ''
        void answerHandshake(random, key, socket)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    const options = { backoff: BACKOFF, handshakeTimeoutSeconds: 0.1 }
    const clients = Array.from({ length: 4 }, () => new CiiClient(`ws://127.0.0.1:${port}/`, options))
    for (const client of clients) client.start()
    await this.#trial.until('clients try again at a server that is none', () => this.handshakes >= target, 60)
    for (const client of clients) {
      client.stop()
      this.#trial.expect(Object.keys(client.state).length === 0, () => 'a handshake has become a state')
    }
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
}

/** @template T @param {() => T} action @returns {T | undefined} */
function attempt(action) {
  try {
    return action()
  } catch {
    return undefined
  }
}

/** @param {string} text */
function saysUnavailable(text) {
  const message = attempt(() => JSON.parse(text))
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return false
  const { contentTime, timelineSpeedMultiplier } = /** @type {Record<string, unknown>} */ (message)
  return contentTime === null || timelineSpeedMultiplier === null
}

/** @param {string} text */
function readTimestamp(text) {
  const timestamp = decodeControlTimestamp(JSON.parse(text))
  // Messages allow any integer and any speed, but clocks do not: the client rejects times above 1e30 and speeds above 1e6.
  const times = [timestamp.contentTime, timestamp.wallClockTime]
  if (times.some((time) => Math.abs(Number(time)) > 1e30)) return undefined
  if (Math.abs(timestamp.timelineSpeedMultiplier ?? 0) > 1e6) return undefined
  return timestamp
}

/** @param {string} address @param {number} [port] */
async function bind(address, port = 0) {
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  return socket
}

/** @param {Random} random @param {Buffer} answer */
function lieAbout(random, answer) {
  const lie = Buffer.from(answer)
  const kind = random.int(0, 9)
  if (kind === 0) return random.bytes(random.int(0, 64))
  if (kind === 1) lie[1] = random.int(0, 4)
  else if (kind === 2) lie[2] = random.int(0, 255)
  else if (kind === 3) random.bytes(4).copy(lie, 4)
  else if (kind === 4) random.bytes(16).copy(lie, 16)
  else if (kind === 5) lie.fill(0xff, 16)
  else if (kind === 6) lie.writeUInt32BE((lie.readUInt32BE(16) + random.int(0, 3)) >>> 0, 16)
  else if (kind === 7) lie.fill(0, 16)
  else if (kind === 8) lie[random.int(0, 31)] = random.int(0, 255)
  else lie.copy(lie, 16, 24, 32)
  return lie
}

/** @param {Random} random @param {string} key @param {import('node:net').Socket} socket */
async function answerHandshake(random, key, socket) {
  const kind = random.int(0, 10)
  if (kind === 0) return socket.destroy()
  if (kind === 1) return socket.resetAndDestroy()
  // Only the client's own timeout ends this connection.
  if (kind === 2) return socket.write('HTTP/1.1 101 Swit')
  if (kind === 3) return socket.end(random.bytes(random.int(1, 2000)))
  if (kind === 4) return socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  if (kind === 5)
    return socket.end(
      `HTTP/1.1 503 Full\r\nRetry-After: ${random.pick(['0', '-1', 'x', '', '1e999', 'Thu, 01 Jan 1970 00:00:00 GMT'])}\r\n\r\n`,
    )
  if (kind === 6) return socket.end('HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n')
  if (kind === 7) return socket.end(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(random.int(1, 5000))}\r\n`)
  const { createHash } = await import('node:crypto')
  const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const accept = kind === 8 ? random.bytes(20).toString('base64') : proof
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  // Masked frames are invalid from a server.
  socket.write(kind === 9 ? random.pick(BAD_FRAMES).make(random) : random.bytes(random.int(1, 300)))
  // The client would wait for an incomplete frame indefinitely.
  setTimeout(() => socket.destroy(), 50).unref()
  return socket
}
