import { SystemClock } from '../../src/clocks/index.js'
import type { WallClockTransportHandlers } from '../../src/companion/connections/wall-clock-transport.js'
import { WallClockClient } from '../../src/companion/wall-clock/wall-clock-client.js'
import type { WallClockClientOptions } from '../../src/companion/wall-clock/wall-clock-options.js'
import {
  decodeWallClockJson,
  decodeWallClockMessage,
  encodeWallClockJson,
  encodeWallClockMessage,
  type WallClockMessage,
  WallClockMessageType,
} from '../../src/messages/index.js'

/** What becomes of one request; times in seconds. */
export interface Fate {
  readonly outward?: number
  readonly served?: number
  readonly homeward?: number
  /** How long after the response a follow-up leaves; undefined: there is none. */
  readonly followUpAfter?: number
  readonly isLost?: boolean
  readonly isFollowUpLost?: boolean
  /** How much later a second copy of the response comes. */
  readonly duplicateAfter?: number
}

export interface SimulationOptions {
  readonly client?: Omit<WallClockClientOptions, 'transport' | 'parentClock' | 'timers'>
  /** What the clocks read at the beginning, in nanoseconds. */
  readonly parentStart?: number
  readonly serverStart?: number
  /** By how much the oscillators really are off, in ppm, and what they state. */
  readonly parentPpm?: number
  readonly serverPpm?: number
  readonly statedPpm?: number
  readonly isJson?: boolean
  /** The fate of the n-th request, from 0, sent at this time of the simulation. */
  readonly fate?: (index: number, seconds: number) => Fate
  /** Alters what the server says. */
  readonly lie?: (message: WallClockMessage, index: number) => WallClockMessage | string | Uint8Array
}

const PRECISION_SECONDS = 2 ** -26

/** A client, a server and the network between them, in a time of their own in which nothing waits. */
export class Simulation {
  readonly client: WallClockClient
  readonly parent: SystemClock
  readonly requests: Uint8Array[] = []
  readonly requestSeconds: number[] = []
  readonly errors: { reason: string; detail: string; forgiven?: true }[] = []
  serverStart: number
  /** By how much the time of day is off. */
  timeOfDayAheadSeconds = 1_800_000_000
  #seconds = 0
  #asleepSeconds = 0
  #events: { at: number; order: number; run: () => void }[] = []
  #order = 0
  readonly #options: SimulationOptions
  handlers: WallClockTransportHandlers | undefined
  isServerUp = true

  constructor(options: SimulationOptions = {}) {
    const { parentStart = 5e9, serverStart = 77e9, statedPpm = 500, isJson = false } = options
    this.#options = options
    this.serverStart = serverStart
    this.parent = new SystemClock({
      source: () =>
        Math.floor(parentStart + (this.#seconds - this.#asleepSeconds) * 1e9 * (1 + (options.parentPpm ?? 0) / 1e6)),
      precisionSeconds: 1e-9,
      maxFreqErrorPpm: statedPpm,
    })
    let now = (): number => 0
    this.client = new WallClockClient({
      timeOfDay: () => Math.floor(this.timeOfDaySeconds * 1000),
      ...options.client,
      parentClock: this.parent,
      timers: {
        set: (callback, millis) => this.after(millis / 1000, callback),
        clear: (timer) => {
          this.#events = this.#events.filter((event) => event !== timer)
        },
      },
      transport: {
        url: 'simulated',
        isJson,
        start: (handlers, read) => {
          now = read
          this.handlers = handlers
          handlers.opened()
        },
        send: (message) => this.#request(message, now),
        stop: () => {
          this.handlers = undefined
        },
      },
    })
    this.client.on('protocolError', (error) => this.errors.push(error))
  }

  get seconds(): number {
    return this.#seconds
  }

  /** What the companion's machine says the time of day is. */
  get timeOfDaySeconds(): number {
    return this.timeOfDayAheadSeconds + this.#seconds
  }

  /** The companion's machine sleeps: its monotonic clock and its timers stand still. */
  sleep(seconds: number): void {
    this.#seconds += seconds
    this.#asleepSeconds += seconds
    for (const event of this.#events) event.at += seconds
  }

  /** What the server's clock reads now, in nanoseconds, without rounding. */
  serverNanos(): number {
    return this.serverStart + this.#seconds * 1e9 * (1 + (this.#options.serverPpm ?? 0) / 1e6)
  }

  /** How far off the client's clock is now, and how far it says it may be. In seconds. */
  sample(): { error: number; dispersion: number } {
    const ticks = this.client.clock.now()
    return { error: Math.abs(ticks - this.serverNanos()) / 1e9, dispersion: this.client.clock.dispersionAt(ticks) }
  }

  after(seconds: number, run: () => void): unknown {
    this.#order += 1
    const event = { at: this.#seconds + seconds, order: this.#order, run }
    this.#events.push(event)
    return event
  }

  /** Goes on for so long. */
  run(seconds: number): void {
    const end = this.#seconds + seconds
    for (let steps = 0; steps < 100_000; steps++) {
      this.#events.sort((a, b) => a.at - b.at || a.order - b.order)
      const next = this.#events[0]
      if (next === undefined || next.at > end) {
        this.#seconds = end
        return
      }
      this.#events.shift()
      this.#seconds = next.at
      next.run()
    }
    throw new Error('expected the simulation to come to its end')
  }

  #request(message: Uint8Array | string, now: () => number): void {
    const index = this.requestSeconds.length
    this.requestSeconds.push(this.#seconds)
    const request =
      typeof message === 'string' ? decodeWallClockJson(JSON.parse(message)) : decodeWallClockMessage(message)
    if (typeof message !== 'string') this.requests.push(message.slice())
    const fate = this.#options.fate?.(index, this.#seconds) ?? {}
    if (fate.isLost === true || !this.isServerUp) return
    const { outward = 0.001, served = 0.0001, homeward = 0.001, followUpAfter, duplicateAfter } = fate
    const readServer = (): bigint => BigInt(Math.floor(this.serverNanos()))
    const deliver = (answer: WallClockMessage, delay: number): void => {
      const said = this.#options.lie?.(answer, index) ?? answer
      const isMade = typeof said === 'string' || said instanceof Uint8Array
      const data = isMade ? said : this.#options.isJson ? encodeWallClockJson(said) : encodeWallClockMessage(said)
      this.after(delay, () => this.handlers?.message(data, now()))
    }
    this.after(outward, () => {
      const receiveNanos = readServer()
      this.after(served, () => {
        const response: WallClockMessage = {
          ...request,
          type: followUpAfter === undefined ? WallClockMessageType.response : WallClockMessageType.responseWithFollowUp,
          precisionSeconds: PRECISION_SECONDS,
          maxFreqErrorPpm: this.#options.statedPpm ?? 500,
          receiveNanos,
          transmitNanos: readServer(),
        }
        deliver(response, homeward)
        if (duplicateAfter !== undefined) deliver(response, homeward + duplicateAfter)
        if (followUpAfter === undefined || fate.isFollowUpLost === true) return
        this.after(followUpAfter, () => {
          const followUp = { ...response, type: WallClockMessageType.followUp, transmitNanos: readServer() }
          deliver(followUp, Math.max(0, homeward - followUpAfter / 2))
        })
      })
    })
  }
}
