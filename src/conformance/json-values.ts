/** A JSON object, parsed without any of the rules for messages. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Undefined for text that is not JSON, or not an object. */
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

/** A scheme, a colon, and only characters that RFC 3986 allows. */
export function isUri(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/i.test(value)
}

/** `0`, or an optional minus and digits without a leading zero. */
export function isIntegerString(value: unknown): value is string {
  return typeof value === 'string' && /^(?:0|-?[1-9][0-9]*)$/.test(value)
}
