import { freezeJson, parseJson } from './json.js'
import { MessageError } from './message-error.js'
import { checkPresentationStatus, decodePresentationStatus } from './presentation-status.js'
import { type PrivateData, readPrivateData } from './private-data.js'
import { mistyped, readString, requireObject } from './read-field.js'
import { readTimelineOptions, type TimelineOption } from './timeline-option.js'

/**
 * A CSS-CII message or state: the current content and the addresses of the other endpoints (TS 103 286-2, clause 5.6). In a message,
 * an absent property is unchanged and a null property has become null. In a state, null means that the server reported no value, and
 * absent means that it never sent the property.
 */
export interface Cii {
  /** The version of CSS-CII: `1.1`. */
  protocolVersion?: string | null
  /** URL of the Material Resolution Server. */
  mrsUrl?: string | null
  /** A URI, for example `dvb://233a.1004.1044`. */
  contentId?: string | null
  /** `partial` until the TV has received all metadata that the content id consists of. */
  contentIdStatus?: 'partial' | 'final' | null
  /** Space-free words. The first is `okay`, `transitioning` or `fault`; the others are extensions. */
  presentationStatus?: string[] | null
  /** `udp://host:port`; for companions in a browser, `ws://…`. */
  wcUrl?: string | null
  /** URL of the CSS-TS endpoint, `ws://` or `wss://`. */
  tsUrl?: string | null
  /** URL of the CSS-TE endpoint, `ws://` or `wss://`. */
  teUrl?: string | null
  /** The timelines that the television offers, in order of preference. */
  timelines?: TimelineOption[] | null
  /** Data of the manufacturer or the application (TS 103 286-2, clause 5.6). */
  private?: PrivateData[] | null
}

type Readers = { readonly [P in keyof Cii]-?: (field: string, value: unknown) => NonNullable<Cii[P]> }

const WIRE_READERS: Readers = {
  protocolVersion: readString,
  mrsUrl: readString,
  contentId: readString,
  contentIdStatus: readContentIdStatus,
  presentationStatus: decodePresentationStatus,
  wcUrl: readString,
  tsUrl: readString,
  teUrl: readString,
  timelines: readTimelineOptions,
  private: readPrivateData,
}

const STATE_READERS: Readers = { ...WIRE_READERS, presentationStatus: checkPresentationStatus }

/** Every property of a CII message, in the order in which they are written. */
export const CII_PROPERTIES: readonly (keyof Cii)[] = Object.keys(WIRE_READERS) as (keyof Cii)[]

/**
 * Decodes a CII message from a parsed JSON value. Unknown properties are ignored.
 * @throws MessageError that names the invalid property; the whole message is then rejected.
 */
export function decodeCii(value: unknown): Cii {
  return readCii(value, WIRE_READERS)
}

/** Decodes a CII message from a text frame. @throws MessageError */
export function parseCii(text: string | Uint8Array): Cii {
  return decodeCii(parseJson(text))
}

/**
 * Validates CII set by an application. The rules are those of {@link decodeCii}, with the presentation status as a list of words; in
 * addition, a content id requires its status.
 * @returns A deeply frozen copy without properties that are `undefined`.
 * @throws MessageError that names the invalid property.
 */
export function checkCii(value: unknown): Cii {
  const cii = readCii(value, STATE_READERS)
  if (typeof cii.contentId === 'string' && typeof cii.contentIdStatus !== 'string') {
    throw new MessageError(
      cii.contentIdStatus === null ? 'invalid-value' : 'missing',
      'contentIdStatus',
      '"partial" or "final" beside a contentId',
      cii.contentIdStatus,
    )
  }
  freezeJson(cii)
  return cii
}

/**
 * Encodes a CII message as JSON. Absent properties are omitted; null is written.
 * @throws MessageError if {@link decodeCii} would reject the message.
 */
export function encodeCii(cii: Cii): string {
  return encodeCheckedCii(readCii(cii, STATE_READERS))
}

/** {@link encodeCii} for properties that {@link checkCii} has checked; they are written in the order of {@link CII_PROPERTIES}. */
export function encodeCheckedCii(cii: Cii): string {
  const message: Record<string, unknown> = {}
  for (const property of CII_PROPERTIES) if (cii[property] !== undefined) message[property] = cii[property]
  if (cii.presentationStatus) message.presentationStatus = cii.presentationStatus.join(' ')
  return JSON.stringify(message)
}

function readCii(value: unknown, readers: Readers): Cii {
  const source = requireObject('cii', value)
  const cii: Cii = {}
  for (const property of CII_PROPERTIES) {
    const given = source[property]
    if (given !== undefined) setProperty(cii, property, given === null ? null : readers[property](property, given))
  }
  return cii
}

/**
 * Sets one property. The caller guarantees that the value belongs to the property, which the compiler cannot infer in a loop.
 */
export function setProperty(cii: Cii, property: keyof Cii, value: Cii[keyof Cii]): void {
  ;(cii as Record<keyof Cii, Cii[keyof Cii]>)[property] = value
}

function readContentIdStatus(field: string, value: unknown): 'partial' | 'final' {
  if (value === 'partial' || value === 'final') return value
  if (typeof value !== 'string') throw mistyped(field, '"partial" or "final"', value)
  throw new MessageError('invalid-value', field, '"partial" or "final"', value)
}
