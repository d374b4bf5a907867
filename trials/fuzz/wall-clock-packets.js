// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeWallClockMessage, encodeWallClockMessage, MessageError } from 'fastify-dvbcss'

/** A burst must fit into the receive buffer of a system with default settings. Losses there would be false alarms. */
const BURST_PACKETS = 80
const BURST_BYTES = 60_000
const SOCKETS = 5
const ANSWER_SECONDS = 10

/** @typedef {import('../random.js').Random} Random */
/** @typedef {import('../trial.js').Trial} Trial */
/** @typedef {{ socket: import('node:dgram').Socket, expected: Buffer[], finished: (() => void) | undefined }} Sender */

/** Sends arbitrary datagrams to the UDP socket of a wall clock, and checks which of them are answered, and how. */
export class WallClockPackets {
  sent = 0
  answers = 0
  /** Expected counters of the server. @type {Record<string, number>} */
  dropped = { 'wrong-length': 0, 'wrong-version': 0, 'not-a-request': 0 }
  #trial
  #port
  /** @type {() => number} */
  #wallClockNanos
  /** @type {Sender[]} */
  #senders = []

  /** @param {Trial} trial @param {number} port @param {() => number} wallClockNanos */
  constructor(trial, port, wallClockNanos) {
    this.#trial = trial
    this.#port = port
    this.#wallClockNanos = wallClockNanos
  }

  async open() {
    for (let count = 0; count < SOCKETS; count++) {
      // Otherwise each send would look up its address, and the order could change.
      const socket = createSocket({ type: 'udp4', lookup: (name, _options, callback) => callback(null, name, 4) })
      const listening = once(socket, 'listening')
      socket.bind(0, '127.0.0.1')
      await listening
      /** @type {Sender} */
      const sender = { socket, expected: [], finished: undefined }
      socket.on('message', (bytes, { port }) => this.#answered(sender, bytes, port))
      this.#senders.push(sender)
    }
  }

  close() {
    for (const { socket } of this.#senders) socket.close()
  }

  /** @param {Random} random @param {number} count */
  async send(random, count) {
    for (let left = count; left > 0 && !this.#trial.failed; )
      left -= await this.#burst(random, Math.min(left, BURST_PACKETS))
  }

  /** @param {Random} random @param {number} most */
  async #burst(random, most) {
    const sender = random.pick(this.#senders)
    let count = 0
    let bytes = 0
    /** @type {Buffer | undefined} */
    let last
    while (count < most - 1 && bytes < BURST_BYTES) {
      const packet = last !== undefined && random.chance(0.03) ? last : randomPacket(random)
      if (bytes + packet.length > BURST_BYTES + 6000 && count > 0) break
      last = packet
      this.#send(sender, packet)
      count += 1
      bytes += packet.length
    }
    // Answered last, because the socket is read in order.
    this.#send(sender, request(random))
    const done = new Promise((resolve) => {
      sender.finished = () => resolve(true)
    })
    const timer = setTimeout(() => {
      this.#trial.fail(`${sender.expected.length} packets were not answered within ${ANSWER_SECONDS} s`)
      sender.finished?.()
    }, ANSWER_SECONDS * 1000)
    await done
    clearTimeout(timer)
    return count + 1
  }

  /** @param {Sender} sender @param {Buffer} packet */
  #send(sender, packet) {
    this.#decode(packet)
    this.sent += 1
    const reason = reasonFor(packet)
    if (reason === undefined) sender.expected.push(packet)
    else this.dropped[reason] = (this.dropped[reason] ?? 0) + 1
    sender.socket.send(packet, this.#port, '127.0.0.1')
  }

  /** @param {Sender} sender @param {Buffer} answer @param {number} port */
  #answered(sender, answer, port) {
    this.answers += 1
    const asked = sender.expected.shift()
    const isRight =
      asked !== undefined &&
      port === this.#port &&
      answer.length === 32 &&
      answer[0] === 0 &&
      answer[1] === 1 &&
      answer[3] === 0 &&
      answer.subarray(8, 16).equals(asked.subarray(8, 16)) &&
      this.#isRecent(answer)
    this.#trial.expect(isRight, () => `a wrong answer: ${answer.toString('hex')} to ${asked?.toString('hex')}`)
    if (sender.expected.length > 0) return
    sender.finished?.()
  }

  /** @param {Buffer} answer */
  #isRecent(answer) {
    const nanosAt = (/** @type {number} */ at) => answer.readUInt32BE(at) * 1e9 + answer.readUInt32BE(at + 4)
    const [receive, transmit] = [nanosAt(16), nanosAt(24)]
    return receive <= transmit && transmit <= this.#wallClockNanos() && answer.readUInt32BE(28) < 1e9
  }

  /** The decoder must return a message that can be encoded again, or throw a MessageError. @param {Buffer} packet */
  #decode(packet) {
    try {
      const message = decodeWallClockMessage(packet)
      // These fields contain rounded values and invalid times. The cookie is echoed byte for byte.
      const again = encodeWallClockMessage({ ...message, receiveNanos: 0n, transmitNanos: 0n })
      const same =
        packet.subarray(0, 3).equals(again.subarray(0, 3)) && packet.subarray(4, 16).equals(again.subarray(4, 16))
      this.#trial.expect(same, () => `decoded and encoded differs: ${packet.toString('hex')}`)
    } catch (error) {
      this.#trial.expect(error instanceof MessageError, () => `the decoder threw ${error} at ${packet.toString('hex')}`)
    }
  }
}

/** The rules of the server, implemented independently. @param {Buffer} packet */
function reasonFor(packet) {
  if (packet.length !== 32) return 'wrong-length'
  if (packet.readUInt8(0) !== 0) return 'wrong-version'
  return packet.readUInt8(1) === 0 ? undefined : 'not-a-request'
}

/** @param {Random} random */
function request(random) {
  const packet = random.bytes(32)
  packet[0] = 0
  packet[1] = 0
  return packet
}

/** @param {Random} random @returns {Buffer} */
function randomPacket(random) {
  const kind = random.int(0, 19)
  if (kind < 6) return request(random)
  if (kind < 8) return random.bytes(32)
  if (kind === 8) return Buffer.alloc(random.pick([0, 31, 32, 33]), random.pick([0, 0xff]))
  if (kind === 9) return random.bytes(random.chance(0.02) ? random.int(1000, 60_000) : random.int(0, 200))
  if (kind === 10)
    return Buffer.from(random.pick(['GET / HTTP/1.1\r\n\r\n', '{"v":0,"t":0}', '\0'.repeat(32), 'x'.repeat(32)]))
  if (kind === 11) return Buffer.concat([request(random), random.bytes(random.int(1, 32))])
  if (kind === 12) return request(random).subarray(0, random.int(0, 31))
  const packet = request(random)
  if (kind === 13) packet[0] = random.int(1, 255)
  else if (kind === 14) packet[1] = random.int(1, 3)
  else if (kind === 15) packet[1] = random.int(4, 255)
  else if (kind === 16) packet.fill(0xff, 8)
  else if (kind === 17) packet.writeUInt32BE(random.int(1e9, 2 ** 32 - 1), 12)
  else packet[random.int(0, 31)] = random.pick([0, 1, 0x7f, 0x80, 0xff])
  return packet
}
