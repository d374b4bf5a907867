import { NANOS_PER_SECOND } from '../clocks/index.js'
import type { Ending } from './step.js'
import type { ProbeReply } from './udp-probe.js'

/** With this many, times of a fine clock do not look like those of a coarse one by chance. */
const ENOUGH_TIMES = 16
const POWERS_OF_TEN = [1_000_000_000n, 100_000_000n, 10_000_000n, 1_000_000n, 100_000n]
/** Nanoseconds since 1970 in a double are rounded to multiples of 256, and repeatedly if clocks derive from each other. */
const ROUNDING_NANOS = 2048n

/** A request, and all replies to it. */
export interface ObservedExchange {
  readonly request: Uint8Array
  /** On the local clock, like all times that are not from the wire. */
  readonly sentNanos: bigint
  readonly replies: readonly ProbeReply[]
}

/** A valid request with an unusual property that some servers mishandle. */
export interface OddRequest {
  readonly name: string
  /** All attempts, because a datagram may be lost. */
  readonly tries: readonly ObservedExchange[]
}

/** A datagram that must not be answered. */
export interface Provocation {
  readonly kind: 'type' | 'long' | 'short' | 'version'
  readonly name: string
  readonly replies: readonly ProbeReply[]
}

/** Observations of a wall clock server. */
export interface WallClockObservations {
  readonly address: string
  readonly port: number
  /** Ordinary requests in the order of sending, spread over the observation. */
  readonly exchanges: readonly ObservedExchange[]
  readonly originates: readonly OddRequest[]
  readonly filled: readonly OddRequest[]
  /** In the order of sending, up to the first after which the server stopped answering. */
  readonly provocations: readonly Provocation[]
  /** What the server did not survive. */
  readonly ending: Ending | undefined
}

/** The fields of a message as received, valid or not. */
export interface WireMessage {
  readonly version: number
  readonly type: number
  readonly precisionExponent: number
  readonly reserved: number
  /** In 1/256 ppm. */
  readonly maxFreqError: number
  readonly originate: Uint8Array
  readonly receiveFields: readonly [seconds: number, nanos: number]
  readonly transmitFields: readonly [seconds: number, nanos: number]
  readonly receiveNanos: bigint
  readonly transmitNanos: bigint
}

export const MESSAGE_BYTES = 32

/** Decodes 32 bytes or more; undefined for fewer. */
export function readMessage(bytes: Uint8Array): WireMessage | undefined {
  if (bytes.length < MESSAGE_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, MESSAGE_BYTES)
  const time = (at: number) => [view.getUint32(at), view.getUint32(at + 4)] as const
  const nanos = ([seconds, fraction]: readonly [number, number]) => BigInt(seconds) * 1_000_000_000n + BigInt(fraction)
  const receiveFields = time(16)
  const transmitFields = time(24)
  return {
    version: view.getUint8(0),
    type: view.getUint8(1),
    precisionExponent: view.getInt8(2),
    reserved: view.getUint8(3),
    maxFreqError: view.getUint32(4),
    originate: bytes.subarray(8, 16),
    receiveFields,
    transmitFields,
    receiveNanos: nanos(receiveFields),
    transmitNanos: nanos(transmitFields),
  }
}

/** All replies to ordinary requests that are long enough to be decoded. */
export function messagesOf(observed: WallClockObservations): WireMessage[] {
  return observed.exchanges
    .flatMap(({ replies }) => replies)
    .map(({ bytes }) => readMessage(bytes))
    .filter((message) => message !== undefined)
}

/** A request and its response as a client uses them: t1 and t4 on the local clock, t2 and t3 on the server's. */
export interface TimedExchange {
  readonly sentNanos: bigint
  readonly receivedNanos: bigint
  readonly response: WireMessage
}

/**
 * The exchanges from which an offset can be computed. Follow-ups are excluded: they contain the exact transmit time of the
 * response before them, which may be slightly later than its arrival.
 */
export function timedExchanges(observed: WallClockObservations): TimedExchange[] {
  const timed: TimedExchange[] = []
  for (const { sentNanos, replies } of observed.exchanges) {
    for (const { bytes, receivedNanos } of replies) {
      const response = readMessage(bytes)
      if (response === undefined || (response.type !== 1 && response.type !== 2)) continue
      timed.push({ sentNanos, receivedNanos, response })
      break
    }
  }
  return timed
}

/** The round trip without the server's processing time, in nanoseconds. */
export function roundTripNanos({ sentNanos, receivedNanos, response }: TimedExchange): number {
  return Number(receivedNanos - sentNanos) - Number(response.transmitNanos - response.receiveNanos)
}

export function precisionNanos({ precisionExponent }: WireMessage): number {
  return 2 ** precisionExponent * NANOS_PER_SECOND
}

/** The offset of the server's clock from the local one, from the exchange with the shortest round trip. */
export function offsetNanos(observed: WallClockObservations): bigint | undefined {
  const [best] = timedExchanges(observed).sort((a, b) => roundTripNanos(a) - roundTripNanos(b))
  if (best === undefined) return undefined
  const { response, sentNanos, receivedNanos } = best
  return (response.receiveNanos + response.transmitNanos - sentNanos - receivedNanos) / 2n
}

/**
 * The observed granularity of the server's clock, in nanoseconds: the greatest common divisor of all time differences, or
 * the coarsest power of ten that divides them except for floating-point rounding. Undefined with too few different times.
 */
export function granularityNanos(observed: WallClockObservations): bigint | undefined {
  const times = [...new Set(messagesOf(observed).flatMap((message) => [message.receiveNanos, message.transmitNanos]))]
  const [start] = times
  if (start === undefined || times.length < ENOUGH_TIMES) return undefined
  const distances = times.map((time) => (time > start ? time - start : start - time))
  const exact = distances.reduce(greatestCommonDivisor, 0n)
  const rounded = POWERS_OF_TEN.find((step) => distances.every((distance) => isMultipleOf(step, distance)))
  return rounded !== undefined && rounded > exact ? rounded : exact
}

function isMultipleOf(step: bigint, distance: bigint): boolean {
  const rest = distance % step
  return rest <= ROUNDING_NANOS || step - rest <= ROUNDING_NANOS
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b]
  while (small !== 0n) [large, small] = [small, large % small]
  return large
}
