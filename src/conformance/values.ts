/** A JSON value that is an object, read without any of the rules of the messages. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Undefined for what is no JSON, or no object. */
export function readObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** A scheme, a colon, and nothing but the characters of RFC 3986 behind it. */
export function isUri(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/i.test(value)
}

/** `0`, or an optional minus and digits without a leading zero. */
export function isIntegerString(value: unknown): value is string {
  return typeof value === 'string' && /^(?:0|-?[1-9][0-9]*)$/.test(value)
}
