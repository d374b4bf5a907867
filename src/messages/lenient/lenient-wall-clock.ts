import {
  decodeWallClockJson,
  decodeWallClockMessage,
  requireObject,
  WALL_CLOCK_MESSAGE_BYTES,
  type WallClockMessage,
  WallClockMessageType,
} from '../index.js'
import type { Forgiveness } from './forgiveness.js'
import { fieldOf, parseJsonLeniently, readNumberLeniently, textOfBinaryFrame } from './lenient-json.js'

const FIELDS = ['v', 't', 'p', 'mfe', 'otvs', 'otvn', 'rt', 'tt'] as const
const PRECISION_AT = 2
const RESERVED_AT = 3

/** An answer, and the encoding in which it came. */
export interface LenientWallClockAnswer {
  readonly message: WallClockMessage
  /** Whether its times are rounded to doubles. */
  readonly isJson: boolean
}

/**
 * Decodes an answer of a wall clock server, which the caller must match with a request before it trusts any of it.
 *
 * Values that contribute to the error bound are never improved: a precision field of 0 remains one second.
 * @throws MessageError if a time or one of the quantities of the error bound is not a number.
 */
export function readWallClockAnswerLeniently(
  data: Uint8Array | string,
  forgiveness: Forgiveness,
): LenientWallClockAnswer {
  if (typeof data === 'string') return { message: readJson(data, forgiveness), isJson: true }
  const text = data.length > WALL_CLOCK_MESSAGE_BYTES ? textOfBinaryFrame(data, forgiveness) : undefined
  if (text !== undefined) return { message: readJson(text, forgiveness), isJson: true }
  return { message: readBytes(data, forgiveness), isJson: false }
}

function readBytes(data: Uint8Array, forgiveness: Forgiveness): WallClockMessage {
  const { length } = data
  if (length > WALL_CLOCK_MESSAGE_BYTES) {
    forgiveness.add('trailing-bytes', 'length', `${WALL_CLOCK_MESSAGE_BYTES} bytes`, length)
  }
  const bytes = data.slice(0, WALL_CLOCK_MESSAGE_BYTES)
  const [version = 0, , precision = 0, reserved = 0] = bytes
  if (length >= WALL_CLOCK_MESSAGE_BYTES && version !== 0) {
    forgiveness.add('wrong-version', 'version', '0', version)
    bytes[0] = 0
  }
  const message = decodeWallClockMessage(bytes)
  if (reserved !== 0) forgiveness.add('reserved-byte', `byte ${RESERVED_AT}`, '0', reserved)
  if (precision === 0) {
    forgiveness.add('precision-zero', `byte ${PRECISION_AT}`, 'the precision of the clock', precision, 'that is 1 s')
  }
  return asResponse(message, forgiveness)
}

function readJson(text: string, forgiveness: Forgiveness): WallClockMessage {
  const source = requireObject('wall clock message', parseJsonLeniently(text, forgiveness))
  const fields: Record<string, number> = {}
  for (const name of FIELDS) {
    const value = fieldOf(source, name, '', forgiveness)
    const isVersion = name === 'v'
    if (isVersion && value === undefined) forgiveness.add('missing', name, '0', value)
    else fields[name] = readNumberLeniently(name, value, forgiveness)
  }
  const { v = 0 } = fields
  if (v !== 0) forgiveness.add('wrong-version', 'v', '0', v)
  return asResponse(decodeWallClockJson({ ...fields, v: 0 }), forgiveness)
}

/**
 * Corrects the type of an answer in which the server has left the type of the request. A message without times is our own request,
 * returned by an echo server; the caller ignores it because of its type.
 */
function asResponse(message: WallClockMessage, forgiveness: Forgiveness): WallClockMessage {
  const { type, receiveNanos, transmitNanos } = message
  if (type !== WallClockMessageType.request || receiveNanos === 0n || transmitNanos === 0n) return message
  forgiveness.add('request-type', 'type', 'a response', type)
  return { ...message, type: WallClockMessageType.response }
}
