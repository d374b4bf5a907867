// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeWallClockMessage, encodeWallClockMessage } from 'fastify-dvbcss'
import { CiiClient, TsClient } from 'fastify-dvbcss/client'
import { CONTENT_ID, PTS, TEMI } from './television.js'

const ASK_MILLIS = 5
const CHANGE_MILLIS = 15

/** @typedef {import('./television.js').Television} Television */
/** @typedef {import('./trial.js').Trial} Trial */

/**
 * Well-behaved companions beside the hostile ones. All answers to them must be correct at any time. They also change the television's
 * state continually.
 */
export class ControlClients {
  /** Connections opened by these clients, which the servers must count in addition to the hostile ones. */
  answersExpected = 0
  wallClockAnswers = 0
  states = 0
  timings = 0
  #trial
  #television
  #socket = createSocket('udp4')
  #bystander = createSocket('udp4')
  #cookie = 0
  /** Cookie → time of the request. @type {Map<bigint, bigint>} */
  #asked = new Map()
  /** @type {NodeJS.Timeout[]} */
  #timers = []
  #mirror
  /** @type {TsClient[]} */
  #followers

  /** @param {Trial} trial @param {Television} television */
  constructor(trial, television) {
    this.#trial = trial
    this.#television = television
    this.#mirror = new CiiClient(television.url('/cii'))
    this.#followers = [PTS, TEMI].map((timelineSelector) => {
      const wallClock = television.app.wallClock
      const setup = { contentIdStem: CONTENT_ID, timelineSelector, tickRate: timelineSelector === PTS ? 90_000 : 1000 }
      return new TsClient(television.url('/ts'), { ...setup, wallClock })
    })
  }

  async start() {
    const { app } = this.#television
    this.#bystander.on('message', () => this.#trial.fail('a socket that has asked nothing was answered'))
    this.#bystander.bind(0, '127.0.0.1')
    this.#socket.bind(0, '127.0.0.1')
    await Promise.all([once(this.#socket, 'listening'), once(this.#bystander, 'listening')])
    this.#socket.on('message', (bytes) => this.#answered(bytes, BigInt(Math.ceil(app.wallClock.nanos()))))
    this.#watchMirror()
    this.#watchFollowers()
    for (const client of this.#clients) client.start()
    await this.#trial.until('the control clients connect', () => this.#clients.every(({ connected }) => connected))
    const random = this.#trial.random.fork(1)
    this.#timers.push(setInterval(() => this.#ask(), ASK_MILLIS))
    this.#timers.push(setInterval(() => this.#television.change(random), CHANGE_MILLIS))
  }

  get #clients() {
    return [this.#mirror, ...this.#followers]
  }

  /** Number of their connections per endpoint. */
  get connections() {
    return { cii: 1, ts: this.#followers.length, wc: 0 }
  }

  #ask() {
    this.#cookie += 1
    const originateNanos = (BigInt(this.#cookie) << 32n) | 0x2f0e1dn
    const message = {
      type: /** @type {0} */ (0),
      precisionSeconds: 1e-6,
      maxFreqErrorPpm: 500,
      originateNanos,
      receiveNanos: 0n,
      transmitNanos: 0n,
    }
    this.answersExpected += 1
    this.#asked.set(originateNanos, BigInt(Math.floor(this.#television.app.wallClock.nanos())))
    this.#socket.send(encodeWallClockMessage(message), this.#television.udpPort, '127.0.0.1')
  }

  /** @param {Uint8Array} bytes @param {bigint} received */
  #answered(bytes, received) {
    const { type, originateNanos, receiveNanos, transmitNanos } = decodeWallClockMessage(bytes)
    const asked = this.#asked.get(originateNanos)
    this.#asked.delete(originateNanos)
    this.wallClockAnswers += 1
    const isRight =
      type === 1 &&
      asked !== undefined &&
      asked <= receiveNanos &&
      receiveNanos <= transmitNanos &&
      transmitNanos <= received
    this.#trial.expect(isRight, () => {
      const found = `type ${type}, asked ${asked}, receive ${receiveNanos}, transmit ${transmitNanos}, received ${received}`
      return `the wall clock control client got a wrong answer: cookie ${originateNanos}, ${found}`
    })
  }

  #watchMirror() {
    let last = -1
    this.#mirror.on('change', ({ state }) => {
      this.states += 1
      const index = this.#television.indexOfState(state)
      this.#trial.expect(index >= last && index >= 0, () => {
        return `the CII control client got state ${index} after ${last}: ${JSON.stringify(state)}`
      })
      last = Math.max(last, index)
    })
    this.#complainAbout(this.#mirror)
  }

  #watchFollowers() {
    for (const follower of this.#followers) {
      const selector = follower.clock.name
      let last = -1
      follower.on('timing', ({ timestamp }) => {
        this.timings += 1
        const index = this.#television.indexOfTimestamp(selector, timestamp)
        this.#trial.expect(index >= last && index >= 0, () => {
          return `the TS control client of ${selector} got timestamp ${index} after ${last}: ${timestamp.contentTime}`
        })
        last = Math.max(last, index)
      })
      this.#complainAbout(follower)
    }
  }

  /** @param {CiiClient | TsClient} either */
  #complainAbout(either) {
    // Their common interface, which the compiler cannot infer from classes with private fields.
    const client = /** @type {CiiClient} */ (either)
    client.on('protocolError', ({ detail }) => this.#trial.fail(`a control client got nonsense: ${detail}`))
    client.on('disconnected', ({ code, retryInSeconds }) => {
      if (retryInSeconds !== undefined) this.#trial.fail(`a control client lost its connection with ${code}`)
    })
  }

  /** Called after the last change: all requests must be answered, and all clients must have the final state. */
  async settle() {
    for (const timer of this.#timers) clearInterval(timer)
    const television = this.#television
    const trial = this.#trial
    await trial.until('every request of the control client is answered', () => this.#asked.size === 0)
    const last = television.states.length - 1
    await trial.until(
      'the CII control client has the last state',
      () => television.indexOfState(this.#mirror.state) === last,
    )
    for (const follower of this.#followers) {
      const selector = follower.clock.name
      const source = television.sources.get(selector)
      await trial.until(`the TS control client of ${selector} has the last timestamp`, () => {
        const said = source?.controlTimestamp(selector)
        return (
          said?.contentTime === follower.timestamp?.contentTime &&
          (said?.contentTime === null || said?.wallClockTime === follower.timestamp?.wallClockTime)
        )
      })
    }
  }

  async stop() {
    for (const timer of this.#timers) clearInterval(timer)
    for (const client of this.#clients) client.stop()
    this.#socket.close()
    this.#bystander.close()
  }
}
