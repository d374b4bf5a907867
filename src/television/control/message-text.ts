import { decodeWallClockMessage, MessageError, WallClockMessageType } from '../../messages/index.js'
import { visible } from '../../validation/index.js'

/** Characters of one message; a CII message with every property has about 700. */
const MAX_CHARACTERS = 1000
const MAX_BYTES = 32

const TYPES = new Map(Object.entries(WallClockMessageType).map(([name, type]) => [type, name]))

/** A message for people: on one line, without characters that would disturb it. */
export function messageText(message: string | Uint8Array): string {
  return typeof message === 'string' ? visible(message, MAX_CHARACTERS) : binaryText(message)
}

function binaryText(bytes: Uint8Array): string {
  try {
    const { type, originateNanos, receiveNanos, transmitNanos } = decodeWallClockMessage(bytes)
    const name = TYPES.get(type) ?? type
    if (type === WallClockMessageType.request) return `${name}, sent at ${originateNanos}`
    return `${name} to ${originateNanos}, received at ${receiveNanos}, answered at ${transmitNanos}`
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    const hex = Buffer.from(bytes.subarray(0, MAX_BYTES)).toString('hex')
    return `${bytes.length} bytes: ${hex}${bytes.length > MAX_BYTES ? '…' : ''}`
  }
}
