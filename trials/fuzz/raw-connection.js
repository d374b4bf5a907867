// @ts-check
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { readFrames } from './frames.js'

/** @typedef {import('../random.js').Random} Random */

const ANSWER_SECONDS = 15

/** A TCP connection for arbitrary data. */
export class RawConnection {
  received = Buffer.alloc(0)
  isClosed = false
  #socket
  #heard = () => {}

  /** @param {number} port */
  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (data) => {
      this.received = Buffer.concat([this.received, data])
      this.#heard()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.isClosed = true
      this.#heard()
    })
  }

  /** @param {Uint8Array | string} data */
  write(data) {
    this.#socket.write(data)
  }

  /** Writes in pieces, each in its own segment. @param {Buffer} data @param {Random} random @param {number} millis between them, at most */
  async drip(data, random, millis) {
    for (let at = 0; at < data.length && !this.isClosed; ) {
      const piece = random.int(1, 12)
      this.#socket.write(data.subarray(at, at + piece))
      at += piece
      await sleep(random.int(0, millis))
    }
  }

  /** Status codes of the HTTP responses; bodies are ignored. */
  get statuses() {
    const text = this.received.toString('latin1')
    return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]))
  }

  /** The data after the response to the handshake. */
  get frames() {
    const end = this.received.indexOf('\r\n\r\n')
    return end < 0 ? [] : readFrames(this.received.subarray(end + 4))
  }

  get closeCode() {
    const payload = this.frames.find(({ opcode }) => opcode === 8)?.payload
    return payload === undefined || payload.length < 2 ? undefined : payload.readUInt16BE(0)
  }

  /** @param {() => boolean} holds @param {number} [seconds] @returns {Promise<boolean>} whether the condition became true */
  async until(holds, seconds = ANSWER_SECONDS) {
    const limit = performance.now() + seconds * 1000
    while (!holds()) {
      const left = limit - performance.now()
      if (left <= 0 || this.isClosed) return holds()
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#heard = () => {
          clearTimeout(timer)
          resolve(undefined)
        }
      })
    }
    return true
  }

  end() {
    this.#socket.end()
  }

  /** Disconnects without a closing handshake, in one of several ways. @param {Random} random */
  async leave(random) {
    if (random.chance(0.3)) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    await this.until(() => this.isClosed)
  }
}
