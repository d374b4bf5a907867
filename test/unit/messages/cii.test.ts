import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CII_PROPERTIES, checkCii, decodeCii, encodeCii, equalCii, parseCii } from '../../../src/messages/index.js'
import { cii as anyCii } from './arbitraries.js'
import { expectRefusals, refusal } from './refusal.js'
import { ciiVectors } from './vectors/cii-vectors.js'

const option = { timelineSelector: 'urn:x', timelineProperties: { unitsPerTick: 1, unitsPerSecond: 25 } }

describe.each(ciiVectors)('the CII vector "$name"', ({ text, cii }) => {
  test('is read from its text', () => expect(parseCii(text)).toEqual(cii))
  test('is read from the bytes of its text', () => expect(parseCii(new TextEncoder().encode(text))).toEqual(cii))
  test('is written as its text', () => expect(encodeCii(cii)).toBe(text))
})

test('What is written is read back as the same message', () => {
  fc.assert(
    fc.property(anyCii, (cii) => {
      expect(equalCii(parseCii(encodeCii(cii)), cii)).toBe(true)
    }),
  )
})

test('A property that is absent stays absent, and one that is null stays null', () => {
  expect(Object.entries(decodeCii({ tsUrl: null }))).toEqual([['tsUrl', null]])
})

test('A property that is undefined is absent in the message', () => {
  expect(encodeCii({ tsUrl: undefined, teUrl: null } as never)).toBe('{"teUrl":null}')
})

test('Properties that nobody knows are ignored, also inside timeline options', () => {
  const properties = { ...option.timelineProperties, more: [] }
  expect(decodeCii({ contentid: 7, timelines: [{ ...option, timelineProperties: properties, x: 1 }] })).toEqual({
    timelines: [option],
  })
})

test('An integer that was written with a fraction of zero is an integer', () => {
  const text =
    '{"timelines":[{"timelineSelector":"urn:x","timelineProperties":{"unitsPerTick":1.0,"unitsPerSecond":2.5e1}}]}'
  expect(parseCii(text)).toEqual({ timelines: [option] })
})

test('A receiver takes a content id without a status, because senders in the field may be sloppy', () => {
  expect(decodeCii({ contentId: 'dvb://1.2.3' })).toEqual({ contentId: 'dvb://1.2.3' })
})

test('A message that is wrong is refused, and the error names the field and the value', () => {
  const timeline = (change: object) => ({ timelines: [option, { ...option, ...change }] })
  const properties = (change: object) => timeline({ timelineProperties: { ...option.timelineProperties, ...change } })
  const place = 'timelines[1].timelineProperties'
  const largest = Number.MAX_SAFE_INTEGER
  expectRefusals(decodeCii, [
    { value: 7, kind: 'not-an-object', field: 'cii', text: 'cii: expected an object, received 7' },
    { value: null, kind: 'not-an-object', field: 'cii', text: 'cii: expected an object, received null' },
    { value: [], kind: 'not-an-object', field: 'cii', text: 'cii: expected an object, received []' },
    {
      value: { contentId: 7 },
      kind: 'wrong-type',
      field: 'contentId',
      text: 'contentId: expected a string, received 7',
    },
    {
      value: { contentIdStatus: 'done' },
      kind: 'invalid-value',
      field: 'contentIdStatus',
      text: 'contentIdStatus: expected "partial" or "final", received "done"',
    },
    {
      value: { contentIdStatus: true },
      kind: 'wrong-type',
      field: 'contentIdStatus',
      text: 'contentIdStatus: expected "partial" or "final", received true',
    },
    {
      value: { presentationStatus: 7 },
      kind: 'wrong-type',
      field: 'presentationStatus',
      text: 'presentationStatus: expected a string, received 7',
    },
    ...['', 'fine', 'okay ', ' okay', 'okay  urn:x', 'okay\turn:x', 'urn:x okay'].map((status) => ({
      value: { presentationStatus: status },
      kind: 'invalid-value' as const,
      field: 'presentationStatus',
      text: `presentationStatus: expected words parted by single spaces, the first okay, transitioning or fault, received ${JSON.stringify(status)}`,
    })),
    {
      value: { timelines: {} },
      kind: 'wrong-type',
      field: 'timelines',
      text: 'timelines: expected a list, received {}',
    },
    {
      value: timeline({ timelineSelector: '' }),
      kind: 'invalid-value',
      field: 'timelines[1].timelineSelector',
      text: 'timelines[1].timelineSelector: expected a string that is not empty, received ""',
    },
    {
      value: timeline({ timelineProperties: undefined }),
      kind: 'missing',
      field: place,
      text: `${place}: expected an object, it is missing`,
    },
    {
      value: properties({ unitsPerTick: undefined }),
      kind: 'missing',
      field: `${place}.unitsPerTick`,
      text: `${place}.unitsPerTick: expected an integer, it is missing`,
    },
    {
      value: properties({ unitsPerSecond: '25' }),
      kind: 'wrong-type',
      field: `${place}.unitsPerSecond`,
      text: `${place}.unitsPerSecond: expected an integer, received "25"`,
    },
    ...[0, -1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY].map((units) => ({
      value: properties({ unitsPerTick: units }),
      kind: 'invalid-value' as const,
      field: `${place}.unitsPerTick`,
      text: `${place}.unitsPerTick: expected an integer from 1 to ${largest}, received ${units}`,
    })),
    {
      value: properties({ accuracy: -0.1 }),
      kind: 'invalid-value',
      field: `${place}.accuracy`,
      text: `${place}.accuracy: expected a number that is 0 or more, received -0.1`,
    },
    {
      value: properties({ accuracy: null }),
      kind: 'wrong-type',
      field: `${place}.accuracy`,
      text: `${place}.accuracy: expected a number, received null`,
    },
    {
      value: { private: [{ type: 'urn:x' }, { kind: 'urn:x' }] },
      kind: 'missing',
      field: 'private[1].type',
      text: 'private[1].type: expected a string, it is missing',
    },
    {
      value: timeline({ private: ['urn:x'] }),
      kind: 'wrong-type',
      field: 'timelines[1].private[0]',
      text: 'timelines[1].private[0]: expected an object, received "urn:x"',
    },
  ])
})

test('Every property is checked', () => {
  for (const property of CII_PROPERTIES) {
    expect(refusal(() => decodeCii({ [property]: 7 }))).toMatchObject({ field: property, kind: 'wrong-type' })
    expect(refusal(() => checkCii({ [property]: 7 }))).toMatchObject({ field: property, kind: 'wrong-type' })
    expect(refusal(() => encodeCii({ [property]: 7 } as never))).toMatchObject({ field: property, kind: 'wrong-type' })
  }
})

describe('What an application sets', () => {
  test('is copied, and the copy is frozen all through', () => {
    const given = {
      presentationStatus: ['okay', 'urn:x'],
      timelines: [{ ...option, private: [{ type: 'urn:x', list: [{}] }] }],
    }
    const checked = checkCii(given)
    expect(checked).toEqual(given)
    given.presentationStatus.push('urn:y')
    expect(checked.presentationStatus).toEqual(['okay', 'urn:x'])
    const parts = [checked, checked.presentationStatus, checked.timelines, checked.timelines?.[0]?.timelineProperties]
    const list = checked.timelines?.[0]?.private?.[0]?.list as unknown[]
    expect([...parts, list, list[0]].every(Object.isFrozen)).toBe(true)
    expect(Object.isFrozen(given.timelines)).toBe(false)
  })

  test('keeps null apart from absent, and takes undefined for absent', () => {
    expect(Object.entries(checkCii({ tsUrl: null, teUrl: undefined }))).toEqual([['tsUrl', null]])
  })

  test('is refused with an error that names the property', () => {
    class Speed {
      value = 1
    }
    const status = 'presentationStatus'
    expectRefusals(checkCii, [
      {
        value: { contentId: 7 },
        kind: 'wrong-type',
        field: 'contentId',
        text: 'contentId: expected a string, received 7',
      },
      {
        value: { [status]: 'okay' },
        kind: 'wrong-type',
        field: status,
        text: `${status}: expected a list, received "okay"`,
      },
      {
        value: { [status]: [] },
        kind: 'invalid-value',
        field: status,
        text: `${status}: expected a list whose first word is okay, transitioning or fault, received []`,
      },
      {
        value: { [status]: ['okay', 'two words'] },
        kind: 'invalid-value',
        field: `${status}[1]`,
        text: `${status}[1]: expected a word without spaces, received "two words"`,
      },
      {
        value: { contentId: 'dvb://1.2.3' },
        kind: 'missing',
        field: 'contentIdStatus',
        text: 'contentIdStatus: expected "partial" or "final" beside a contentId, it is missing',
      },
      {
        value: { contentId: 'dvb://1.2.3', contentIdStatus: null },
        kind: 'invalid-value',
        field: 'contentIdStatus',
        text: 'contentIdStatus: expected "partial" or "final" beside a contentId, received null',
      },
      {
        value: { private: [{ type: 'urn:x', when: new Date(0) }] },
        kind: 'wrong-type',
        field: 'private[0].when',
        text: 'private[0].when: expected a plain object, received [object Date]',
      },
      {
        value: { private: [{ type: 'urn:x', speed: new Speed() }] },
        kind: 'wrong-type',
        field: 'private[0].speed',
        text: 'private[0].speed: expected a plain object, received {"value":1}',
      },
      {
        value: { private: [{ type: 'urn:x', 'a key': [1n] }] },
        kind: 'wrong-type',
        field: 'private[0]["a key"][0]',
        text: 'private[0]["a key"][0]: expected a value that JSON can hold, received 1n',
      },
      {
        value: { private: [{ type: 'urn:x', list: [undefined] }] },
        kind: 'wrong-type',
        field: 'private[0].list[0]',
        text: 'private[0].list[0]: expected a value that JSON can hold, received undefined',
      },
    ])
    expect(refusal(() => checkCii({ contentIdStatus: 'done' }))).toMatchObject({ code: 'DVBCSS_ERR_INVALID_MESSAGE' })
  })

  test('may have a content id of null without a status', () => {
    expect(checkCii({ contentId: null })).toEqual({ contentId: null })
  })
})
