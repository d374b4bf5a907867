import {
  MessageError,
  mistyped,
  readNonEmptyString,
  readObject,
  type TimelineOption,
  type TimelineProperties,
  tickRateOfSelector,
  type UnknownObject,
} from '../index.js'
import type { Forgiveness } from './forgiveness.js'
import { fieldOf, readNumberLeniently } from './lenient-json.js'
import { readEntries } from './lenient-list.js'
import { readOptionalPrivateData } from './lenient-private-data.js'

/** Decimals of a tick rate that are kept: 23.976 is common, and 24000/1001 to six digits is exact to 50 ppb. */
const MAX_RATE_SCALE = 1_000_000

/** Reads the timelines that are understood. The others are left out. */
export function readTimelinesLeniently(field: string, value: unknown, forgiveness: Forgiveness): TimelineOption[] {
  return readEntries(field, value, forgiveness, (place, entry) => readTimeline(place, entry, forgiveness))
}

function readTimeline(place: string, entry: unknown, forgiveness: Forgiveness): TimelineOption {
  const isSelector = typeof entry === 'string'
  if (isSelector) forgiveness.add('string-for-object', place, 'an object', entry)
  const source = isSelector ? { timelineSelector: entry } : readObject(place, entry)
  const selectorField = `${place}.timelineSelector`
  const selector = readNonEmptyString(selectorField, fieldOf(source, 'timelineSelector', `${place}.`, forgiveness))
  const timelineProperties = readProperties(place, source, selector, forgiveness)
  const option: TimelineOption = { timelineSelector: selector, timelineProperties }
  const privateData = readOptionalPrivateData(`${place}.private`, source.private, forgiveness)
  if (privateData !== undefined) option.private = privateData
  return option
}

function readProperties(
  place: string,
  source: UnknownObject,
  selector: string,
  forgiveness: Forgiveness,
): TimelineProperties {
  const field = `${place}.timelineProperties`
  const given = fieldOf(source, 'timelineProperties', `${place}.`, forgiveness) ?? undefined
  const isMisplaced = given === undefined && source.unitsPerSecond !== undefined
  try {
    const properties = readObject(field, isMisplaced ? source : given)
    const read = readUnits(field, properties, forgiveness)
    if (isMisplaced) forgiveness.add('misplaced-property', field, 'the tick rate in it', undefined)
    return read
  } catch (error) {
    // The selector defines the tick rate of some timelines.
    const rate = tickRateOfSelector(selector)
    if (rate === undefined || !(error instanceof MessageError)) throw error
    forgiveness.add('missing', error.field, 'a tick rate', error.value, `the selector defines ${rate} ticks/s`)
    return { unitsPerTick: 1, unitsPerSecond: rate }
  }
}

function readUnits(field: string, source: UnknownObject, forgiveness: Forgiveness): TimelineProperties {
  const value = (name: string): unknown => fieldOf(source, name, `${field}.`, forgiveness)
  const positive = (name: string): number => {
    const number = readNumberLeniently(`${field}.${name}`, value(name), forgiveness)
    if (number > 0 && number <= Number.MAX_SAFE_INTEGER) return number
    throw new MessageError('invalid-value', `${field}.${name}`, 'a positive integer', number)
  }
  const properties = inIntegers(field, positive('unitsPerTick'), positive('unitsPerSecond'), forgiveness)
  const accuracy = readAccuracy(`${field}.accuracy`, value('accuracy'), forgiveness)
  if (accuracy !== undefined) properties.accuracy = accuracy
  return properties
}

function inIntegers(
  field: string,
  unitsPerTick: number,
  unitsPerSecond: number,
  forgiveness: Forgiveness,
): TimelineProperties {
  if (Number.isInteger(unitsPerTick) && Number.isInteger(unitsPerSecond)) return { unitsPerTick, unitsPerSecond }
  const rate = unitsPerSecond / unitsPerTick
  forgiveness.add('fraction', field, 'integers', `${unitsPerSecond}/${unitsPerTick}`)
  for (let scale = 1; scale <= MAX_RATE_SCALE; scale *= 10) {
    const [perTick, perSecond] = [Math.round(unitsPerTick * scale), Math.round(unitsPerSecond * scale)]
    const isClose = perTick > 0 && Math.abs(perSecond / perTick / rate - 1) <= Number.EPSILON * 4
    if (isClose && perTick <= Number.MAX_SAFE_INTEGER && perSecond <= Number.MAX_SAFE_INTEGER) {
      return { unitsPerTick: perTick, unitsPerSecond: perSecond }
    }
  }
  throw new MessageError('invalid-value', field, 'integers', rate)
}

function readAccuracy(field: string, value: unknown, forgiveness: Forgiveness): number | undefined {
  if (value === undefined) return undefined
  if (value === null) {
    forgiveness.add('unexpected-null', field, 'seconds', value, 'treated as absent')
    return undefined
  }
  try {
    const accuracy = readNumberLeniently(field, value, forgiveness)
    if (accuracy >= 0) return accuracy
    throw mistyped(field, 'a number that is 0 or more', value)
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    forgiveness.add('invalid-property', field, 'seconds', value, 'treated as absent')
    return undefined
  }
}
