import { MessageError } from './message-error.js'
import { mistyped } from './read-field.js'

/**
 * Maximum number of digits. Times of any realistic size must be accepted, but parsing decimals takes quadratic time: this many
 * digits take about a millisecond, whereas a megabyte of digits would block a server for seconds.
 */
const MAX_INTEGER_LENGTH = 20_000

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/

/**
 * Decodes an integer from a string, which avoids the precision loss of floats: `0`, or an optional minus sign and digits without a
 * leading zero.
 * @throws MessageError
 */
export function decodeInteger(field: string, value: unknown): bigint {
  if (typeof value !== 'string') throw mistyped(field, 'an integer in a string', value)
  if (value.length > MAX_INTEGER_LENGTH || !INTEGER.test(value)) {
    throw new MessageError('invalid-value', field, 'an integer in a string', value)
  }
  return BigInt(value)
}

/** Encodes an integer as a JSON string, including the quotes. @throws MessageError if it is not a bigint. */
export function encodeInteger(field: string, value: bigint): string {
  return `"${readBigint(field, value)}"`
}

/** Checks a time set by an application. @throws MessageError if it is not a bigint. */
export function readBigint(field: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value
  throw mistyped(field, 'a bigint', value)
}
