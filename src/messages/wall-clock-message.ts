import { NANOS_PER_SECOND } from '../clocks/index.js'
import { MessageError } from './message-error.js'
import {
  decodeMaxFreqError,
  decodePrecision,
  encodeMaxFreqError,
  encodePrecision,
  joinNanos,
  readUint32,
  splitNanos,
} from './wall-clock-fields.js'

/** Message types of the wall clock protocol, with their values on the wire (TS 103 286-2, clause 8). */
export const WallClockMessageType = {
  /** A request of a client. */
  request: 0,
  /** A response without a follow-up. */
  response: 1,
  /** A response that will be completed by a follow-up with a more accurate transmit time. */
  responseWithFollowUp: 2,
  /** A message that corrects the transmit time of the response before. */
  followUp: 3,
} as const

export type WallClockMessageType = (typeof WallClockMessageType)[keyof typeof WallClockMessageType]

/** A request, response or follow-up of the wall clock protocol. */
export interface WallClockMessage {
  /** The kind of message: see {@link WallClockMessageType}. */
  type: WallClockMessageType
  /** Precision of the sender's clock, in seconds. */
  precisionSeconds: number
  /** Maximum frequency error of the sender's oscillator, in parts per million. */
  maxFreqErrorPpm: number
  /** Time when the request was sent, by the client's clock, in nanoseconds. */
  originateNanos: bigint
  /**
   * The originate time as encoded on the wire, present if its nanoseconds field is 10⁹ or more. Clients use the eight bytes as a
   * cookie, so a response must echo values that `originateNanos` cannot represent.
   */
  originateFields?: readonly [seconds: number, nanos: number]
  /** Time when the request was received, by the server's clock, in nanoseconds. */
  receiveNanos: bigint
  /** Time when the response was sent, by the server's clock, in nanoseconds. */
  transmitNanos: bigint
}

/** Length of every message, in bytes. */
export const WALL_CLOCK_MESSAGE_BYTES = 32

const VERSION = 0

/**
 * Decodes a message from its 32 bytes (TS 103 286-2 clause 8).
 * @throws MessageError `wrong-length`, `wrong-version`, or `invalid-value` for an unknown type.
 */
export function decodeWallClockMessage(bytes: Uint8Array): WallClockMessage {
  if (!(bytes instanceof Uint8Array)) throw new MessageError('wrong-type', 'wall clock message', 'bytes', bytes)
  if (bytes.length !== WALL_CLOCK_MESSAGE_BYTES) {
    throw new MessageError('wrong-length', 'length', `${WALL_CLOCK_MESSAGE_BYTES} bytes`, bytes.length)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, WALL_CLOCK_MESSAGE_BYTES)
  checkVersion('version', view.getUint8(0))
  const message: WallClockMessage = {
    type: checkType('type', view.getUint8(1)),
    precisionSeconds: decodePrecision(view.getInt8(2)),
    maxFreqErrorPpm: decodeMaxFreqError(view.getUint32(4)),
    originateNanos: joinNanos(view.getUint32(8), view.getUint32(12)),
    receiveNanos: joinNanos(view.getUint32(16), view.getUint32(20)),
    transmitNanos: joinNanos(view.getUint32(24), view.getUint32(28)),
  }
  return keepOriginateFields(message, view.getUint32(8), view.getUint32(12))
}

/**
 * Encodes a message as 32 bytes. Precision and frequency error are rounded up and clamped to the range of their fields.
 * @throws MessageError if a time is negative, its seconds exceed 32 bits, or another field is invalid.
 */
export function encodeWallClockMessage(message: WallClockMessage): Uint8Array {
  const bytes = new Uint8Array(WALL_CLOCK_MESSAGE_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setUint8(1, checkType('type', message.type))
  view.setInt8(2, encodePrecision(message.precisionSeconds))
  view.setUint32(4, encodeMaxFreqError(message.maxFreqErrorPpm))
  setTime(view, 8, originateFieldsOf(message))
  setTime(view, 16, splitNanos('receiveNanos', message.receiveNanos))
  setTime(view, 24, splitNanos('transmitNanos', message.transmitNanos))
  return bytes
}

/** Whether two messages are equal, including the bytes of the originate time. */
export function equalWallClockMessages(a: WallClockMessage, b: WallClockMessage): boolean {
  return (
    a.type === b.type &&
    a.precisionSeconds === b.precisionSeconds &&
    a.maxFreqErrorPpm === b.maxFreqErrorPpm &&
    a.originateNanos === b.originateNanos &&
    a.originateFields?.[0] === b.originateFields?.[0] &&
    a.originateFields?.[1] === b.originateFields?.[1] &&
    a.receiveNanos === b.receiveNanos &&
    a.transmitNanos === b.transmitNanos
  )
}

/** The originate time as its two encoded fields. */
export function originateFieldsOf(message: WallClockMessage): readonly [seconds: number, nanos: number] {
  const fields = message.originateFields
  if (fields === undefined) return splitNanos('originateNanos', message.originateNanos)
  const [seconds, nanos] = fields
  readUint32('originateFields[0]', seconds)
  readUint32('originateFields[1]', nanos)
  if (joinNanos(seconds, nanos) !== message.originateNanos) {
    throw new MessageError('invalid-value', 'originateFields', `the time of originateNanos`, fields)
  }
  return fields
}

/** Adds the encoded originate time to a message if `originateNanos` cannot represent it. */
export function keepOriginateFields(message: WallClockMessage, seconds: number, nanos: number): WallClockMessage {
  if (nanos >= NANOS_PER_SECOND) message.originateFields = [seconds, nanos]
  return message
}

export function checkVersion(field: string, version: number): void {
  if (version !== VERSION) throw new MessageError('wrong-version', field, `${VERSION}`, version)
}

export function checkType(field: string, type: number): WallClockMessageType {
  if (type === 0 || type === 1 || type === 2 || type === 3) return type
  throw new MessageError('invalid-value', field, 'a type from 0 to 3', type)
}

function setTime(view: DataView, offset: number, [seconds, nanos]: readonly [number, number]): void {
  view.setUint32(offset, seconds)
  view.setUint32(offset + 4, nanos)
}
