import { type PrivateData, readPrivateData } from './private-data.js'
import { readNonEmptyString, readString, requireObject } from './read-field.js'

/** The first message of a CSS-TS client: which timeline of which content it wants. */
export interface SetupData {
  /** What the TV's content id must start with; the empty stem fits any content. */
  contentIdStem: string
  /** A URI, for example `urn:dvb:css:timeline:pts`. */
  timelineSelector: string
  /** Private data for the television (TS 103 286-2, clause 5.7.3). Default: none. */
  private?: PrivateData[]
}

/**
 * Reads setup-data from a parsed JSON value. A client that leaves the stem out, as some in the field do, gets the
 * empty one; {@link hasContentIdStem} tells.
 * @throws MessageError that names the property.
 */
export function decodeSetupData(value: unknown): SetupData {
  const source = requireObject('setup-data', value)
  const stem = source.contentIdStem
  const setup: SetupData = {
    contentIdStem: stem === undefined ? '' : readString('contentIdStem', stem),
    timelineSelector: readNonEmptyString('timelineSelector', source.timelineSelector),
  }
  const privateData = source.private
  if (privateData !== undefined) setup.private = readPrivateData('private', privateData)
  return setup
}

/** Whether a parsed JSON value says which content it wants. The specification demands it; not every client does. */
export function hasContentIdStem(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'contentIdStem' in value && value.contentIdStem !== undefined
}

/** Writes setup-data. @throws MessageError if {@link decodeSetupData} would refuse it. */
export function encodeSetupData(setup: SetupData): string {
  return JSON.stringify(decodeSetupData(setup))
}
