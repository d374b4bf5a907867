import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyCii,
  CII_PROPERTIES,
  type Cii,
  diffCii,
  equalCii,
  mergeCii,
  tickRateOf,
} from '../../../src/messages/index.js'
import { cii as anyCii, twoCiis } from './arbitraries.js'

/** The state of a receiver that had one state and was then sent the change to another: null for what is gone. */
function endOf(from: Cii, to: Cii): Cii {
  const gone = CII_PROPERTIES.filter((name) => from[name] !== undefined && to[name] === undefined)
  const end: Cii = { ...Object.fromEntries(gone.map((name) => [name, null])), ...to }
  if ('contentId' in diffCii(from, to)) end.contentIdStatus ??= null
  return end
}

describe('Comparing', () => {
  test('tells absent from null', () => {
    expect(equalCii({}, { tsUrl: null })).toBe(false)
    expect(equalCii({ tsUrl: null }, { tsUrl: null })).toBe(true)
  })

  test('goes into private data, where the order of keys does not matter and the order of lists does', () => {
    const data = (value: object) => ({ private: [{ type: 'urn:x', value }] })
    expect(equalCii(data({ a: 1, b: { c: [1, 2] } }), data({ b: { c: [1, 2] }, a: 1 }))).toBe(true)
    expect(equalCii(data({ a: [1, 2] }), data({ a: [2, 1] }))).toBe(false)
    expect(equalCii(data({ a: [1] }), data({ a: [1, 2] }))).toBe(false)
    expect(equalCii(data({ a: 1 }), data({ a: 1, b: 2 }))).toBe(false)
    expect(equalCii(data({ a: 1, b: 2 }), data({ a: 1, c: 2 }))).toBe(false)
    expect(equalCii(data({ 0: 1 }), data([1]))).toBe(false)
    expect(equalCii(data([]), data({}))).toBe(false)
    expect(equalCii(data({ toString: 1 }), data({ a: 1 }))).toBe(false)
  })

  test('finds a message equal to its copy, whatever it is', () => {
    fc.assert(
      fc.property(anyCii, (cii) => {
        expect(equalCii(cii, structuredClone(cii))).toBe(true)
      }),
    )
  })
})

describe('A diff', () => {
  test('applied to where it starts gives where it ends', () => {
    fc.assert(
      fc.property(twoCiis, ([from, to]) => {
        expect(equalCii(applyCii(from, diffCii(from, to)), endOf(from, to))).toBe(true)
      }),
    )
  })

  test('has nothing in it that could be left out, but for the status beside a content id', () => {
    fc.assert(
      fc.property(twoCiis, ([from, to]) => {
        const change = diffCii(from, to)
        for (const property of CII_PROPERTIES) {
          if (change[property] === undefined || (property === 'contentIdStatus' && 'contentId' in change)) continue
          const { [property]: _, ...rest } = change
          expect(equalCii(applyCii(from, rest), endOf(from, to))).toBe(false)
        }
        if ('contentId' in change) expect(change).toHaveProperty('contentIdStatus')
      }),
    )
  })

  test('between a state and itself is empty', () => {
    fc.assert(
      fc.property(anyCii, (cii) => {
        expect(diffCii(cii, structuredClone(cii))).toEqual({})
      }),
    )
  })

  test('makes null what is gone, unless it was null before', () => {
    expect(diffCii({ tsUrl: 'ws://a', teUrl: null }, {})).toStrictEqual({ tsUrl: null })
  })

  test('makes null what is null on purpose, unless it was null before', () => {
    const from = { tsUrl: 'ws://a', teUrl: null }
    expect(diffCii(from, { tsUrl: null, teUrl: null, mrsUrl: null })).toStrictEqual({ mrsUrl: null, tsUrl: null })
  })

  test('carries the status beside a content id that changed, although the status did not', () => {
    const from = { contentId: 'dvb://1', contentIdStatus: 'final' as const }
    const change = diffCii(from, { ...from, contentId: 'dvb://2' })
    expect(change).toStrictEqual({ contentId: 'dvb://2', contentIdStatus: 'final' })
    expect(diffCii(from, {})).toStrictEqual({ contentId: null, contentIdStatus: null })
  })

  test('carries a status that changed without the content id that did not', () => {
    const from = { contentId: 'dvb://1', contentIdStatus: 'partial' as const }
    expect(diffCii(from, { ...from, contentIdStatus: 'final' })).toStrictEqual({ contentIdStatus: 'final' })
  })
})

describe('A merge', () => {
  test('does what its parts do in turn', () => {
    fc.assert(
      fc.property(anyCii, twoCiis, (state, [first, second]) => {
        const inTurn = applyCii(applyCii(state, first), second)
        expect(equalCii(applyCii(state, mergeCii(first, second)), inTurn)).toBe(true)
      }),
    )
  })

  test('keeps a null, which has yet to reach the receiver', () => {
    expect(mergeCii({ tsUrl: null }, { teUrl: 'ws://b' })).toStrictEqual({ tsUrl: null, teUrl: 'ws://b' })
    expect(mergeCii({ tsUrl: 'ws://a' }, { tsUrl: null })).toStrictEqual({ tsUrl: null })
  })
})

describe('Applying a message', () => {
  test('keeps null apart from absent, and neither argument changed', () => {
    const state = Object.freeze({ tsUrl: 'ws://a', teUrl: 'ws://b', mrsUrl: null })
    const change = Object.freeze({ tsUrl: null, wcUrl: 'udp://c:1' })
    const result = { mrsUrl: null, wcUrl: 'udp://c:1', tsUrl: null, teUrl: 'ws://b' }
    expect(applyCii(state, change)).toStrictEqual(result)
  })
})

test('The tick rate of a timeline is its units per second over its units per tick', () => {
  expect(tickRateOf({ unitsPerTick: 1001, unitsPerSecond: 30_000 })).toBe(30_000 / 1001)
})
