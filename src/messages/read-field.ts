import { MessageError } from './message-error.js'

/** An object with unknown content. Only properties with known names are read from it. */
export interface UnknownObject {
  readonly [key: string]: unknown
}

/** The error for a value of the wrong type: `missing` if it is absent, otherwise `wrong-type`. */
export function mistyped(field: string, expected: string, value: unknown): MessageError {
  return new MessageError(value === undefined ? 'missing' : 'wrong-type', field, expected, value)
}

/** Reads a whole message as an object. Errors call it `message`. */
export function requireObject(message: string, value: unknown): UnknownObject {
  if (isObject(value)) return value
  throw new MessageError('not-an-object', message, 'an object', value)
}

/** Reads a property that must be an object. */
export function readObject(field: string, value: unknown): UnknownObject {
  if (isObject(value)) return value
  throw mistyped(field, 'an object', value)
}

/** Reads a property that must be a string, which may be empty. */
export function readString(field: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw mistyped(field, 'a string', value)
}

/** Reads a property that must be a non-empty string. */
export function readNonEmptyString(field: string, value: unknown): string {
  if (typeof value !== 'string') throw mistyped(field, 'a string', value)
  if (value === '') throw new MessageError('invalid-value', field, 'a string that is not empty', value)
  return value
}

/** Reads a property that must be a list. */
export function readList(field: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw mistyped(field, 'a list', value)
}

/** Reads a property that must be a finite number. JSON has no Infinity, but `1e999` parses to it. */
export function readFiniteNumber(field: string, value: unknown): number {
  if (typeof value !== 'number') throw mistyped(field, 'a number', value)
  if (!Number.isFinite(value)) throw new MessageError('invalid-value', field, 'a finite number', value)
  // Adding 0 turns -0 into 0. JSON.parse can produce -0, but JSON.stringify cannot write it.
  return value + 0
}

/** Reads a property that must be a non-negative finite number. */
export function readNonNegativeNumber(field: string, value: unknown): number {
  const number = readFiniteNumber(field, value)
  if (number < 0) throw new MessageError('invalid-value', field, 'a number that is 0 or more', value)
  return number
}

/** Reads a property that must be an integer from `min` to `max`. */
export function readInteger(field: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw mistyped(field, 'an integer', value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new MessageError('invalid-value', field, `an integer from ${min} to ${max}`, value)
  }
  return value + 0
}

function isObject(value: unknown): value is UnknownObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
