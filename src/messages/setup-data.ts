import { type PrivateData, readPrivateData } from './private-data.js'
import { readNonEmptyString, readString, requireObject } from './read-field.js'

/** The first message of a CSS-TS client: the timeline and the content that it requests (TS 103 286-2, clause 5.7). */
export interface SetupData {
  /** Required prefix of the TV's content id; the empty stem matches any content. */
  contentIdStem: string
  /** A URI, for example `urn:dvb:css:timeline:pts`. */
  timelineSelector: string
  /** Private data for the television (TS 103 286-2, clause 5.7). Default: none. */
  private?: PrivateData[]
}

/**
 * Decodes setup-data from a parsed JSON value. A missing stem, which some clients in the field omit, becomes the empty one; use
 * `hasContentIdStem` to detect that.
 * @throws MessageError that names the invalid property.
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

/** Whether a parsed JSON value has a content id stem. The specification requires it, but some clients omit it. */
export function hasContentIdStem(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'contentIdStem' in value && value.contentIdStem !== undefined
}

/** Encodes setup-data as JSON. @throws MessageError if {@link decodeSetupData} would reject it. */
export function encodeSetupData(setup: SetupData): string {
  return JSON.stringify(decodeSetupData(setup))
}
