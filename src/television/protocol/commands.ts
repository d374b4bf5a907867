import { MessageError, readFiniteNumber, readObject, readString } from '../../messages/index.js'

/** What the remote control of the television can do. */
export type TelevisionCommand =
  | { readonly name: 'play' }
  | { readonly name: 'pause' }
  /** Seeks to a position in seconds. */
  | { readonly name: 'seek'; readonly seconds: number }
  /** 1 is normal speed, 0 pauses; a negative one plays backwards, which only a television without a page can. */
  | { readonly name: 'speed'; readonly speed: number }
  /** Switches to one of the programmes. */
  | { readonly name: 'programme'; readonly programme: string }
  /** Changes the content id alone. */
  | { readonly name: 'content'; readonly contentId: string }
  /** The presentation status of CSS-CII: its first word is `okay`, `transitioning` or `fault`. */
  | { readonly name: 'status'; readonly presentationStatus: readonly string[] }
  /** Makes a timeline available or unavailable. */
  | { readonly name: 'timeline'; readonly selector: string; readonly available: boolean }

const NAMES = ['play', 'pause', 'seek', 'speed', 'programme', 'content', 'status', 'timeline']
const MAX_TEXT = 1000
const MAX_WORDS = 20
/** Thirty years: no media is longer, and whole nanoseconds and ticks stay exact enough. */
const MAX_SECONDS = 1e9

/** Validates a command from a page. @throws MessageError */
export function readCommand(field: string, value: unknown): TelevisionCommand {
  const source = readObject(field, value)
  const name = readString(`${field}.name`, source.name)
  switch (name) {
    case 'play':
    case 'pause':
      return { name }
    case 'seek':
      return { name, seconds: readSeconds(`${field}.seconds`, source.seconds) }
    case 'speed':
      return { name, speed: readFiniteNumber(`${field}.speed`, source.speed) }
    case 'programme':
      return { name, programme: readShort(`${field}.programme`, source.programme) }
    case 'content':
      return { name, contentId: readShort(`${field}.contentId`, source.contentId) }
    case 'status':
      return { name, presentationStatus: readWords(`${field}.presentationStatus`, source.presentationStatus) }
    case 'timeline':
      return {
        name,
        selector: readShort(`${field}.selector`, source.selector),
        available: readBoolean(`${field}.available`, source.available),
      }
    default:
      throw new MessageError('invalid-value', `${field}.name`, NAMES.join(', '), name)
  }
}

/** Reads a position or another time of media, in seconds. */
export function readSeconds(field: string, value: unknown): number {
  return readWithin(field, value, -MAX_SECONDS, MAX_SECONDS)
}

/** Reads a number within bounds. */
export function readWithin(field: string, value: unknown, min: number, max: number): number {
  const number = readFiniteNumber(field, value)
  if (number >= min && number <= max) return number
  throw new MessageError('invalid-value', field, `a number from ${min} to ${max}`, value)
}

/** Reads a property that must be a boolean. */
export function readBoolean(field: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new MessageError(value === undefined ? 'missing' : 'wrong-type', field, 'true or false', value)
}

function readShort(field: string, value: unknown): string {
  const text = readString(field, value)
  if (text !== '' && text.length <= MAX_TEXT) return text
  throw new MessageError('invalid-value', field, `a string of 1 to ${MAX_TEXT} characters`, value)
}

function readWords(field: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.length > MAX_WORDS) {
    throw new MessageError('invalid-value', field, `a list of at most ${MAX_WORDS} words`, value)
  }
  return value.map((word, index) => readShort(`${field}[${index}]`, word))
}
