import { type PrivateData, readPrivateData } from './private-data.js'
import { readInteger, readList, readNonEmptyString, readNonNegativeNumber, readObject } from './read-field.js'

/** The tick rate of a timeline: `unitsPerSecond / unitsPerTick` ticks per second; both are positive integers. */
export interface TimelineProperties {
  /** The tick rate is `unitsPerSecond / unitsPerTick` ticks per second. */
  unitsPerTick: number
  /** The tick rate is `unitsPerSecond / unitsPerTick` ticks per second. */
  unitsPerSecond: number
  /** Accuracy of the timeline, in seconds. */
  accuracy?: number
}

/** A timeline that the TV offers for synchronisation. */
export interface TimelineOption {
  /** Timeline selector: a URI, for example `urn:dvb:css:timeline:pts`. */
  timelineSelector: string
  /** The tick rate and the accuracy of the timeline. */
  timelineProperties: TimelineProperties
  /** Data of the manufacturer or the application about this timeline. */
  private?: PrivateData[]
}

/** The tick rate of a timeline, in ticks per second. */
export function tickRateOf(properties: TimelineProperties): number {
  return properties.unitsPerSecond / properties.unitsPerTick
}

/**
 * Reads a list of timeline options into a copy.
 * @throws MessageError that names the option and the property.
 */
export function readTimelineOptions(field: string, value: unknown): TimelineOption[] {
  return readList(field, value).map((option, index) => readTimelineOption(`${field}[${index}]`, option))
}

function readTimelineOption(field: string, value: unknown): TimelineOption {
  const source = readObject(field, value)
  const option: TimelineOption = {
    timelineSelector: readNonEmptyString(`${field}.timelineSelector`, source.timelineSelector),
    timelineProperties: readTimelineProperties(`${field}.timelineProperties`, source.timelineProperties),
  }
  const privateData = source.private
  if (privateData !== undefined) option.private = readPrivateData(`${field}.private`, privateData)
  return option
}

function readTimelineProperties(field: string, value: unknown): TimelineProperties {
  const source = readObject(field, value)
  const properties: TimelineProperties = {
    unitsPerTick: readUnits(`${field}.unitsPerTick`, source.unitsPerTick),
    unitsPerSecond: readUnits(`${field}.unitsPerSecond`, source.unitsPerSecond),
  }
  const accuracy = source.accuracy
  if (accuracy !== undefined) properties.accuracy = readNonNegativeNumber(`${field}.accuracy`, accuracy)
  return properties
}

function readUnits(field: string, value: unknown): number {
  return readInteger(field, value, 1, Number.MAX_SAFE_INTEGER)
}
