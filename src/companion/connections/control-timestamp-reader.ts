import { type ControlTimestamp, decodeControlTimestamp, MessageError } from '../../messages/index.js'
import {
  type Forgiveness,
  type LenientControlTimestamp,
  readControlTimestampLeniently,
} from '../../messages/lenient/index.js'

/** No programme has larger values, and clocks would overflow: 10³⁰ ns are 3 × 10¹³ years. */
const MAX_TIME = 1e30
const MAX_SPEED = 1e6

/**
 * Decodes a control timestamp from parsed JSON and checks that a clock can follow it.
 * @param text that it was parsed from.
 * @param forgiveness undefined: strictly.
 * @throws MessageError that names the property.
 */
export function readControlTimestamp(
  message: unknown,
  text: string,
  forgiveness: Forgiveness | undefined,
): LenientControlTimestamp {
  const read =
    forgiveness === undefined
      ? { timestamp: decodeControlTimestamp(message), contentTimeError: 0, wallClockTimeError: 0 }
      : readControlTimestampLeniently(message, text, forgiveness)
  requirePlausible(read.timestamp)
  return read
}

/** Checks ranges: the wire format allows integers and speeds that clocks cannot represent. @throws MessageError */
function requirePlausible({ contentTime, wallClockTime, timelineSpeedMultiplier }: ControlTimestamp): void {
  for (const [field, time] of Object.entries({ contentTime, wallClockTime })) {
    if (time === null || Math.abs(Number(time)) <= MAX_TIME) continue
    throw new MessageError('invalid-value', field, `a time of at most ${MAX_TIME}`, time)
  }
  if (timelineSpeedMultiplier === null || Math.abs(timelineSpeedMultiplier) <= MAX_SPEED) return
  const expected = `a speed of at most ${MAX_SPEED}`
  throw new MessageError('invalid-value', 'timelineSpeedMultiplier', expected, timelineSpeedMultiplier)
}

/** A control timestamp that reports the timeline as unavailable; used for messages that are otherwise invalid. */
export const UNAVAILABLE: LenientControlTimestamp = {
  timestamp: { contentTime: null, wallClockTime: 0n, timelineSpeedMultiplier: null },
  contentTimeError: 0,
  wallClockTimeError: 0,
}
const PROPERTIES: readonly (keyof ControlTimestamp)[] = ['contentTime', 'wallClockTime', 'timelineSpeedMultiplier']

/**
 * Determines what an invalid message implies for the timeline. Content time and speed are null together where it is unavailable (TS
 * 103 286-2, clause 5.7), so a null in either means that, whatever is wrong with the rest. An object without any
 * property of a control timestamp is some other message.
 */
export function meaningOfInvalid(message: unknown): 'unavailable' | 'nothing' | 'unknown' {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'unknown'
  const { contentTime, timelineSpeedMultiplier } = message as { [key: string]: unknown }
  if (contentTime === null || timelineSpeedMultiplier === null) return 'unavailable'
  return PROPERTIES.some((name) => Object.hasOwn(message, name)) ? 'unknown' : 'nothing'
}
