import {
  MessageError,
  parseJson,
  readFiniteNumber,
  readNonEmptyString,
  readString,
  requireObject,
  type UnknownObject,
} from '../../messages/index.js'
import { readBoolean, readCommand, readSeconds, readWithin, type TelevisionCommand } from './commands.js'

/** Which page it is: the picture, that of a companion, or the remote control. */
export type PageRole = 'tv' | 'companion' | 'control'

const ROLES: readonly PageRole[] = ['tv', 'companion', 'control']

/** What the media element of the driving page does. */
export type PlaybackState = 'playing' | 'paused' | 'seeking' | 'waiting' | 'ended'

const PLAYBACK_STATES: readonly PlaybackState[] = ['playing', 'paused', 'seeking', 'waiting', 'ended']

/** Said first by every page. */
export interface Hello {
  readonly type: 'hello'
  readonly role: PageRole
  /** Needed by the control page where the television was given a token. */
  readonly token?: string
}

/** A page of the picture that wants to drive the timeline in place of the one that does. */
export interface DriveRequest {
  readonly type: 'drive'
}

/** The driving page switches to another programme. */
export interface ProgrammeChoice {
  readonly type: 'select'
  readonly programme: string
}

/** Where the media element of the driving page is, at a moment of the wall clock. */
export interface PlaybackReport {
  readonly type: 'playback'
  /** The id of the programme that is played. */
  readonly programme: string
  readonly state: PlaybackState
  /** Position in seconds: the timeline's. */
  readonly mediaSeconds: number
  /** When the element was there: nanoseconds of the wall clock, as a decimal string, because they do not fit a number. */
  readonly wallClockNanos: string
  /** 0 while paused, seeking, waiting and at the end; otherwise the playback rate. */
  readonly speed: number
  /** Null while unknown, and for live media. */
  readonly durationSeconds: number | null
}

/** The page cannot play the programme. */
export interface MediaFailure {
  readonly type: 'media-failed'
  readonly programme: string
  /** The reason, for people. */
  readonly detail: string
}

/** The delay of its device that the user of a companion page has set. */
export interface Calibration {
  readonly type: 'calibration'
  /** By how much its player is ahead of what is seen and heard, in seconds. */
  readonly renderingLatencySeconds: number
}

/** What a control page wants to be sent besides the state. */
export interface Watch {
  readonly type: 'watch'
  readonly messages: boolean
  readonly log: boolean
}

/** A press of a button on the control page. Answered by an {@link Answer} of the same id. */
export interface CommandRequest {
  readonly type: 'command'
  readonly id: number
  readonly command: TelevisionCommand
}

/** A message of a page to the television. */
export type PageMessage =
  | Hello
  | DriveRequest
  | ProgrammeChoice
  | PlaybackReport
  | MediaFailure
  | Calibration
  | Watch
  | CommandRequest

const MAX_TEXT = 1000
/** The highest rate that browsers have. */
const MAX_RATE = 16
const NANOS = /^-?\d{1,30}$/

/** Decodes and validates a message of a page. @throws MessageError */
export function decodePageMessage(text: string): PageMessage {
  const source = requireObject('message', parseJson(text))
  const type = readNonEmptyString('type', source.type)
  const read = Object.hasOwn(READERS, type) ? READERS[type as PageMessage['type']] : undefined
  if (read === undefined) throw new MessageError('invalid-value', 'type', Object.keys(READERS).join(', '), type)
  return read(source)
}

const READERS: { readonly [Type in PageMessage['type']]: (source: UnknownObject) => PageMessage } = {
  hello: (source) => {
    const role = readWord('role', source.role, ROLES)
    return source.token === undefined
      ? { type: 'hello', role }
      : { type: 'hello', role, token: readToken(source.token) }
  },
  drive: () => ({ type: 'drive' }),
  select: (source) => ({ type: 'select', programme: readText('programme', source.programme) }),
  playback: (source) => ({
    type: 'playback',
    programme: readText('programme', source.programme),
    state: readWord('state', source.state, PLAYBACK_STATES),
    mediaSeconds: readSeconds('mediaSeconds', source.mediaSeconds),
    wallClockNanos: readNanos('wallClockNanos', source.wallClockNanos),
    speed: readWithin('speed', source.speed, 0, MAX_RATE),
    durationSeconds: source.durationSeconds === null ? null : readSeconds('durationSeconds', source.durationSeconds),
  }),
  'media-failed': (source) => ({
    type: 'media-failed',
    programme: readText('programme', source.programme),
    detail: readText('detail', source.detail),
  }),
  calibration: (source) => ({
    type: 'calibration',
    renderingLatencySeconds: readSeconds('renderingLatencySeconds', source.renderingLatencySeconds),
  }),
  watch: (source) => ({
    type: 'watch',
    messages: readBoolean('messages', source.messages),
    log: readBoolean('log', source.log),
  }),
  command: (source) => ({
    type: 'command',
    id: readFiniteNumber('id', source.id),
    command: readCommand('command', source.command),
  }),
}

/** Reads a string that may be shown and logged. */
function readText(field: string, value: unknown): string {
  const text = readString(field, value)
  if (text.length <= MAX_TEXT) return text
  throw new MessageError('invalid-value', field, `a string of at most ${MAX_TEXT} characters`, value)
}

/** Its error does not show it, because errors are logged. */
function readToken(value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT) return value
  throw new MessageError('invalid-value', 'token', `a string of at most ${MAX_TEXT} characters`, '(not shown)')
}

/** Reads a string that must be one of a few. */
function readWord<Word extends string>(field: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((each) => each === value)
  if (word !== undefined) return word
  throw new MessageError(value === undefined ? 'missing' : 'invalid-value', field, words.join(', '), value)
}

function readNanos(field: string, value: unknown): string {
  if (typeof value === 'string' && NANOS.test(value)) return value
  throw new MessageError('invalid-value', field, 'an integer of at most 30 digits in a string', value)
}
