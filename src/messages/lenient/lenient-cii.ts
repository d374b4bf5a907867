import { CII_PROPERTIES, type Cii, FIRST_STATUS_WORDS, MessageError, requireObject, setProperty } from '../index.js'
import type { Forgiveness } from './forgiveness.js'
import { fieldOf } from './lenient-json.js'
import { readPrivateDataLeniently } from './lenient-private-data.js'
import { readTimelinesLeniently } from './lenient-timelines.js'

/** Reads a value that is neither undefined nor null. Null: it is unknown. @throws MessageError if it is not understood. */
type Reader<P extends keyof Cii> = (field: P, value: unknown, forgiveness: Forgiveness) => Cii[P] | null

const READERS: { readonly [P in keyof Cii]-?: Reader<P> } = {
  protocolVersion: readVersion,
  mrsUrl: readUrl,
  contentId: readText,
  contentIdStatus: readContentIdStatus,
  presentationStatus: readPresentationStatus,
  wcUrl: readUrl,
  tsUrl: readUrl,
  teUrl: readUrl,
  timelines: readTimelinesLeniently,
  private: readPrivateDataLeniently,
}

/**
 * Decodes a CII message. A property that is not understood is left out, as if the server had not sent it, and affects no other one.
 *
 * @param isFirst whether it is the first message of a connection, which must contain `protocolVersion`.
 * @throws MessageError if the message is not an object.
 */
export function readCiiLeniently(value: unknown, isFirst: boolean, forgiveness: Forgiveness): Cii {
  const source = requireObject('cii', value)
  const cii: Cii = {}
  for (const property of CII_PROPERTIES) {
    const given = fieldOf(source, property, '', forgiveness)
    const value = read(property, given, forgiveness)
    if (value !== undefined) setProperty(cii, property, value)
  }
  if (isFirst && cii.protocolVersion === undefined) {
    forgiveness.add('missing', 'protocolVersion', '"1.1" in the first message', undefined)
  }
  if (typeof cii.contentId === 'string' && cii.contentIdStatus === undefined) {
    forgiveness.add('missing', 'contentIdStatus', '"partial" or "final" beside a contentId', undefined)
  }
  return cii
}

function read(property: keyof Cii, given: unknown, forgiveness: Forgiveness): Cii[keyof Cii] {
  if (given === undefined || given === null) return given
  try {
    return (READERS[property] as Reader<keyof Cii>)(property, given, forgiveness)
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    forgiveness.add('invalid-property', property, 'a valid value', given, 'ignored')
    return undefined
  }
}

function readText(field: string, value: unknown, forgiveness: Forgiveness): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string') {
    forgiveness.add('list-for-string', field, 'a string', value)
    return value[0]
  }
  throw new MessageError('wrong-type', field, 'a string', value)
}

function readVersion(field: string, value: unknown, forgiveness: Forgiveness): string {
  if (typeof value !== 'number') return readText(field, value, forgiveness)
  forgiveness.add('number-for-string', field, 'a string', value)
  return `${value}`
}

function readUrl(field: string, value: unknown, forgiveness: Forgiveness): string | null {
  const url = readText(field, value, forgiveness)
  const trimmed = url.trim()
  if (trimmed === '') {
    forgiveness.add('empty-string', field, 'a URL', url, 'treated as null')
    return null
  }
  if (trimmed !== url) forgiveness.add('white-space', field, 'a URL without white space', url)
  return trimmed
}

function readContentIdStatus(field: string, value: unknown, forgiveness: Forgiveness): 'partial' | 'final' | null {
  const text = readText(field, value, forgiveness)
  if (text === 'partial' || text === 'final') return text
  const word = text.trim().toLowerCase()
  if (word === 'partial' || word === 'final') {
    forgiveness.add('value-case', field, '"partial" or "final"', text)
    return word
  }
  forgiveness.add('unknown-word', field, '"partial" or "final"', text, 'treated as null')
  return null
}

function readPresentationStatus(field: string, value: unknown, forgiveness: Forgiveness): string[] | null {
  const expected = 'a string of words separated by single spaces'
  let text: string
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) {
    forgiveness.add('list-for-string', field, expected, value)
    text = value.join(' ')
  } else {
    text = readText(field, value, forgiveness)
  }
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.join(' ') !== text) forgiveness.add('white-space', field, expected, text)
  const [first = ''] = words
  if (FIRST_STATUS_WORDS.includes(first)) return words
  const lowerCase = first.toLowerCase()
  if (FIRST_STATUS_WORDS.includes(lowerCase)) {
    forgiveness.add('value-case', field, 'okay, transitioning or fault', first)
    return [lowerCase, ...words.slice(1)]
  }
  forgiveness.add('unknown-word', field, 'okay, transitioning or fault first', text, 'treated as null')
  return null
}
