import { MessageError } from './message-error.js'
import { mistyped } from './read-field.js'

/**
 * The longest integer that is read. Times of any size are to pass unharmed, but reading decimals takes quadratic
 * time: this many digits take about a millisecond, a megabyte of them would hold a server up for seconds.
 */
const MAX_INTEGER_LENGTH = 20_000

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/

/**
 * Reads an integer that travels as a string, so that no digit is lost to a float: `0`, or an optional minus and digits
 * with no leading zero.
 * @throws MessageError
 */
export function decodeInteger(field: string, value: unknown): bigint {
  if (typeof value !== 'string') throw mistyped(field, 'an integer in a string', value)
  if (value.length > MAX_INTEGER_LENGTH || !INTEGER.test(value)) {
    throw new MessageError('invalid-value', field, 'an integer in a string', value)
  }
  return BigInt(value)
}

/** Writes an integer as a JSON string, quotes and all. @throws MessageError if it is not a bigint. */
export function encodeInteger(field: string, value: bigint): string {
  return `"${readBigint(field, value)}"`
}

/** A time as the application gives it. @throws MessageError if it is not a bigint. */
export function readBigint(field: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value
  throw mistyped(field, 'a bigint', value)
}
