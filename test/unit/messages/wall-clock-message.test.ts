import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeMaxFreqError,
  decodePrecision,
  decodeWallClockJson,
  decodeWallClockMessage,
  encodeMaxFreqError,
  encodePrecision,
  encodeWallClockJson,
  encodeWallClockMessage,
  equalWallClockMessages,
  parseJson,
  WALL_CLOCK_MESSAGE_BYTES,
  type WallClockMessage,
} from '../../../src/messages/index.js'
import { expectRefusals, refusal } from './refusal.js'
import { wallClockJsonVectors, wallClockVectors } from './vectors/wall-clock-vectors.js'

const MAX_UINT32 = 0xffff_ffff
const response: WallClockMessage = {
  type: 1,
  precisionSeconds: 0.5,
  maxFreqErrorPpm: 50,
  originateNanos: 1n,
  receiveNanos: 2n,
  transmitNanos: 3n,
}
const nanos = fc.integer({ min: 0, max: 999_999_999 })
const uint32 = fc.nat(MAX_UINT32)

/** The bytes of messages such as a good sender makes; the originate time may be any eight bytes. */
const anyBytes = fc
  .tuple(fc.nat(3), fc.integer({ min: -128, max: 127 }), uint32, uint32, uint32, uint32, nanos, uint32, nanos)
  .map(([type, precision, ...words]) => {
    const view = new DataView(new ArrayBuffer(WALL_CLOCK_MESSAGE_BYTES))
    view.setUint8(1, type)
    view.setInt8(2, precision)
    for (const [index, word] of words.entries()) view.setUint32(4 + 4 * index, word)
    return new Uint8Array(view.buffer)
  })

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

describe.each(wallClockVectors)('The wall clock vector "$name"', ({ hex, message }) => {
  test('is read from its bytes', () => expect(decodeWallClockMessage(bytesOf(hex))).toStrictEqual(message))
  test('is written as its bytes', () => expect(encodeWallClockMessage(message)).toStrictEqual(bytesOf(hex)))
})

describe('A binary wall clock message', () => {
  test('that is read is written back with the same bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(encodeWallClockMessage(decodeWallClockMessage(bytes))).toStrictEqual(bytes)
      }),
    )
  })

  test('is read from where it stands in a larger buffer', () => {
    const buffer = new Uint8Array(100).fill(0xee)
    const [vector] = wallClockVectors.filter(({ message }) => message.type === 1)
    buffer.set(bytesOf(vector?.hex ?? ''), 33)
    expect(decodeWallClockMessage(buffer.subarray(33, 65))).toStrictEqual(vector?.message)
  })

  test('may have anything in the reserved byte', () => {
    const bytes = encodeWallClockMessage(response)
    bytes[3] = 0xff
    expect(decodeWallClockMessage(bytes)).toStrictEqual(response)
  })

  test('is refused for its length, its version or its type', () => {
    const bytes = (index: number, value: number) => encodeWallClockMessage(response).with(index, value)
    expectRefusals(
      (value) => decodeWallClockMessage(value as Uint8Array),
      [
        {
          value: new Uint8Array(31),
          kind: 'wrong-length',
          field: 'length',
          text: 'length: expected 32 bytes, received 31',
        },
        {
          value: new Uint8Array(33),
          kind: 'wrong-length',
          field: 'length',
          text: 'length: expected 32 bytes, received 33',
        },
        { value: bytes(0, 1), kind: 'wrong-version', field: 'version', text: 'version: expected 0, received 1' },
        {
          value: bytes(1, 4),
          kind: 'invalid-value',
          field: 'type',
          text: 'type: expected a type from 0 to 3, received 4',
        },
        {
          value: 'text',
          kind: 'wrong-type',
          field: 'wall clock message',
          text: 'wall clock message: expected bytes, received "text"',
        },
      ],
    )
  })

  test('is not written if a field does not fit', () => {
    const wrong = (change: object) => refusal(() => encodeWallClockMessage({ ...response, ...change })).field
    expect(wrong({ type: 4 })).toBe('type')
    expect(wrong({ precisionSeconds: -1 })).toBe('precisionSeconds')
    expect(wrong({ maxFreqErrorPpm: Number.NaN })).toBe('maxFreqErrorPpm')
    expect(wrong({ originateNanos: -1n })).toBe('originateNanos')
    expect(wrong({ receiveNanos: 2n ** 32n * 10n ** 9n })).toBe('receiveNanos')
    expect(wrong({ transmitNanos: 3 })).toBe('transmitNanos')
    expect(wrong({ originateFields: [1, 1] })).toBe('originateFields')
    expect(wrong({ originateFields: [0.5, 1] })).toBe('originateFields[0]')
    expect(wrong({ originateFields: [0, 2 ** 32] })).toBe('originateFields[1]')
  })

  test('differs from another in any one field', () => {
    const cookie = { ...response, originateNanos: 10n ** 9n, originateFields: [0, 10 ** 9] as const }
    expect(equalWallClockMessages(cookie, { ...cookie, originateFields: [0, 10 ** 9] })).toBe(true)
    expect(equalWallClockMessages(cookie, { ...response, originateNanos: 10n ** 9n })).toBe(false)
    const changes = [{ type: 2 as const }, { precisionSeconds: 1 }, { maxFreqErrorPpm: 1 }, { originateNanos: 9n }]
    for (const change of [...changes, { receiveNanos: 9n }, { transmitNanos: 9n }]) {
      expect(equalWallClockMessages(response, { ...response, ...change })).toBe(false)
    }
  })
})

describe('The precision field', () => {
  test('comes back as it was, for every value of the byte', () => {
    for (let exponent = -128; exponent <= 127; exponent++) {
      expect(encodePrecision(decodePrecision(exponent))).toBe(exponent)
    }
  })

  test('never promises more than the clock can hold, and wastes less than one step', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -127, max: 2 ** 127, noNaN: true }), (seconds) => {
        const written = decodePrecision(encodePrecision(seconds))
        expect(written).toBeGreaterThanOrEqual(seconds)
        expect(written / 2).toBeLessThan(seconds)
      }),
    )
  })

  test('rounds up just above a power of two', () => {
    expect([encodePrecision(2 ** -10 * (1 + Number.EPSILON)), encodePrecision(0.001)]).toEqual([-9, -9])
  })

  test('holds what is too small or too large within its byte', () => {
    expect([encodePrecision(0), encodePrecision(1e-300), encodePrecision(1e300)]).toEqual([-128, -128, 127])
  })
})

describe('The frequency error field', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(uint32, (units) => {
        expect(encodeMaxFreqError(decodeMaxFreqError(units))).toBe(units)
      }),
    )
  })

  test('rounds up, and holds what is too large', () => {
    expect([encodeMaxFreqError(0.001), encodeMaxFreqError(1.001), encodeMaxFreqError(1e300)]).toEqual([
      1,
      257,
      MAX_UINT32,
    ])
  })
})

describe.each(wallClockJsonVectors)('The wall clock JSON vector "$name"', ({ text, message }) => {
  test('is read from its text', () => expect(decodeWallClockJson(parseJson(text))).toStrictEqual(message))
  test('is written as its text', () => expect(encodeWallClockJson(message)).toBe(text))
})

describe('A wall clock message in JSON', () => {
  test('that is written is read back as it was, while floats of seconds can hold nanoseconds', () => {
    const time = fc.bigInt({ min: 0n, max: 2n ** 23n * 10n ** 9n - 1n })
    fc.assert(
      fc.property(time, time, anyBytes, (receiveNanos, transmitNanos, bytes) => {
        const message = { ...decodeWallClockMessage(bytes), receiveNanos, transmitNanos }
        expect(decodeWallClockJson(parseJson(encodeWallClockJson(message)))).toStrictEqual(message)
      }),
    )
  })

  test('is written with every nanosecond, however large the time', () => {
    const text = encodeWallClockJson({ ...response, receiveNanos: 4_294_967_295_000_000_001n, transmitNanos: 0n })
    expect(text).toContain('"rt":4294967295.000000001,"tt":0}')
  })

  test('is refused if it is wrong', () => {
    const right = { v: 0, t: 1, p: 0.5, mfe: 50, otvs: 1, otvn: 2, rt: 3, tt: 4 }
    const uint = `an integer from 0 to ${MAX_UINT32}`
    expectRefusals(decodeWallClockJson, [
      {
        value: 'x',
        kind: 'not-an-object',
        field: 'wall clock message',
        text: 'wall clock message: expected an object, received "x"',
      },
      { value: { ...right, v: 1 }, kind: 'wrong-version', field: 'v', text: 'v: expected 0, received 1' },
      { value: { ...right, v: '0' }, kind: 'wrong-type', field: 'v', text: 'v: expected a number, received "0"' },
      {
        value: { ...right, t: 4 },
        kind: 'invalid-value',
        field: 't',
        text: 't: expected a type from 0 to 3, received 4',
      },
      {
        value: { ...right, p: -1 },
        kind: 'invalid-value',
        field: 'p',
        text: 'p: expected a number that is 0 or more, received -1',
      },
      {
        value: { ...right, mfe: undefined },
        kind: 'missing',
        field: 'mfe',
        text: 'mfe: expected a number, it is missing',
      },
      {
        value: { ...right, otvs: 0.5 },
        kind: 'invalid-value',
        field: 'otvs',
        text: `otvs: expected ${uint}, received 0.5`,
      },
      {
        value: { ...right, otvn: 2 ** 32 },
        kind: 'invalid-value',
        field: 'otvn',
        text: `otvn: expected ${uint}, received ${2 ** 32}`,
      },
      {
        value: { ...right, rt: 2 ** 32 },
        kind: 'invalid-value',
        field: 'rt',
        text: `rt: expected seconds that fit 32 bits, received ${2 ** 32}`,
      },
      { value: { ...right, tt: null }, kind: 'wrong-type', field: 'tt', text: 'tt: expected a number, received null' },
    ])
  })
})
