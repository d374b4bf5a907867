import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CII_PROPERTIES,
  checkCii,
  decodeCii,
  decodeControlTimestamp,
  decodePresentationTimestamps,
  decodeSetupData,
  decodeWallClockJson,
  decodeWallClockMessage,
  diffCii,
  encodeCii,
  equalCii,
  MAX_JSON_DEPTH,
  MessageError,
  mergeCii,
  parseCii,
  parseJson,
} from '../../../src/messages/index.js'
import { DvbcssError, describeValue } from '../../../src/validation/index.js'
import { refusal } from './refusal.js'

const decoders = {
  decodeCii,
  checkCii,
  decodeSetupData,
  decodeControlTimestamp,
  decodePresentationTimestamps,
  decodeWallClockJson,
}

const deepText = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`
const privateText = (value: string) => `{"private":[{"type":"urn:x","value":${value}}]}`

/** Values that no JSON could hold, for the places where an application gives them. */
function oddValues(): unknown[] {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = [cyclic]
  const throwing = {
    get value() {
      throw new Error('a getter ran')
    },
  }
  const unreadable = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('a trap ran')
      },
    },
  )
  return [
    cyclic,
    throwing,
    unreadable,
    7n,
    10n ** 5000n,
    Symbol('s\n'),
    () => 1,
    Number.NaN,
    parseJson(deepText(10_000)),
  ]
}

describe('Text that is no JSON', () => {
  test('is refused as such', () => {
    for (const text of ['', '{', 'undefined', '{"a":NaN}', '\u0000', '{"a":1}x']) {
      expect(refusal(() => parseJson(text))).toMatchObject({ kind: 'not-json', field: 'message' })
    }
    expect(refusal(() => parseJson('{no'))).toHaveProperty('message', 'message: expected JSON, received "{no"')
  })

  test('is refused if its bytes are no UTF-8', () => {
    expect(refusal(() => parseCii(Uint8Array.of(0x22, 0xff, 0x22))).kind).toBe('not-json')
  })
})

describe('A key named __proto__', () => {
  const polluted = '"__proto__":{"polluted":true,"contentId":"dvb://evil","timelineSelector":"urn:evil"}'

  test('changes no prototype, wherever it stands', () => {
    const text = `{${polluted},"constructor":{"prototype":{"polluted":true}},"timelines":[{${polluted},"timelineSelector":"urn:x","timelineProperties":{${polluted},"unitsPerTick":1,"unitsPerSecond":1}}],"private":[{"type":"urn:x",${polluted}}]}`
    const cii = parseCii(text)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(cii.contentId).toBeUndefined()
    expect(Object.keys(cii)).toEqual(['timelines', 'private'])
    const [timeline] = cii.timelines ?? []
    const [entry] = cii.private ?? []
    for (const part of [cii, timeline, timeline?.timelineProperties, entry]) {
      expect(Object.getPrototypeOf(part)).toBe(Object.prototype)
    }
    expect(entry?.polluted).toBeUndefined()
  })

  test('supplies no property that a message lacks', () => {
    expect(refusal(() => decodeSetupData(parseJson(`{${polluted}}`)))).toMatchObject({
      kind: 'missing',
      field: 'timelineSelector',
    })
  })

  test('is private data like any other, and is written as it was read', () => {
    const text = privateText('{"__proto__":{"a":1}}')
    const cii = parseCii(text)
    expect(encodeCii(cii)).toBe(text)
    expect(encodeCii(checkCii(cii))).toBe(text)
    expect(equalCii(cii, parseCii(privateText('{}')))).toBe(false)
    expect(equalCii(cii, parseCii(privateText('{"__proto__":{"a":2}}')))).toBe(false)
    expect(equalCii(cii, parseCii(text))).toBe(true)
  })
})

describe('Ten thousand levels', () => {
  const deep = parseJson(deepText(10_000))

  test('in a property that nobody knows are ignored', () => {
    expect(decodeCii({ unknown: deep, tsUrl: 'ws://a' })).toEqual({ tsUrl: 'ws://a' })
  })

  test('in a known property are refused, in a short text', () => {
    const setup = { timelineSelector: 'urn:x' }
    const attempts = [
      ...CII_PROPERTIES.flatMap((property) => [decodeCii, checkCii].map((read) => () => read({ [property]: deep }))),
      () => decodeCii({ timelines: [{ timelineSelector: 'urn:x', timelineProperties: deep }] }),
      () => decodeSetupData({ ...setup, contentIdStem: deep }),
      () => decodeSetupData({ ...setup, private: deep }),
      () => decodeControlTimestamp({ contentTime: deep }),
      () => decodePresentationTimestamps({ earliest: deep }),
      () => decodeWallClockJson({ v: deep }),
      () => decodeWallClockJson(deep),
    ]
    for (const attempt of attempts) expect(refusal(attempt).message.length).toBeLessThan(250)
  })

  test('in private data are refused when read, set and written', () => {
    const cii = { private: [{ type: 'urn:x', value: deep }] }
    for (const act of [decodeCii, checkCii, encodeCii]) {
      expect(refusal(() => act(cii))).toMatchObject({ kind: 'invalid-value' })
    }
    expect(refusal(() => decodeSetupData({ timelineSelector: 'urn:x', ...cii })).kind).toBe('invalid-value')
  })

  test('in private data that nobody checked are compared without exhausting the stack', () => {
    const cii = { private: [{ type: 'urn:x', value: deep }] }
    const other = { private: [{ type: 'urn:x', value: parseJson(deepText(10_000)) }] }
    expect(equalCii(cii, other)).toBe(false)
    expect(equalCii(cii, cii)).toBe(true)
    expect(diffCii(cii, other)).toEqual({ private: other.private })
    expect(mergeCii(cii, other).private).toBe(other.private)
  })

  test('are more than private data may have, and the stated limit is what they may', () => {
    // The entry of the list is itself the first level.
    const most = privateText('['.repeat(MAX_JSON_DEPTH - 1) + ']'.repeat(MAX_JSON_DEPTH - 1))
    expect(encodeCii(parseCii(most))).toBe(most)
    expect(equalCii(parseCii(most), checkCii(parseCii(most)))).toBe(true)
    const tooMany = privateText('['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH))
    expect(refusal(() => parseCii(tooMany)).message).toContain(
      `expected no more than ${MAX_JSON_DEPTH} levels, received []`,
    )
  })

  test('of a cycle are found to be too many', () => {
    const entry: { type: string; [key: string]: unknown } = { type: 'urn:x' }
    entry.parent = entry
    entry.owner = entry
    expect(refusal(() => checkCii({ private: [entry] })).kind).toBe('invalid-value')
  })
})

test('A number that JSON has no room for is refused in private data', () => {
  expect(refusal(() => parseCii(privateText('[1e999]')))).toMatchObject({
    kind: 'invalid-value',
    field: 'private[0].value[0]',
    message: 'private[0].value[0]: expected a finite number, received Infinity',
  })
})

test('Zero that is negative is written as zero, and compares as what it is read back as', () => {
  const cii = parseCii(privateText('-0'))
  expect(cii.private?.[0]?.value).toBe(0)
})

test('Whatever JSON comes, a decoder gives a message or a MessageError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const decode of Object.values(decoders)) {
        try {
          decode(value)
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError)
        }
      }
    }),
  )
})

test('Whatever bytes come, the decoder gives a message or a MessageError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 30, maxLength: 34 }), (bytes) => {
      try {
        decodeWallClockMessage(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(MessageError)
      }
    }),
  )
})

describe('The text of an error', () => {
  test('is short and on one line for any value, and no getter runs for it', () => {
    for (const value of [...oddValues(), 'x'.repeat(1e6), 'a\nb', Array(1e5).fill(1), { ['k'.repeat(1e5)]: 1 }]) {
      const text = describeValue(value)
      expect(text.length).toBeLessThanOrEqual(80)
      expect(text).not.toMatch(/\n|ran/)
      const listed = `contentId: expected a string, received ${describeValue([value])}`
      expect(refusal(() => decodeCii({ contentId: [value] })).message).toBe(listed)
    }
  })

  test('shows plain values as JSON does', () => {
    expect([7, 'a"b', [1, [null]], { a: { b: true } }, undefined, 5n].map(describeValue)).toEqual([
      '7',
      '"a\\"b"',
      '[1,[null]]',
      '{"a":{"b":true}}',
      'undefined',
      '5n',
    ])
  })

  test('is short for a hostile key, too', () => {
    const error = refusal(() => checkCii({ private: [{ type: 'urn:x', [`\n${'k'.repeat(1e5)}`]: 1n }] }))
    expect(error.message.length).toBeLessThan(250)
    expect(error.message).not.toContain('\n')
  })

  test('leaves the value to those who ask for it, so that no log writes it out', () => {
    const error = refusal(() => decodeCii({ tsUrl: 7n }))
    expect(error.value).toBe(7n)
    expect(Object.keys(error).sort()).toEqual(['code', 'field', 'kind'])
    expect(error.name).toBe('MessageError')
    expect(error).toBeInstanceOf(DvbcssError)
  })
})
