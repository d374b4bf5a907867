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
 * Encodes a clock's precision for the wall clock protocol: the binary logarithm of seconds, from -128 to 127, rounded up so that the
 * stated precision is never better than the actual one.
 * @throws MessageError if the seconds are negative or not finite.
 */
export function encodePrecision(seconds: number): number {
  readNonNegativeNumber('precisionSeconds', seconds)
  let exponent = Math.ceil(Math.log2(seconds))
  // The computed logarithm is rounded itself: for a precision just above a power of two it may be that of the power.
  if (2 ** exponent < seconds) exponent++
  return Math.min(Math.max(exponent, MIN_PRECISION), MAX_PRECISION)
}

/** Decodes a precision in seconds from the int8 of the protocol. */
export function decodePrecision(exponent: number): number {
  return 2 ** exponent
}

/**
 * Encodes a maximum frequency error for the wall clock protocol: in 1/256 ppm, rounded up, at most 2³² − 1.
 * @throws MessageError if the error is negative or not finite.
 */
export function encodeMaxFreqError(ppm: number): number {
  const units = readNonNegativeNumber('maxFreqErrorPpm', ppm) * MAX_FREQ_ERROR_UNITS_PER_PPM
  return Math.min(Math.ceil(units), MAX_UINT32)
}

/** Decodes a maximum frequency error in ppm from the uint32 of the protocol. */
export function decodeMaxFreqError(units: number): number {
  return units / MAX_FREQ_ERROR_UNITS_PER_PPM
}

/** Combines seconds and nanoseconds to nanoseconds. */
export function joinNanos(seconds: number, nanos: number): bigint {
  return BigInt(seconds) * NANOS + BigInt(nanos)
}

/**
 * Splits nanoseconds into seconds and nanoseconds.
 * @throws MessageError if the seconds do not fit into an unsigned 32-bit integer.
 */
export function splitNanos(field: string, time: bigint): [seconds: number, nanos: number] {
  const seconds = readBigint(field, time) / NANOS
  if (time < 0n || seconds > MAX_UINT32) {
    throw new MessageError('invalid-value', field, 'nanoseconds whose seconds fit 32 bits', time)
  }
  return [Number(seconds), Number(time % NANOS)]
}

/** An unsigned 32-bit field. */
export function readUint32(field: string, value: unknown): number {
  return readInteger(field, value, 0, MAX_UINT32)
}
