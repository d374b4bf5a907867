import {
  type ControlTimestamp,
  decodeControlTimestamp,
  MessageError,
  mistyped,
  requireObject,
  type UnknownObject,
} from '../index.js'
import { literalOf, parseDecimal, spacingOfDoubles } from './decimal.js'
import type { Forgiveness } from './forgiveness.js'
import { fieldOf, keyOf, readNumberLeniently } from './lenient-json.js'

/** A control timestamp, with the maximum rounding errors of its times. */
export interface LenientControlTimestamp {
  readonly timestamp: ControlTimestamp
  /** In ticks of the timeline. */
  readonly contentTimeError: number
  /** In nanoseconds. */
  readonly wallClockTimeError: number
}

interface Time {
  readonly value: bigint
  readonly error: number
}

const INTEGER_EXPECTED = 'an integer in a string'
const UNAVAILABLE_EFFECT = 'the timeline is unavailable'

/**
 * Decodes a control timestamp. Times may be JSON numbers or decimals in other notation; null in either of content time and speed
 * means that the timeline is unavailable, whatever the other properties are.
 *
 * @param text that the value was parsed from, which has the digits that a double cannot hold.
 * @throws MessageError if a time or the speed of an available timeline is not a number. Nothing is guessed.
 */
export function readControlTimestampLeniently(
  value: unknown,
  text: string,
  forgiveness: Forgiveness,
): LenientControlTimestamp {
  const source = requireObject('control timestamp', value)
  try {
    return { timestamp: decodeControlTimestamp(source), contentTimeError: 0, wallClockTimeError: 0 }
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
  }
  const contentTime = fieldOf(source, 'contentTime', '', forgiveness)
  const speed = fieldOf(source, 'timelineSpeedMultiplier', '', forgiveness)
  if (contentTime === null || speed === null) return unavailable(source, forgiveness)
  const content = readTime(source, 'contentTime', text, forgiveness)
  const wallClock = readTime(source, 'wallClockTime', text, forgiveness)
  const timelineSpeedMultiplier = readNumberLeniently('timelineSpeedMultiplier', speed, forgiveness)
  return {
    timestamp: { contentTime: content.value, wallClockTime: wallClock.value, timelineSpeedMultiplier },
    contentTimeError: content.error,
    wallClockTimeError: wallClock.error,
  }
}

function unavailable(source: UnknownObject, forgiveness: Forgiveness): LenientControlTimestamp {
  const expected = 'contentTime and timelineSpeedMultiplier null together, beside a wallClockTime'
  forgiveness.add('partly-null', 'control timestamp', expected, source, UNAVAILABLE_EFFECT)
  return {
    timestamp: { contentTime: null, wallClockTime: 0n, timelineSpeedMultiplier: null },
    contentTimeError: 0,
    wallClockTimeError: 0,
  }
}

function readTime(source: UnknownObject, field: string, text: string, forgiveness: Forgiveness): Time {
  const key = keyOf(source, field)
  const value = fieldOf(source, field, '', forgiveness)
  if (typeof value === 'string') return readTimeInString(field, value, forgiveness)
  if (typeof value !== 'number') throw mistyped(field, INTEGER_EXPECTED, value)
  const decimal = parseDecimal((key && literalOf(text, key, value)) ?? `${value}`)
  if (decimal === undefined) throw new MessageError('invalid-value', field, INTEGER_EXPECTED, value)
  forgiveness.add('number-for-string', field, INTEGER_EXPECTED, value)
  const error = Math.max(decimal.error, spacingOfDoubles(value))
  if (decimal.isRounded) forgiveness.add('fraction', field, 'an integer', value, 'rounded')
  if (error >= 1) forgiveness.add('inexact-number', field, INTEGER_EXPECTED, value, `exact to ${error}`)
  return { value: decimal.value, error }
}

function readTimeInString(field: string, value: string, forgiveness: Forgiveness): Time {
  const trimmed = value.trim()
  const decimal = parseDecimal(trimmed)
  if (decimal === undefined) throw new MessageError('invalid-value', field, INTEGER_EXPECTED, value)
  if (trimmed !== value) forgiveness.add('white-space', field, INTEGER_EXPECTED, value)
  if (decimal.isRounded) forgiveness.add('fraction', field, 'an integer', value, 'rounded')
  else if (trimmed !== `${decimal.value}`) forgiveness.add('number-form', field, INTEGER_EXPECTED, value)
  if (decimal.error >= 1) {
    forgiveness.add('inexact-number', field, INTEGER_EXPECTED, value, `exact to ${decimal.error}`)
  }
  return decimal
}
