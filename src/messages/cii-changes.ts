import { CII_PROPERTIES, type Cii, setProperty } from './cii.js'
import { equalJson } from './json.js'

/** Whether two CII messages say the same: absent is not null, and the order of keys does not matter. */
export function equalCii(a: Cii, b: Cii): boolean {
  return CII_PROPERTIES.every((property) => equalJson(a[property], b[property]))
}

/**
 * The least message that takes a receiver from one state to another. A property that is gone becomes null in the message,
 * unless it was null before: then the receiver has nothing to forget. A content id always has its status beside it.
 */
export function diffCii(from: Cii, to: Cii): Cii {
  const change: Cii = {}
  for (const property of CII_PROPERTIES) {
    const [before, after] = [from[property], to[property]]
    const isSame = after === undefined ? (before ?? null) === null : before !== undefined && equalJson(before, after)
    if (!isSame) setProperty(change, property, after ?? null)
    // The status stands right behind the content id in the list, so it keeps its place in the message.
    if (property === 'contentId' && change.contentId !== undefined) change.contentIdStatus = to.contentIdStatus ?? null
  }
  return change
}

/** The one message that does what two do in turn: what the second says goes before what the first says. */
export function mergeCii(first: Cii, second: Cii): Cii {
  const merged: Cii = {}
  for (const property of CII_PROPERTIES) {
    const value = second[property] === undefined ? first[property] : second[property]
    if (value !== undefined) setProperty(merged, property, value)
  }
  return merged
}

/**
 * The state after a message: what the message leaves out stays, and what it makes null is null, which is not the same as
 * absent: absent is what was never sent. Neither argument is changed; the result shares lists with them.
 */
export function applyCii(state: Cii, change: Cii): Cii {
  return mergeCii(state, change)
}
