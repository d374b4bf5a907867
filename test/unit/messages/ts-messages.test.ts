import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkControlTimestamp,
  contentTicksAt,
  decodeControlTimestamp,
  decodePresentationTimestamps,
  decodeSetupData,
  encodeControlTimestamp,
  encodePresentationTimestamps,
  encodeSetupData,
  equalControlTimestamps,
  equalPresentationTimestamps,
  hasContentIdStem,
  isAvailable,
  parseJson,
} from '../../../src/messages/index.js'
import { controlTimestamp, presentationTimestamps, setupData } from './arbitraries.js'
import { expectRefusals, refusal } from './refusal.js'
import { controlTimestampVectors, presentationTimestampsVectors, setupDataVectors } from './vectors/ts-vectors.js'

const stillness = { contentTime: 5n, wallClockTime: 6n, timelineSpeedMultiplier: 0 }
const wire = { contentTime: '5', wallClockTime: '6', timelineSpeedMultiplier: 0 }

describe('Setup-data', () => {
  test.each(setupDataVectors)('vector "$name" goes both ways', ({ text, setup }) => {
    expect(decodeSetupData(parseJson(text))).toStrictEqual(setup)
    expect(encodeSetupData(setup)).toBe(text)
  })

  test('that is written is read back as it was', () => {
    fc.assert(
      fc.property(setupData, (setup) => {
        expect(decodeSetupData(parseJson(encodeSetupData(setup)))).toEqual(setup)
      }),
    )
  })

  test('without a stem asks for any content, and can be told apart', () => {
    const value = { timelineSelector: 'urn:x' }
    expect(decodeSetupData(value)).toStrictEqual({ contentIdStem: '', timelineSelector: 'urn:x' })
    expect(hasContentIdStem(value)).toBe(false)
    expect(hasContentIdStem({ ...value, contentIdStem: '' })).toBe(true)
  })

  test('that is wrong is refused', () => {
    const right = { contentIdStem: '', timelineSelector: 'urn:x' }
    const selector = 'timelineSelector'
    expectRefusals(decodeSetupData, [
      { value: 'x', kind: 'not-an-object', field: 'setup-data', text: 'setup-data: expected an object, received "x"' },
      {
        value: { ...right, contentIdStem: null },
        kind: 'wrong-type',
        field: 'contentIdStem',
        text: 'contentIdStem: expected a string, received null',
      },
      { value: {}, kind: 'missing', field: selector, text: `${selector}: expected a string, it is missing` },
      {
        value: { ...right, timelineSelector: '' },
        kind: 'invalid-value',
        field: selector,
        text: `${selector}: expected a string that is not empty, received ""`,
      },
      {
        value: { ...right, private: {} },
        kind: 'wrong-type',
        field: 'private',
        text: 'private: expected a list, received {}',
      },
    ])
  })
})

describe('A control timestamp', () => {
  test.each(controlTimestampVectors)('vector "$name" goes both ways', ({ text, timestamp }) => {
    expect(decodeControlTimestamp(parseJson(text))).toStrictEqual(timestamp)
    expect(encodeControlTimestamp(timestamp)).toBe(text)
  })

  test('that is written is read back as it was, at any size', () => {
    fc.assert(
      fc.property(controlTimestamp, (timestamp) => {
        const back = decodeControlTimestamp(parseJson(encodeControlTimestamp(timestamp)))
        expect(equalControlTimestamps(back, timestamp)).toBe(true)
      }),
    )
  })

  test('of ten thousand digits loses none', () => {
    const contentTime = 10n ** 10_000n + 1n
    const text = encodeControlTimestamp({ ...stillness, contentTime })
    expect(decodeControlTimestamp(parseJson(text)).contentTime).toBe(contentTime)
  })

  test('differs from another in any one property', () => {
    expect(equalControlTimestamps(stillness, { ...stillness })).toBe(true)
    expect(equalControlTimestamps(stillness, { ...stillness, contentTime: 7n })).toBe(false)
    expect(equalControlTimestamps(stillness, { ...stillness, wallClockTime: 7n })).toBe(false)
    expect(equalControlTimestamps(stillness, { ...stillness, timelineSpeedMultiplier: 1 })).toBe(false)
  })

  test('is refused if its integers are not written as the specification says', () => {
    for (const contentTime of ['', '-', '-0', '+1', '00', '01', '1.0', '1e3', ' 1', '1\n', '0x1', '1n', '٣', 'null']) {
      const error = refusal(() => decodeControlTimestamp({ ...wire, contentTime }))
      expect(error).toMatchObject({ kind: 'invalid-value', field: 'contentTime' })
    }
  })

  test('is refused if an integer would take the reader seconds', () => {
    const error = refusal(() => decodeControlTimestamp({ ...wire, wallClockTime: '9'.repeat(1_000_000) }))
    expect(error).toMatchObject({ kind: 'invalid-value', field: 'wallClockTime' })
    expect(error.message.length).toBeLessThan(200)
  })

  test('is refused if it is wrong in another way', () => {
    const speed = 'timelineSpeedMultiplier'
    expectRefusals(decodeControlTimestamp, [
      {
        value: undefined,
        kind: 'not-an-object',
        field: 'control timestamp',
        text: 'control timestamp: expected an object, received undefined',
      },
      {
        value: { ...wire, contentTime: 5 },
        kind: 'wrong-type',
        field: 'contentTime',
        text: 'contentTime: expected an integer in a string, received 5',
      },
      {
        value: { ...wire, wallClockTime: null },
        kind: 'wrong-type',
        field: 'wallClockTime',
        text: 'wallClockTime: expected an integer in a string, received null',
      },
      {
        value: { contentTime: '5', wallClockTime: '6' },
        kind: 'missing',
        field: speed,
        text: `${speed}: expected a number, it is missing`,
      },
      {
        value: parseJson('{"contentTime":"5","wallClockTime":"6","timelineSpeedMultiplier":1e999}'),
        kind: 'invalid-value',
        field: speed,
        text: `${speed}: expected a finite number, received Infinity`,
      },
      {
        value: { ...wire, contentTime: null },
        kind: 'invalid-value',
        field: speed,
        text: `${speed}: expected null beside a contentTime of null, received 0`,
      },
      {
        value: { ...wire, timelineSpeedMultiplier: null },
        kind: 'invalid-value',
        field: speed,
        text: `${speed}: expected a number beside a contentTime, received null`,
      },
    ])
  })

  test('is not written if it is wrong', () => {
    const wrong = [
      { change: { timelineSpeedMultiplier: Number.NaN }, field: 'timelineSpeedMultiplier' },
      { change: { timelineSpeedMultiplier: null }, field: 'timelineSpeedMultiplier' },
      { change: { contentTime: null }, field: 'timelineSpeedMultiplier' },
      { change: { contentTime: 5 }, field: 'contentTime' },
      { change: { wallClockTime: undefined }, field: 'wallClockTime' },
    ]
    for (const { change, field } of wrong) {
      const timestamp = { ...stillness, ...change } as never
      expect(refusal(() => encodeControlTimestamp(timestamp)).field).toBe(field)
      expect(refusal(() => checkControlTimestamp(timestamp)).field).toBe(field)
    }
  })

  test('that an application gives is copied and frozen', () => {
    const checked = checkControlTimestamp(stillness)
    expect(checked).toStrictEqual(stillness)
    expect(checked).not.toBe(stillness)
    expect(Object.isFrozen(checked)).toBe(true)
  })

  test('tells where the content is', () => {
    const playing = { contentTime: 900n, wallClockTime: 10n ** 18n, timelineSpeedMultiplier: 1 }
    expect(contentTicksAt(playing, 10n ** 18n + 2_000_000_000n, 90_000)).toBe(180_900)
    expect(contentTicksAt({ ...playing, timelineSpeedMultiplier: -0.5 }, 10n ** 18n + 10n ** 9n, 1000)).toBe(400)
    expect(contentTicksAt({ ...playing, timelineSpeedMultiplier: 0 }, 5n, 1000)).toBe(900)
    expect(contentTicksAt({ ...playing, wallClockTime: 3n }, 1003.5, 1e9)).toBe(1900.5)
  })

  test('tells a nanosecond apart where floats no longer do', () => {
    const playing = { contentTime: 0n, wallClockTime: 10n ** 18n, timelineSpeedMultiplier: 1 }
    expect(contentTicksAt(playing, 10n ** 18n + 1n, 1e9)).toBe(1)
  })

  test('tells nothing while its timeline is not available', () => {
    const gone = { contentTime: null, wallClockTime: 6n, timelineSpeedMultiplier: null }
    expect([isAvailable(gone), isAvailable(stillness)]).toEqual([false, true])
    expect(contentTicksAt(gone, 7n, 90_000)).toBeNaN()
    expect(contentTicksAt(stillness, Number.POSITIVE_INFINITY, 90_000)).toBeNaN()
  })
})

describe('Presentation timestamps', () => {
  const moment = { contentTime: 1n, wallClockTime: 2n }
  const bounds = { earliest: moment, latest: moment }
  const wireMoment = { contentTime: '1', wallClockTime: '2' }

  test.each(presentationTimestampsVectors)('vector "$name" goes both ways', ({ text, timestamps }) => {
    expect(decodePresentationTimestamps(parseJson(text))).toStrictEqual(timestamps)
    expect(encodePresentationTimestamps(timestamps)).toBe(text)
  })

  test('that are written are read back as they were', () => {
    fc.assert(
      fc.property(presentationTimestamps, (timestamps) => {
        const back = decodePresentationTimestamps(parseJson(encodePresentationTimestamps(timestamps)))
        expect(equalPresentationTimestamps(back, timestamps)).toBe(true)
        expect(back).toEqual(timestamps)
      }),
    )
  })

  test('differ from others in any one moment', () => {
    const all = { actual: moment, ...bounds }
    const other = { ...moment, wallClockTime: 3n }
    expect(equalPresentationTimestamps(all, structuredClone(all))).toBe(true)
    expect(equalPresentationTimestamps(bounds, structuredClone(bounds))).toBe(true)
    expect(equalPresentationTimestamps(all, bounds)).toBe(false)
    expect(equalPresentationTimestamps(bounds, all)).toBe(false)
    expect(equalPresentationTimestamps(all, { ...all, actual: { ...moment, contentTime: 3n } })).toBe(false)
    expect(equalPresentationTimestamps(all, { ...all, earliest: other })).toBe(false)
    expect(equalPresentationTimestamps(all, { ...all, latest: other })).toBe(false)
  })

  test('that are wrong are refused', () => {
    const right = { earliest: wireMoment, latest: wireMoment }
    const integer = 'an integer in a string'
    expectRefusals(decodePresentationTimestamps, [
      {
        value: [],
        kind: 'not-an-object',
        field: 'presentation timestamps',
        text: 'presentation timestamps: expected an object, received []',
      },
      {
        value: { earliest: wireMoment },
        kind: 'missing',
        field: 'latest',
        text: 'latest: expected an object, it is missing',
      },
      {
        value: { ...right, actual: null },
        kind: 'wrong-type',
        field: 'actual',
        text: 'actual: expected an object, received null',
      },
      {
        value: { ...right, earliest: { ...wireMoment, wallClockTime: 'plusinfinity' } },
        kind: 'invalid-value',
        field: 'earliest.wallClockTime',
        text: `earliest.wallClockTime: expected ${integer}, received "plusinfinity"`,
      },
      {
        value: { ...right, latest: { ...wireMoment, wallClockTime: 'minusinfinity' } },
        kind: 'invalid-value',
        field: 'latest.wallClockTime',
        text: `latest.wallClockTime: expected ${integer}, received "minusinfinity"`,
      },
      {
        value: { ...right, actual: { ...wireMoment, wallClockTime: 'plusinfinity' } },
        kind: 'invalid-value',
        field: 'actual.wallClockTime',
        text: `actual.wallClockTime: expected ${integer}, received "plusinfinity"`,
      },
      {
        value: { ...right, latest: { ...wireMoment, contentTime: 1 } },
        kind: 'wrong-type',
        field: 'latest.contentTime',
        text: `latest.contentTime: expected ${integer}, received 1`,
      },
    ])
  })

  test('that are wrong are not written', () => {
    const wrong = (change: object) => refusal(() => encodePresentationTimestamps({ ...bounds, ...change })).message
    expect(wrong({ latest: { ...moment, wallClockTime: 'minusinfinity' } })).toBe(
      'latest.wallClockTime: expected a bigint or "plusinfinity", received "minusinfinity"',
    )
    expect(wrong({ actual: { ...moment, wallClockTime: 2 } })).toBe(
      'actual.wallClockTime: expected a bigint, received 2',
    )
    expect(wrong({ earliest: { ...moment, contentTime: '1' } })).toBe(
      'earliest.contentTime: expected a bigint, received "1"',
    )
  })
})
