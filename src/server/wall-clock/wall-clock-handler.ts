import { Clock, NANOS_PER_SECOND } from '../../clocks/index.js'

import {
  encodeMaxFreqError,
  encodePrecision,
  WALL_CLOCK_MESSAGE_BYTES,
  WallClockMessageType,
} from '../../messages/index.js'
import type { RemoteEndpoint } from '../../udp/index.js'
import { checkOption, checkOptions, type OptionTable, type OptionType, option } from '../../validation/index.js'
import { LatencyHistogram } from './latency-histogram.js'
import type { DropReason, RequestHandler } from './request-handler.js'

/** Precision and frequency error that a wall clock server states, and whether it sends follow-up responses. */
export interface WallClockHandlerOptions {
  /** Stated precision in seconds, above 0. Default: the clock's own dispersion, which for a system clock is its resolution. */
  readonly precisionSeconds?: number | undefined
  /** Stated maximum frequency error in parts per million, 0 or above. Default: `maxFreqErrorPpm` of the clock. */
  readonly maxFreqErrorPpm?: number | undefined
  /** Whether each response is followed by a second one with the time at which the first had been sent. Default: false. */
  readonly followUp?: boolean | undefined
}

export const WALL_CLOCK_HANDLER_OPTIONS: OptionTable<WallClockHandlerOptions, 'followUp'> = {
  precisionSeconds: option.number({ above: 0 }, 'seconds'),
  maxFreqErrorPpm: option.number({ min: 0 }, 'ppm'),
  followUp: option.withDefault(option.boolean(), false),
}

/** The type of an option that takes a clock to serve. */
export const CLOCK: OptionType<Clock> = option.instance(Clock, 'a Clock')

const VERSION = 0
const RECEIVE_AT = 16
const TRANSMIT_AT = 24

/**
 * The server's side of CSS-WC (ETSI TS 103 286-2, clause 8): turns a request of 32 bytes into its response, in the same buffer.
 *
 * The wall clock may be any clock. Its time is encoded as seconds modulo 2³² (136 years), so negative and larger times wrap like the
 * unsigned field. A request that arrives while the clock is unavailable, or has no finite time, is not answered.
 *
 * Without follow-ups a response is never larger than its request; with them, a spoofed source address receives twice the bytes of the
 * request.
 *
 * The response is written over the request with plain arithmetic: every companion sends a request every second, and any work between
 * reading t3 and sending is an error in t3.
 */
export class WallClockHandler implements RequestHandler {
  /** From the receive time to the transmit time of each response. */
  readonly replyTimes: LatencyHistogram
  readonly #wallClock: Clock
  readonly #ownPrecision: boolean
  readonly #ownMaxFreqError: boolean
  readonly #followUp: boolean
  readonly #responseType: number
  // The last values with their encoded forms: both rarely change, and comparing is cheaper than encoding.
  #precisionSeconds: number
  #precisionByte: number
  #maxFreqErrorPpm: number
  #maxFreqErrorField: number

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(
    wallClock: Clock,
    options: WallClockHandlerOptions = {},
    replyTimes: LatencyHistogram = new LatencyHistogram(),
  ) {
    this.replyTimes = replyTimes
    const { precisionSeconds, maxFreqErrorPpm, followUp } = checkOptions(WALL_CLOCK_HANDLER_OPTIONS, options)
    this.#wallClock = checkOption('wallClock', CLOCK, wallClock)
    this.#followUp = followUp
    this.#responseType = followUp ? WallClockMessageType.responseWithFollowUp : WallClockMessageType.response
    this.#ownPrecision = precisionSeconds === undefined
    this.#ownMaxFreqError = maxFreqErrorPpm === undefined
    this.#precisionSeconds = precisionSeconds ?? Number.NaN
    this.#precisionByte = precisionSeconds === undefined ? 0 : encodePrecision(precisionSeconds)
    this.#maxFreqErrorPpm = maxFreqErrorPpm ?? Number.NaN
    this.#maxFreqErrorField = maxFreqErrorPpm === undefined ? 0 : encodeMaxFreqError(maxFreqErrorPpm)
  }

  /** The clock that is served. */
  get wallClock(): Clock {
    return this.#wallClock
  }

  /**
   * Turns a request into its response, in place.
   * @param receiveNanos the receive time of the request. Default: now.
   */
  handle(
    message: Uint8Array,
    _remote?: RemoteEndpoint,
    receiveNanos: number = this.#wallClock.nanos(),
  ): Uint8Array | DropReason {
    const wallClock = this.#wallClock
    if (message.length !== WALL_CLOCK_MESSAGE_BYTES) return 'wrong-length'
    if (message[0] !== VERSION) return 'wrong-version'
    if (message[1] !== WallClockMessageType.request) return 'not-a-request'
    if (!wallClock.available || !Number.isFinite(receiveNanos)) return 'clock-unavailable'

    if (this.#ownPrecision) this.#readPrecision(receiveNanos)
    if (this.#ownMaxFreqError) this.#readMaxFreqError()
    const maxFreqError = this.#maxFreqErrorField
    message[1] = this.#responseType
    message[2] = this.#precisionByte
    message[3] = 0
    message[4] = maxFreqError >>> 24
    message[5] = maxFreqError >>> 16
    message[6] = maxFreqError >>> 8
    message[7] = maxFreqError
    // Bytes 8 to 15 are kept even if they are not a valid time: clients match responses by them.
    writeTime(message, RECEIVE_AT, receiveNanos)

    const transmitNanos = wallClock.nanos()
    if (!Number.isFinite(transmitNanos)) return 'clock-unavailable'
    writeTime(message, TRANSMIT_AT, transmitNanos)
    this.replyTimes.observe((transmitNanos - receiveNanos) / NANOS_PER_SECOND)
    return message
  }

  /**
   * The response again, with the time at which the first had been passed to the system. This time is a few microseconds late, whereas
   * that of the response is a few early, so on a loopback interface it can be after the client's receive time.
   */
  followUp(answer: Uint8Array): Uint8Array | undefined {
    if (!this.#followUp) return undefined
    const transmitNanos = this.#wallClock.nanos()
    if (!Number.isFinite(transmitNanos)) return undefined
    const message = new Uint8Array(answer)
    message[1] = WallClockMessageType.followUp
    writeTime(message, TRANSMIT_AT, transmitNanos)
    return message
  }

  // Read at each request, because the dispersion of a clock that follows another grows without an event.
  #readPrecision(nanos: number): void {
    const seconds = this.#wallClock.dispersionAt(this.#wallClock.fromNanos(nanos))
    if (seconds === this.#precisionSeconds) return
    // A clock of unknown dispersion is served with the worst precision that can be encoded.
    this.#precisionByte = encodePrecision(Number.isFinite(seconds) ? seconds : Number.MAX_VALUE)
    this.#precisionSeconds = seconds
  }

  #readMaxFreqError(): void {
    const ppm = this.#wallClock.maxFreqErrorPpm
    if (ppm === this.#maxFreqErrorPpm) return
    this.#maxFreqErrorField = encodeMaxFreqError(ppm)
    this.#maxFreqErrorPpm = ppm
  }
}

/** Writes two big-endian uint32: seconds modulo 2³², and nanoseconds within the second. */
function writeTime(bytes: Uint8Array, at: number, time: number): void {
  let seconds = Math.floor(time / NANOS_PER_SECOND)
  let nanos = Math.floor(time - seconds * NANOS_PER_SECOND)
  // The quotient is rounded before it is floored, so just below a whole second it can be one too high.
  if (nanos < 0) {
    seconds -= 1
    nanos += NANOS_PER_SECOND
  } else if (nanos >= NANOS_PER_SECOND) {
    seconds += 1
    nanos -= NANOS_PER_SECOND
  }
  // Shifts take their operand modulo 2³², and a byte array takes its values modulo 2⁸.
  bytes[at] = seconds >>> 24
  bytes[at + 1] = seconds >>> 16
  bytes[at + 2] = seconds >>> 8
  bytes[at + 3] = seconds
  bytes[at + 4] = nanos >>> 24
  bytes[at + 5] = nanos >>> 16
  bytes[at + 6] = nanos >>> 8
  bytes[at + 7] = nanos
}
