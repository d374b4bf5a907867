import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeCii,
  decodeControlTimestamp,
  decodeWallClockMessage,
  encodeCii,
  MessageError,
  parseJson,
} from '../../../src/messages/index.js'
import {
  Forgiveness,
  parseJsonLeniently,
  readCiiLeniently,
  readControlTimestampLeniently,
  readSetupDataLeniently,
  readWallClockAnswerLeniently,
} from '../../../src/messages/lenient/index.js'

/** What a reader makes of a text, and what it forgave. */
function read<T>(text: string, reader: (value: unknown, text: string, forgiveness: Forgiveness) => T) {
  const forgiveness = new Forgiveness()
  const value = reader(parseJsonLeniently(text, forgiveness), text, forgiveness)
  return { value, kinds: Object.fromEntries(forgiveness.counts) }
}
const cii = (value: unknown, _text: string, forgiveness: Forgiveness) => readCiiLeniently(value, false, forgiveness)

/** JSON in which the names and words of the protocols are likely. */
const NAMES = [
  'contentTime',
  'wallClockTime',
  'timelineSpeedMultiplier',
  'timelines',
  'private',
  'wcUrl',
  'presentationStatus',
]
const MORE = [
  'contentId',
  'contentIdStatus',
  'timelineSelector',
  'timelineProperties',
  'unitsPerTick',
  'unitsPerSecond',
  'accuracy',
]
const name = fc.oneof(
  fc.constantFrom(...NAMES, ...MORE, 'contentIdStem', 'v', 't', 'p', 'mfe', 'otvs', 'otvn', 'rt', 'tt'),
  fc.string(),
)
const leaf = fc.oneof(
  fc.constantFrom(null, true, '', '1', ' 05', '1e9', 'okay', 'urn:dvb:css:timeline:pts'),
  fc.double(),
  fc.string(),
)
const { value: anyMessage } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 8 }),
  ),
}))

describe('a lenient reader', () => {
  it('throws nothing but a MessageError, whatever it reads', () => {
    fc.assert(
      fc.property(
        anyMessage,
        fc.constantFrom('', '\ufeff', ' '),
        fc.constantFrom('', '\0', '\n'),
        (message, before, after) => {
          const text = `${before}${JSON.stringify(message) ?? 'null'}${after}`
          const readers = [
            cii,
            readControlTimestampLeniently,
            (value: unknown, _text: string, forgiveness: Forgiveness) => readSetupDataLeniently(value, forgiveness),
            (_value: unknown, _text: string, forgiveness: Forgiveness) =>
              readWallClockAnswerLeniently(text, forgiveness),
            (_value: unknown, _text: string, forgiveness: Forgiveness) =>
              readWallClockAnswerLeniently(Buffer.from(text), forgiveness),
          ]
          for (const reader of readers) {
            try {
              read(text, reader as typeof cii)
            } catch (error) {
              expect(error).toBeInstanceOf(MessageError)
            }
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('makes of CII what is valid: what it has read can be encoded', () => {
    fc.assert(
      fc.property(fc.dictionary(name, anyMessage, { maxKeys: 8 }), (message) => {
        const { value } = read(JSON.stringify(message), cii)
        expect(decodeCii(parseJson(encodeCii(value)))).toEqual(value)
      }),
      { numRuns: 2000 },
    )
  })

  it('forgives nothing in what is valid, and reads the same', () => {
    const timestamp = '{"contentTime":"5","wallClockTime":"-7","timelineSpeedMultiplier":0.5}'
    expect(read(timestamp, readControlTimestampLeniently)).toEqual({
      value: { timestamp: decodeControlTimestamp(parseJson(timestamp)), contentTimeError: 0, wallClockTimeError: 0 },
      kinds: {},
    })
    const state =
      '{"contentId":"a:b","contentIdStatus":"final","presentationStatus":"okay urn:x","wcUrl":null,"unknown":7}'
    expect(read(state, cii)).toEqual({ value: decodeCii(parseJson(state)), kinds: {} })
    const bytes = Buffer.alloc(32).fill(1)
    bytes.set([0, 1, 0xf0, 0])
    const forgiveness = new Forgiveness()
    expect(readWallClockAnswerLeniently(bytes, forgiveness)).toEqual({
      message: decodeWallClockMessage(bytes),
      isJson: false,
    })
    expect(forgiveness.counts.size).toBe(0)
  })

  it.each([
    ['12345', 12_345n, 0],
    ['9007199254740993', 9_007_199_254_740_993n, 2],
    ['1.5e3', 1500n, 100],
    ['1.7e18', 1_700_000_000_000_000_000n, 1e17],
    ['2.5', 3n, 0.5],
    ['-2.25', -2n, 0.5],
  ])('reads the number %s as %s with an error of up to %s', (literal, wallClockTime, error) => {
    const text = `{"contentTime":"1","wallClockTime": ${literal},"timelineSpeedMultiplier":1}`
    const { value } = read(text, readControlTimestampLeniently)
    expect(value.timestamp.wallClockTime).toBe(wallClockTime)
    expect(value.wallClockTimeError).toBe(error)
  })

  it.each(['1e999', '-1e60', '"0x10"', '"1 2"', '"Infinity"', 'true', '[]', '{}', '""'])(
    'guesses no time from %s',
    (time) => {
      const text = `{"contentTime":${time},"wallClockTime":"0","timelineSpeedMultiplier":1}`
      expect(() => read(text, readControlTimestampLeniently)).toThrow(MessageError)
    },
  )

  it('reads the digits of a number only where there is no doubt which they are', () => {
    const inside =
      '{"a":{"contentTime":9007199254740993},"contentTime":9007199254740994,"wallClockTime":"0","timelineSpeedMultiplier":1}'
    expect(read(inside, readControlTimestampLeniently).value.timestamp.contentTime).toBe(9_007_199_254_740_994n)
  })

  it('reports a few deviations of a message, and counts all', () => {
    const forgiveness = new Forgiveness()
    const timelines = Array.from({ length: 10_000 }, () => 7)
    expect(readCiiLeniently({ timelines }, false, forgiveness)).toEqual({ timelines: [] })
    expect(forgiveness.counts.get('invalid-property')).toBe(10_000)
    expect(forgiveness.reports).toHaveLength(16)
  })

  it('reads a large hostile message in time that is proportional to its length', () => {
    const before = performance.now()
    const many = `{${'"contentTime":1,'.repeat(60_000)}"wallClockTime":1,"timelineSpeedMultiplier":1}`
    read(many, readControlTimestampLeniently)
    read(
      `{"contentTime":1,${'"x":" ",'.repeat(100_000)}"wallClockTime":1,"timelineSpeedMultiplier":1}`,
      readControlTimestampLeniently,
    )
    read(`{}${' \0'.repeat(500_000)}`, cii)
    // Tens of milliseconds on a free core.
    expect(performance.now() - before).toBeLessThan(5000)
  })
})
