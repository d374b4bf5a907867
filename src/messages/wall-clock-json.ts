import { NANOS_PER_SECOND } from '../clocks/index.js'
import { MessageError } from './message-error.js'
import { readFiniteNumber, readNonNegativeNumber, requireObject } from './read-field.js'
import { joinNanos, MAX_UINT32, readUint32, splitNanos } from './wall-clock-fields.js'
import {
  checkType,
  checkVersion,
  keepOriginateFields,
  originateFieldsOf,
  type WallClockMessage,
} from './wall-clock-message.js'

// The wall clock protocol as JSON over a WebSocket, for companions without UDP. This is an extension; the specification does not
// define it.

/**
 * Decodes a message from a parsed JSON value. The receive and transmit times are in seconds. They are exact to the nanosecond up to
 * 2²³ seconds (97 days), and to about a microsecond at the maximum.
 * @throws MessageError that names the invalid property.
 */
export function decodeWallClockJson(value: unknown): WallClockMessage {
  const { v, t, p, mfe, otvs, otvn, rt, tt } = requireObject('wall clock message', value)
  checkVersion('v', readFiniteNumber('v', v))
  const type = checkType('t', readFiniteNumber('t', t))
  const originateSeconds = readUint32('otvs', otvs)
  const originateNanos = readUint32('otvn', otvn)
  const message: WallClockMessage = {
    type,
    precisionSeconds: readNonNegativeNumber('p', p),
    maxFreqErrorPpm: readNonNegativeNumber('mfe', mfe),
    originateNanos: joinNanos(originateSeconds, originateNanos),
    receiveNanos: nanosOf('rt', rt),
    transmitNanos: nanosOf('tt', tt),
  }
  return keepOriginateFields(message, originateSeconds, originateNanos)
}

/**
 * Encodes a message as JSON. Times keep all nine digits of their fraction, however large they are.
 * @throws MessageError as {@link encodeWallClockMessage} does.
 */
export function encodeWallClockJson(message: WallClockMessage): string {
  const [originateSeconds, originateNanos] = originateFieldsOf(message)
  return (
    `{"v":0,"t":${checkType('type', message.type)},` +
    `"p":${readNonNegativeNumber('precisionSeconds', message.precisionSeconds)},` +
    `"mfe":${readNonNegativeNumber('maxFreqErrorPpm', message.maxFreqErrorPpm)},` +
    `"otvs":${originateSeconds},"otvn":${originateNanos},` +
    `"rt":${secondsText('receiveNanos', message.receiveNanos)},` +
    `"tt":${secondsText('transmitNanos', message.transmitNanos)}}`
  )
}

function nanosOf(field: string, value: unknown): bigint {
  const time = readNonNegativeNumber(field, value)
  const seconds = Math.floor(time)
  if (seconds > MAX_UINT32) throw new MessageError('invalid-value', field, 'seconds that fit 32 bits', value)
  // Separate the fraction before scaling: scaling the whole number would lose the nanoseconds to rounding.
  return joinNanos(seconds, Math.round((time - seconds) * NANOS_PER_SECOND))
}

// Formatted by hand, because a double of seconds loses nanoseconds after a few months.
function secondsText(field: string, time: bigint): string {
  const [seconds, nanos] = splitNanos(field, time)
  return nanos === 0 ? `${seconds}` : `${seconds}.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
}
