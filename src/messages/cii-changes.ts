import { CII_PROPERTIES, type Cii, setProperty } from './cii.js'
import { equalJson } from './json.js'

/** Whether two CII messages are equal. Absent and null differ; the order of keys is irrelevant. */
export function equalCii(a: Cii, b: Cii): boolean {
  return CII_PROPERTIES.every((property) => equalJson(a[property], b[property]))
}

/**
 * The smallest message that takes a receiver from one state to another. A removed property becomes null in the message, unless it
 * was null before. A content id is always accompanied by its status.
 */
export function diffCii(from: Cii, to: Cii): Cii {
  const change: Cii = {}
  for (const property of CII_PROPERTIES) {
    const [before, after] = [from[property], to[property]]
    const isSame = after === undefined ? (before ?? null) === null : before !== undefined && equalJson(before, after)
    if (!isSame) setProperty(change, property, after ?? null)
    // The status follows the content id in CII_PROPERTIES, so the order of the message is preserved.
    if (property === 'contentId' && change.contentId !== undefined) change.contentIdStatus = to.contentIdStatus ?? null
  }
  return change
}

/** Merges two consecutive messages into one. Properties of the second take precedence. */
export function mergeCii(first: Cii, second: Cii): Cii {
  const merged: Cii = {}
  for (const property of CII_PROPERTIES) {
    const value = second[property] === undefined ? first[property] : second[property]
    if (value !== undefined) setProperty(merged, property, value)
  }
  return merged
}

/**
 * The state after applying a message. Properties absent from the message keep their value; null properties become null. A property
 * is absent from the state only if it was never sent. The arguments are not modified; the result shares lists with them.
 */
export function applyCii(state: Cii, change: Cii): Cii {
  return mergeCii(state, change)
}
