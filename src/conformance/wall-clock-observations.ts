import type { ProbeReply } from './udp-probe.js'

/** A request, and everything that came in answer to it. */
export interface ObservedExchange {
  readonly request: Uint8Array
  /** On our clock, as all times that are not of the wire. */
  readonly sentNanos: bigint
  readonly replies: readonly ProbeReply[]
}

/** A request that is in order, with something about it that servers stumble over. */
export interface OddRequest {
  readonly name: string
  /** Every try, because a datagram may be lost. */
  readonly tries: readonly ObservedExchange[]
}

/** A datagram that must not be answered. */
export interface Provocation {
  readonly kind: 'type' | 'long' | 'short' | 'version'
  readonly name: string
  readonly replies: readonly ProbeReply[]
  /** Whether an ordinary request was answered afterwards. */
  readonly aliveAfter: boolean
}

/** What was seen of a wall clock server. */
export interface WallClockObservations {
  readonly address: string
  readonly port: number
  /** Ordinary requests, in the order in which they were sent, spread over the watch. */
  readonly exchanges: readonly ObservedExchange[]
  readonly originates: readonly OddRequest[]
  readonly filled: readonly OddRequest[]
  /** In the order in which they were sent; it ends where the server did not answer any more. */
  readonly provocations: readonly Provocation[]
}

/** The fields of a message as they stand, whatever they say. */
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

/** Reads 32 bytes or more; undefined for fewer. */
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

/** Every reply to an ordinary request that is long enough to be read. */
export function messagesOf(observed: WallClockObservations): WireMessage[] {
  return observed.exchanges
    .flatMap(({ replies }) => replies)
    .map(({ bytes }) => readMessage(bytes))
    .filter((message) => message !== undefined)
}

/** A request and its response, as a client uses them: t1 and t4 on our clock, t2 and t3 on the server's. */
export interface TimedExchange {
  readonly sentNanos: bigint
  readonly receivedNanos: bigint
  readonly response: WireMessage
}

/**
 * The exchanges that a clock can be set by. Follow-ups are left out: the time in one is that of the response before it, and may lie
 * a little after its arrival.
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

/** What the round trip took apart from the server's own time, in nanoseconds. */
export function roundTripNanos({ sentNanos, receivedNanos, response }: TimedExchange): number {
  return Number(receivedNanos - sentNanos) - Number(response.transmitNanos - response.receiveNanos)
}

export function precisionNanos({ precisionExponent }: WireMessage): number {
  return 2 ** precisionExponent * 1e9
}

/** How far the server's clock is ahead of ours, by the exchange with the shortest round trip. */
export function offsetNanos(observed: WallClockObservations): bigint | undefined {
  const [best] = timedExchanges(observed).sort((a, b) => roundTripNanos(a) - roundTripNanos(b))
  if (best === undefined) return undefined
  const { response, sentNanos, receivedNanos } = best
  return (response.receiveNanos + response.transmitNanos - sentNanos - receivedNanos) / 2n
}

/**
 * The steps in which the server's clock is seen to move, in nanoseconds: what all of its times have in common, or the
 * coarsest power of ten that they keep to but for the rounding of a float. Undefined with too few times to tell.
 */
export function granularityNanos(observed: WallClockObservations): bigint | undefined {
  const times = [...new Set(messagesOf(observed).flatMap((message) => [message.receiveNanos, message.transmitNanos]))]
  const [start] = times
  if (start === undefined || times.length < ENOUGH_TIMES) return undefined
  const distances = times.map((time) => (time > start ? time - start : start - time))
  const exact = distances.reduce(greatestCommonDivisor, 0n)
  const rounded = POWERS_OF_TEN.find((step) => distances.every((distance) => keepsTo(step, distance)))
  return rounded !== undefined && rounded > exact ? rounded : exact
}

/** With this many the chance that times of a finer clock look like those of a coarse one is nil. */
const ENOUGH_TIMES = 16
const POWERS_OF_TEN = [1_000_000_000n, 100_000_000n, 10_000_000n, 1_000_000n, 100_000n]
/** A double of nanoseconds since 1970 is rounded to 256 of them, and more than once where clocks build upon each other. */
const ROUNDING_NANOS = 2048n

function keepsTo(step: bigint, distance: bigint): boolean {
  const rest = distance % step
  return rest <= ROUNDING_NANOS || step - rest <= ROUNDING_NANOS
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b]
  while (small !== 0n) [large, small] = [small, large % small]
  return large
}
