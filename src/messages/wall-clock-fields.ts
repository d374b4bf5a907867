import { NANOS_PER_SECOND } from '../clocks/index.js'
import { readBigint } from './integer-string.js'
import { MessageError } from './message-error.js'
import { readInteger, readNonNegativeNumber } from './read-field.js'

export const MAX_UINT32 = 0xffff_ffff

const NANOS = BigInt(NANOS_PER_SECOND)
const MIN_PRECISION = -128
const MAX_PRECISION = 127
const MAX_FREQ_ERROR_UNITS_PER_PPM = 256

/**
 * A clock's precision as the wall clock protocol writes it: the logarithm to the base 2 of seconds, rounded up so that
 * it never promises too much, from -128 to 127.
 * @throws MessageError if the seconds are negative or not finite.
 */
export function encodePrecision(seconds: number): number {
  readNonNegativeNumber('precisionSeconds', seconds)
  let exponent = Math.ceil(Math.log2(seconds))
  // The logarithm is itself rounded, which would put a precision just above a power of two on the power below.
  if (2 ** exponent < seconds) exponent++
  return Math.min(Math.max(exponent, MIN_PRECISION), MAX_PRECISION)
}

/** A precision in seconds, from the int8 of the protocol. */
export function decodePrecision(exponent: number): number {
  return 2 ** exponent
}

/**
 * A maximum frequency error as the wall clock protocol writes it: in 1/256 ppm, rounded up, at most 2³² − 1.
 * @throws MessageError if the error is negative or not finite.
 */
export function encodeMaxFreqError(ppm: number): number {
  const units = readNonNegativeNumber('maxFreqErrorPpm', ppm) * MAX_FREQ_ERROR_UNITS_PER_PPM
  return Math.min(Math.ceil(units), MAX_UINT32)
}

/** A maximum frequency error in ppm, from the uint32 of the protocol. */
export function decodeMaxFreqError(units: number): number {
  return units / MAX_FREQ_ERROR_UNITS_PER_PPM
}

/** Seconds and nanoseconds as one count. */
export function joinNanos(seconds: number, nanos: number): bigint {
  return BigInt(seconds) * NANOS + BigInt(nanos)
}

/**
 * A count of nanoseconds as seconds and nanoseconds.
 * @throws MessageError if the seconds do not fit 32 bits without a sign.
 */
export function splitNanos(field: string, time: bigint): [seconds: number, nanos: number] {
  const seconds = readBigint(field, time) / NANOS
  if (time < 0n || seconds > MAX_UINT32) {
    throw new MessageError('invalid-value', field, 'nanoseconds whose seconds fit 32 bits', time)
  }
  return [Number(seconds), Number(time % NANOS)]
}

/** A field of 32 bits without a sign. */
export function readUint32(field: string, value: unknown): number {
  return readInteger(field, value, 0, MAX_UINT32)
}
