import { describeValue } from '../validation/index.js'
import { MessageError } from './message-error.js'
import type { UnknownObject } from './read-field.js'

/**
 * Maximum nesting depth of lists and objects in private data. The functions below are recursive, so without it a message with
 * 10,000 levels could exhaust the stack. Real private data has only a few levels.
 */
export const MAX_JSON_DEPTH = 64

/** Additional depth for the parts of a message that contain private data. */
const MAX_COMPARED_DEPTH = 2 * MAX_JSON_DEPTH

const MAX_PLAIN_KEY_LENGTH = 40

/**
 * Parses a text frame, given as a string or as its UTF-8 bytes.
 * @throws MessageError `not-json`.
 */
export function parseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch {
    throw new MessageError('not-json', 'message', 'JSON', text)
  }
}

/**
 * Copies a value that JSON can hold, up to {@link MAX_JSON_DEPTH} levels; properties that are `undefined` are left out.
 * @throws MessageError for anything else, naming the place below `field`.
 */
export function copyJson(field: string, value: unknown, depth = 0): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value + 0
    throw new MessageError('invalid-value', field, 'a finite number', value)
  }
  if (typeof value !== 'object') throw new MessageError('wrong-type', field, 'a value that JSON can hold', value)
  if (depth >= MAX_JSON_DEPTH) {
    throw new MessageError('invalid-value', field, `no more than ${MAX_JSON_DEPTH} levels`, value)
  }
  if (Array.isArray(value)) {
    const list: unknown[] = []
    for (let index = 0; index < value.length; index++) {
      list.push(copyJson(`${field}[${index}]`, value[index], depth + 1))
    }
    return list
  }
  if (!isPlainObject(value)) throw new MessageError('wrong-type', field, 'a plain object', value)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const member = value[key]
    if (member === undefined) continue
    const memberCopy = copyJson(memberField(field, key), member, depth + 1)
    // Assigning to `__proto__` would change the prototype instead of adding a property.
    if (key === '__proto__') {
      Object.defineProperty(copy, key, { value: memberCopy, configurable: true, enumerable: true, writable: true })
    } else {
      copy[key] = memberCopy
    }
  }
  return copy
}

/**
 * Whether two JSON values are equal, regardless of the order of keys. A property that is `undefined` counts as absent. Values nested
 * more deeply than a message may be are equal only to themselves.
 */
export function equalJson(a: unknown, b: unknown, depth = 0): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (depth > MAX_COMPARED_DEPTH) return false
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((member, index) => equalJson(member, b[index], depth + 1))
    )
  }
  return !Array.isArray(b) && equalMembers(a as UnknownObject, b as UnknownObject, depth)
}

/** Deeply freezes a value that {@link copyJson} returned. */
export function freezeJson(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) freezeJson((value as UnknownObject)[key])
  Object.freeze(value)
}

function equalMembers(a: UnknownObject, b: UnknownObject, depth: number): boolean {
  let membersOfA = 0
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue
    membersOfA++
    if (!Object.hasOwn(b, key) || !equalJson(a[key], b[key], depth + 1)) return false
  }
  return membersOfA === Object.keys(b).filter((key) => b[key] !== undefined).length
}

function isPlainObject(value: object): value is UnknownObject {
  const prototype: unknown = Object.getPrototypeOf(value)
  // By its shape and not its identity, so that an object of another realm (a frame, a test's sandbox) passes.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function memberField(field: string, key: string): string {
  const plain = key.length <= MAX_PLAIN_KEY_LENGTH && /^[A-Za-z_$][\w$]*$/.test(key)
  return plain ? `${field}.${key}` : `${field}[${describeValue(key)}]`
}
