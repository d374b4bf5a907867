// @ts-check
import { once } from 'node:events'
import {
  applyCii,
  decodeControlTimestamp,
  decodePresentationTimestamps,
  decodeSetupData,
  decodeWallClockJson,
  decodeWallClockMessage,
  encodeWallClockMessage,
  parseCii,
} from 'fastify-dvbcss'
import { WebSocket } from 'ws'
import { CONTENT_ID } from '../television.js'
import { decodeEverywhere, hostileText, presentationTimestamps, setupData, wallClockRequest } from './hostile-json.js'

/** The default of the endpoints. */
const MAX_BAD_MESSAGES = 100
const AT_ONCE = 8
const MOST_IN_A_BATCH = 25

/** @typedef {import('../random.js').Random} Random */
/** @typedef {import('../trial.js').Trial} Trial */
/** @typedef {import('../television.js').Television} Television */
/** @typedef {'binary' | 'not-json' | 'invalid' | 'second-setup-data' | 'ignored'} Fault */
/** @typedef {'setup' | 'presentation' | 'answer'} Sense */
/** @typedef {'cii' | 'ts' | 'wc'} Endpoint */

/** Sends valid and invalid messages to each endpoint over a valid connection, and checks how the endpoint handles each of them. */
export class LiveMessages {
  sent = 0
  connections = { cii: 0, ts: 0, wc: 0 }
  /** Expected counters of each endpoint. @type {Record<Endpoint, { messagesIn: number, unread: number, dropped: Record<string, number>, setup: number, presentation: number, answer: number }>} */
  expected = { cii: emptyCount(), ts: emptyCount(), wc: emptyCount() }
  #trial
  #television

  /** @param {Trial} trial @param {Television} television */
  constructor(trial, television) {
    this.#trial = trial
    this.#television = television
  }

  /** @param {Random} random @param {number} count */
  async send(random, count) {
    let left = count
    let index = 0
    const work = async () => {
      while (left > 0 && !this.#trial.failed) {
        const own = random.fork(index++)
        const share = Math.min(left, own.int(1, 250))
        left -= share
        const sent = await this.#converse(own, share)
        left += share - sent
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  /** @param {Random} random @param {number} count @returns {Promise<number>} how many were sent */
  async #converse(random, count) {
    let sent = 0
    const endpoint = random.pick(/** @type {const} */ (['cii', 'ts', 'wc']))
    const client = new Conversation(this.#trial, this.#television, endpoint, this.expected[endpoint])
    await client.open()
    this.connections[endpoint] += 1
    for (let left = count; left > 0 && !client.isBanned; ) {
      const batch = Math.min(left, random.int(1, MOST_IN_A_BATCH))
      for (let message = 0; message < batch; message++) client.send(random)
      this.sent += batch
      sent += batch
      left -= batch
      await client.settle()
    }
    await client.close(random)
    return sent
  }
}

function emptyCount() {
  return {
    messagesIn: 0,
    unread: 0,
    dropped: /** @type {Record<string, number>} */ ({}),
    setup: 0,
    presentation: 0,
    answer: 0,
  }
}

/** One connection, the messages sent on it, and the answers that are expected. */
class Conversation {
  isBanned = false
  #trial
  #television
  #endpoint
  #count
  #socket
  #bad = 0
  #isSetUp = false
  /** CSS-TS clients receive control timestamps of their own timeline only. */
  #selector = ''
  /** @type {Buffer[]} */
  #cookies = []
  /** @type {import('fastify-dvbcss').Cii} */
  #state = {}
  #received = 0

  /** @param {Trial} trial @param {Television} television @param {Endpoint} endpoint @param {LiveMessages['expected']['cii']} count */
  constructor(trial, television, endpoint, count) {
    this.#trial = trial
    this.#television = television
    this.#endpoint = endpoint
    this.#count = count
    this.#socket = new WebSocket(television.url(`/${endpoint}`), { perMessageDeflate: false })
    this.#socket.on('message', (/** @type {Buffer} */ data, isBinary) => this.#hear(data, isBinary))
    this.#socket.on('error', (error) => trial.fail(`a connection to ${endpoint} failed: ${error.message}`))
  }

  async open() {
    await once(this.#socket, 'open')
  }

  /** @param {Random} random */
  send(random) {
    const message = this.#compose(random)
    this.#count.messagesIn += 1
    this.#socket.send(message)
    if (this.isBanned) {
      this.#count.unread += 1
      return
    }
    const verdict = this.#judge(message)
    if (verdict === 'setup' || verdict === 'presentation' || verdict === 'answer') {
      this.#count[verdict] += 1
      return
    }
    this.#count.dropped[verdict] = (this.#count.dropped[verdict] ?? 0) + 1
    if (verdict !== 'ignored') this.#bad += 1
    this.isBanned = this.#bad >= MAX_BAD_MESSAGES
  }

  /** @param {Random} random */
  #compose(random) {
    if (random.chance(0.1)) return random.chance(0.5) ? random.bytes(random.int(0, 64)) : binaryRequest(random)
    if (random.chance(0.4)) {
      const good = this.#endpoint === 'wc' ? wallClockRequest : this.#isSetUp ? presentationTimestamps : setupData
      return JSON.stringify(good(random))
    }
    const text = hostileText(random)
    decodeEverywhere(this.#trial, text)
    // Invalid UTF-8 is rejected earlier.
    return Buffer.from(text).toString()
  }

  /** @param {string | Buffer} message @returns {Fault | Sense} */
  #judge(message) {
    if (typeof message !== 'string') return this.#endpoint === 'wc' ? this.#judgeRequest(message) : 'binary'
    /** @type {any} */
    let value
    try {
      value = JSON.parse(message)
    } catch {
      return 'not-json'
    }
    if (this.#endpoint === 'cii') return 'ignored'
    try {
      if (this.#endpoint === 'wc') return this.#judgeRequest(encodeWallClockMessage(decodeWallClockJson(value)))
      if (!this.#isSetUp) {
        const { contentIdStem, timelineSelector } = decodeSetupData(value)
        this.#selector = CONTENT_ID.startsWith(contentIdStem) ? timelineSelector : ''
        this.#isSetUp = true
        return 'setup'
      }
      if (typeof value === 'object' && value !== null && 'timelineSelector' in value) return 'second-setup-data'
      decodePresentationTimestamps(value)
      return 'presentation'
    } catch {
      return 'invalid'
    }
  }

  /** @param {Uint8Array} request @returns {Fault | Sense} */
  #judgeRequest(request) {
    if (request.length !== 32 || request[0] !== 0 || request[1] !== 0) return 'invalid'
    this.#cookies.push(Buffer.from(request.subarray(8, 16)))
    return 'answer'
  }

  /** @param {Buffer} data @param {boolean} isBinary */
  #hear(data, isBinary) {
    this.#received += 1
    try {
      if (this.#endpoint === 'wc') this.#hearAnswer(data, isBinary)
      else if (this.#endpoint === 'cii') this.#hearState(data.toString())
      else this.#hearTimestamp(data.toString())
    } catch (error) {
      this.#trial.fail(`${this.#endpoint} said what makes no sense: ${data}: ${error}`)
    }
  }

  /** @param {Buffer} data @param {boolean} isBinary */
  #hearAnswer(data, isBinary) {
    const bytes = isBinary ? data : encodeWallClockMessage(decodeWallClockJson(JSON.parse(data.toString())))
    const { type } = decodeWallClockMessage(bytes)
    const cookie = this.#cookies.shift()
    const isRight = type === 1 && cookie?.equals(bytes.subarray(8, 16)) === true
    this.#trial.expect(
      isRight,
      () => `wc answered ${Buffer.from(bytes).toString('hex')} to the request with ${cookie?.toString('hex')}`,
    )
  }

  /** @param {string} text */
  #hearState(text) {
    this.#state = applyCii(this.#state, parseCii(text))
    this.#trial.expect(
      this.#television.indexOfState(this.#state) >= 0,
      () => `cii led a client to a state that never was: ${JSON.stringify(this.#state)}`,
    )
  }

  /** @param {string} text */
  #hearTimestamp(text) {
    const timestamp = decodeControlTimestamp(JSON.parse(text))
    this.#trial.expect(this.#isSetUp, () => 'ts sent a timestamp to a client that had not asked')
    if (timestamp.contentTime === null) return
    const isOurs = this.#television.indexOfTimestamp(this.#selector, timestamp) >= 0
    this.#trial.expect(isOurs, () => `ts sent ${text} to a client of "${this.#selector}"`)
  }

  /** Waits until the server has read all messages and sent all expected answers. */
  async settle() {
    if (this.isBanned) {
      const [code] = await once(this.#socket, 'close')
      this.#trial.expectEqual(`the code with which ${this.#endpoint} ends a flood`, code, 1008)
    } else {
      const pong = once(this.#socket, 'pong')
      this.#socket.ping()
      await pong
    }
    this.#trial.expect(this.#cookies.length === 0, () => `wc left ${this.#cookies.length} requests without an answer`)
    if (this.#endpoint === 'cii') this.#trial.expect(this.#received > 0, () => 'cii did not tell its state')
  }

  /** @param {Random} random */
  async close(random) {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    if (random.chance(0.3)) this.#socket.terminate()
    else this.#socket.close()
    await closed
  }
}

/** @param {Random} random */
function binaryRequest(random) {
  const request = random.bytes(32)
  request[0] = 0
  request[1] = random.pick([0, 0, 0, 1])
  return request
}
