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

/** The types of wall clock messages, as they are numbered on the wire. */
export const WallClockMessageType = {
  request: 0,
  response: 1,
  /** A response that a follow-up, with a better transmit time, will complete. */
  responseWithFollowUp: 2,
  followUp: 3,
} as const

export type WallClockMessageType = (typeof WallClockMessageType)[keyof typeof WallClockMessageType]

/** A request or response of the wall clock protocol. */
export interface WallClockMessage {
  type: WallClockMessageType
  /** The resolution with which the sender's clock can be read. */
  precisionSeconds: number
  /** Of the sender's oscillator. */
  maxFreqErrorPpm: number
  /** When the request left, on the client's clock. */
  originateNanos: bigint
  /**
   * The originate time as it stood on the wire, where its nanoseconds make up a second or more. Clients use the eight
   * bytes as a cookie, so a response has to repeat what no count of nanoseconds could.
   */
  originateFields?: readonly [seconds: number, nanos: number]
  /** When the request came in, on the server's clock. */
  receiveNanos: bigint
  /** When the response left, on the server's clock. */
  transmitNanos: bigint
}

/** The length of every message. */
export const WALL_CLOCK_MESSAGE_BYTES = 32

const VERSION = 0

/**
 * Reads a message from its 32 bytes (TS 103 286-2 clause 8).
 * @throws MessageError `wrong-length`, `wrong-version`, or `invalid-value` for a type that does not exist.
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
 * Writes a message as its 32 bytes. Precision and frequency error are rounded up, and held within their fields.
 * @throws MessageError if a time is negative or its seconds do not fit 32 bits, or another field is no message's.
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

/** Whether two messages say exactly the same, down to the bytes of the originate time. */
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

/** The originate time as two fields of the wire. */
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

/** Adds to a message the originate time as it stood on the wire, if the count of nanoseconds would not give it back. */
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
