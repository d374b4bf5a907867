import { type Clock, CorrelatedClock, Correlation } from '../clocks/index.js'
import {
  type ControlTimestamp,
  decodeControlTimestamp,
  encodePresentationTimestamps,
  encodeSetupData,
  isAvailable,
  MessageError,
  type PresentationTimestamps,
  parseJson,
  type SetupData,
} from '../messages/index.js'
import { undisturbed } from './emitter.js'
import { ReconnectingClient, type ReconnectingClientEvents } from './reconnecting-client.js'
import type { ReconnectingSocketOptions } from './reconnecting-socket.js'

export interface TsClientOptions extends ReconnectingSocketOptions, SetupData {
  /** The television's wall clock as this companion knows it: a WallClockClient's `clock`. */
  wallClock: Clock
  /** Ticks per second of the timeline: `tickRateOf` what CII says of it. */
  tickRate: number
  /** A control timestamp that would move the clock by less, at the same speed, is not applied. Default 0: every one is. */
  thresholdSeconds?: number
  /**
   * By how much a control timestamp may be off. Content time travels in whole ticks, and a server may cut off the rest: one tick
   * unless it is known better.
   */
  timestampErrorSeconds?: number
}

export interface TsClientEvents extends ReconnectingClientEvents {
  /** A control timestamp came, for a timeline that is available. */
  timing: {
    readonly timestamp: ControlTimestamp
    /** By how much it moves the position now; infinite where the speed changes or there was no position before. Positive is forward. */
    readonly changeSeconds: number
    /** False where the change was under the threshold. */
    readonly applied: boolean
  }
  /** The clock has a position now. */
  available: { readonly timestamp: ControlTimestamp }
  /** It has none any more: the server says so, or cannot say anything because the connection has gone. */
  unavailable: { readonly reason: 'timeline' | 'disconnected' }
}

/**
 * Follows one timeline of a CSS-TS server (TS 103 286-2, clause 5.7): asks for it and steers {@link clock} by the answers.
 *
 * When the connection ends the clock becomes unavailable but keeps running: an app that would rather go on than stop
 * can still read it.
 */
export class TsClient extends ReconnectingClient<TsClientEvents> {
  /** The timeline: ticks at `tickRate`, child of the wall clock. Available while the server says where the timeline is. */
  readonly clock: CorrelatedClock
  readonly #setup: string
  readonly #thresholdSeconds: number
  readonly #timestampErrorSeconds: number
  #timestamp: ControlTimestamp | undefined

  /**
   * @param url `ws://…` or `wss://…`, the address of the TS endpoint: CII's `tsUrl`.
   * @throws TypeError, RangeError when an option is wrong.
   */
  constructor(url: string, options: TsClientOptions) {
    super(url, options)
    const { wallClock, contentIdStem, timelineSelector, tickRate, thresholdSeconds = 0 } = options
    const setup = { contentIdStem, timelineSelector, ...(options.private && { private: options.private }) }
    this.#setup = encodeSetupData(setup)
    this.#thresholdSeconds = checkSeconds('thresholdSeconds', thresholdSeconds)
    this.#timestampErrorSeconds = checkSeconds('timestampErrorSeconds', options.timestampErrorSeconds ?? 1 / tickRate)
    this.clock = new CorrelatedClock(wallClock, { tickRate, available: false, name: timelineSelector })
  }

  /** The last control timestamp of this connection. */
  get timestamp(): ControlTimestamp | undefined {
    return this.#timestamp
  }

  /**
   * Tells the server when this companion presents, and could present, its content.
   * @returns false when there is no connection to tell it on.
   * @throws MessageError that names the property.
   */
  sendPresentationTimestamps(timestamps: PresentationTimestamps): boolean {
    return this.send(encodePresentationTimestamps(timestamps))
  }

  protected override opened(): void {
    this.send(this.#setup)
  }

  protected override lost(): void {
    this.#lose('disconnected')
  }

  protected override received(text: string): void {
    const timestamp = decodeControlTimestamp(parseJson(text))
    requirePlausible(timestamp)
    this.#timestamp = timestamp
    if (isAvailable(timestamp)) this.#follow(timestamp, timestamp.contentTime, timestamp.timelineSpeedMultiplier)
    else this.#lose('timeline')
  }

  #follow(timestamp: ControlTimestamp, contentTime: bigint, speed: number): void {
    const { clock } = this
    const { parent } = clock
    const correlation = new Correlation({
      parentTicks: parent.fromNanos(Number(timestamp.wallClockTime)),
      childTicks: Number(contentTime),
      initialErrorSeconds: this.#timestampErrorSeconds,
    })
    const isNew = !this.#hasPosition
    const changeSeconds = isNew ? Number.POSITIVE_INFINITY : clock.quantifySignedChange(correlation, speed)
    // A change of nothing at all is not worth an event of the clock either.
    const applied = isNew || Math.abs(changeSeconds) > this.#thresholdSeconds
    this.#hasPosition = true
    undisturbed(() => {
      if (applied) clock.setCorrelationAndSpeed(correlation, speed)
    })
    undisturbed(() => {
      clock.available = true
    })
    this.emit('timing', { timestamp, changeSeconds, applied })
    if (isNew) this.emit('available', { timestamp })
  }

  /** Whether the server has said where the timeline is, and has not taken it back. */
  #hasPosition = false

  #lose(reason: 'timeline' | 'disconnected'): void {
    if (reason === 'disconnected') this.#timestamp = undefined
    undisturbed(() => {
      this.clock.available = false
    })
    if (!this.#hasPosition) return
    this.#hasPosition = false
    this.emit('unavailable', { reason })
  }
}

/** Beyond these no programme is, and what a clock makes of them would overflow: 10³⁰ ns are 30 million million years. */
const MAX_TIME = 1e30
const MAX_SPEED = 1e6

/** The wire has integers of any size and any speed, clocks do not. @throws MessageError */
function requirePlausible({ contentTime, wallClockTime, timelineSpeedMultiplier }: ControlTimestamp): void {
  for (const [field, time] of Object.entries({ contentTime, wallClockTime })) {
    if (time === null || Math.abs(Number(time)) <= MAX_TIME) continue
    throw new MessageError('invalid-value', field, `a time of at most ${MAX_TIME}`, time)
  }
  if (timelineSpeedMultiplier === null || Math.abs(timelineSpeedMultiplier) <= MAX_SPEED) return
  const expected = `a speed of at most ${MAX_SPEED}`
  throw new MessageError('invalid-value', 'timelineSpeedMultiplier', expected, timelineSpeedMultiplier)
}

function checkSeconds(option: string, seconds: number): number {
  if (typeof seconds === 'number' && seconds >= 0) return seconds
  throw new RangeError(`${option}: expected a number of seconds from 0 upward, got ${String(seconds)}`)
}
