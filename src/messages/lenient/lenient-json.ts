import { parseJson, readFiniteNumber, type UnknownObject } from '../index.js'
import type { Forgiveness } from './forgiveness.js'

const BYTE_ORDER_MARK = '\ufeff'
/** Of a byte order mark, white space, an object and a list. */
const FIRST_BYTES: ReadonlySet<number> = new Set([0xef, 0x09, 0x0a, 0x0d, 0x20, 0x7b, 0x5b])
const JSON_START = /^\s*[{[]/
/** Objects with more keys are not searched for names in other case. */
const MAX_SEARCHED_KEYS = 64

/**
 * Parses the text of a frame. A byte order mark, and NULs or other control characters after the value, are accepted.
 * @throws MessageError `not-json`.
 */
export function parseJsonLeniently(text: string, forgiveness: Forgiveness): unknown {
  let rest = text
  if (rest.startsWith(BYTE_ORDER_MARK)) {
    rest = rest.slice(1)
    forgiveness.add('byte-order-mark', 'message', 'no byte order mark', text)
  }
  const end = lengthWithoutControls(rest)
  if (end < rest.length) {
    const trailing = rest.slice(end)
    rest = rest.slice(0, end)
    // White space is part of JSON.
    if (/[^ \t\r\n]/.test(trailing)) forgiveness.add('trailing-bytes', 'message', 'nothing after the JSON', trailing)
  }
  return parseJson(rest)
}

/** The text in a binary frame, if it may be JSON; otherwise undefined. */
export function textOfBinaryFrame(bytes: Uint8Array, forgiveness: Forgiveness): string | undefined {
  // Anybody can send a datagram, and a failing decoder is expensive.
  if (!FIRST_BYTES.has(bytes[0] ?? 0)) return undefined
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
  if (!JSON_START.test(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)) return undefined
  forgiveness.add('binary-frame', 'message', 'a text frame', bytes.length, 'read as text')
  return text
}

/**
 * A property of an object, by its name or, where there is none, by the name in other case.
 * @param path of the object in the message, to name it in the report; empty for the message itself.
 */
export function fieldOf(source: UnknownObject, name: string, path: string, forgiveness: Forgiveness): unknown {
  const key = keyOf(source, name)
  if (key !== name && key !== undefined) forgiveness.add('name-case', path + name, `the name "${name}"`, key)
  return key === undefined ? undefined : source[key]
}

/** The key that a property has in an object; undefined if it is absent. */
export function keyOf(source: UnknownObject, name: string): string | undefined {
  if (Object.hasOwn(source, name) && source[name] !== undefined) return name
  const keys = Object.keys(source)
  if (keys.length > MAX_SEARCHED_KEYS) return undefined
  const lowerCase = name.toLowerCase()
  return keys.find((key) => key.length === name.length && key.toLowerCase() === lowerCase)
}

/** A number, or one in a string. @throws MessageError */
export function readNumberLeniently(field: string, value: unknown, forgiveness: Forgiveness): number {
  if (typeof value === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value)) {
    forgiveness.add('string-for-number', field, 'a number', value)
    return readFiniteNumber(field, Number(value))
  }
  return readFiniteNumber(field, value)
}

/** Scans backwards by hand, because a regular expression that ends in `$` would try every position. */
function lengthWithoutControls(text: string): number {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) <= 0x20) end--
  return end
}
