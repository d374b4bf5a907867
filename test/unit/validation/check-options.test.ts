import { describe, expect, it } from 'vitest'
import {
  checkOption,
  checkOptions,
  DvbcssError,
  InvalidOptionError,
  nearestName,
  type OptionTable,
  option,
  UnknownOptionError,
} from '../../../src/validation/index.js'

interface Options {
  maxConnections?: number
  enabled?: boolean
  intervalSeconds?: number
}

const TABLE: OptionTable<Options, 'maxConnections' | 'enabled'> = {
  maxConnections: option.withDefault(option.count(), Number.POSITIVE_INFINITY),
  enabled: option.withDefault(option.boolean(), true),
  intervalSeconds: option.seconds({ above: 0 }),
}

const errorOf = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('expected an error')
}

describe('checkOptions', () => {
  it('fills in the defaults, and leaves what has none undefined', () => {
    expect(checkOptions(TABLE, {})).toEqual({ maxConnections: Number.POSITIVE_INFINITY, enabled: true })
    expect(checkOptions(TABLE, { enabled: undefined, intervalSeconds: 2 })).toMatchObject({
      enabled: true,
      intervalSeconds: 2,
    })
  })

  it('names the option, what it takes and what was received, with a code', () => {
    const error = errorOf(() => checkOptions(TABLE, { maxConnections: '10' }))
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toBeInstanceOf(DvbcssError)
    expect(error).toMatchObject({
      name: 'InvalidOptionError',
      code: 'DVBCSS_ERR_INVALID_OPTION',
      option: 'maxConnections',
      message: '"maxConnections" must be a non-negative integer or Infinity; received "10"',
    })
  })

  it('suggests the option that a misspelt one is most like', () => {
    const error = errorOf(() => checkOptions(TABLE, { maxconection: 1 }))
    expect(error).toBeInstanceOf(UnknownOptionError)
    expect(error).toMatchObject({
      code: 'DVBCSS_ERR_UNKNOWN_OPTION',
      message: 'unknown option "maxconection"; did you mean "maxConnections"?',
    })
    expect(errorOf(() => checkOptions(TABLE, { colour: 1 }))).toMatchObject({
      message: 'unknown option "colour"; known options: maxConnections, enabled, intervalSeconds',
    })
  })

  it('leaves the options of others alone', () => {
    expect(checkOptions(TABLE, { prefix: '/x' }, { others: ['prefix'] })).not.toHaveProperty('prefix')
    expect(() => checkOptions(TABLE, { anything: 1 }, { others: 'any' })).not.toThrow()
  })

  it.each([[null], [7], ['options'], [[]]])('refuses %j instead of an object of options', (options) => {
    expect(errorOf(() => checkOptions(TABLE, options))).toMatchObject({ option: 'options' })
  })

  it('names the object that an option is in', () => {
    expect(errorOf(() => checkOptions(TABLE, { enabled: 1 }, { within: 'slew' }))).toMatchObject({
      message: '"slew.enabled" must be a boolean; received 1',
    })
  })

  it('is not misled by names of Object.prototype', () => {
    expect(errorOf(() => checkOptions(TABLE, { toString: 1 }))).toBeInstanceOf(UnknownOptionError)
  })
})

describe('the types of options', () => {
  it.each([
    [option.count(), [0, 3, Number.POSITIVE_INFINITY], [-1, 1.5, Number.NaN, '3', 3n, null]],
    [option.positiveCount(), [1, Number.POSITIVE_INFINITY], [0]],
    [option.integer({ min: 2, max: 5 }), [2, 5], [1, 6, Number.POSITIVE_INFINITY]],
    [option.seconds({ above: 0 }), [0.001, 2_147_483], [0, 2_147_484, Number.POSITIVE_INFINITY, '10s']],
    [option.number({ above: 0, below: 1 }), [0.5], [0, 1]],
    [option.port(), [0, 65_535], [-1, 65_536, 1.5]],
    [option.oneOf('run', 'pause'), ['run'], ['RUN', undefined]],
    [option.string({ nonEmpty: true }), ['x'], ['', 7]],
    [option.instance(Map, 'a Map'), [new Map()], [{}]],
    [option.objectWith('add'), [new Set()], [{}, null]],
    [option.either(option.boolean(), option.oneOf('auto')), [true, 'auto'], ['no']],
  ] as const)('accept what they take, and nothing else: $expected', (type, good, bad) => {
    for (const value of good) expect(type.accepts(value)).toBe(true)
    for (const value of bad) expect(type.accepts(value)).toBe(false)
  })

  it.each([
    [option.integer({ min: 0, max: 65_535 }), 'an integer from 0 to 65535'],
    [option.integer({ min: 2 }), 'an integer from 2 upward'],
    [option.positiveCount(), 'a positive integer or Infinity'],
    [option.seconds({ above: 0 }), 'a number of seconds above 0 and up to 2147483'],
    [option.seconds({ above: 0, infinity: true }), 'a number of seconds above 0 and up to 2147483 or Infinity'],
    [option.number({ min: 0 }, 'ppm'), 'a number of ppm from 0 upward'],
    [option.number({ above: 0, below: 1 }), 'a number above 0 and below 1'],
    [option.oneOf('run', 'pause', 'auto'), '"run", "pause" or "auto"'],
    [option.objectWith('add', 'reset'), 'an object with add() and reset()'],
  ] as const)('say what they take', (type, expected) => {
    expect(type.expected).toBe(expected)
  })

  it('check a single value, and convert it', () => {
    const even = { ...option.integer({ min: 0 }), convert: (value: number) => value * 2 }
    expect(checkOption('even', even, 2)).toBe(4)
    expect(() => checkOption('even', even, -1)).toThrow('"even" must be a non-negative integer; received -1')
  })
})

describe('nearestName', () => {
  it('finds a misspelt name, and nothing for another one', () => {
    expect(nearestName('timelineselector', ['timelineSelector', 'tickRate'])).toBe('timelineSelector')
    expect(nearestName('prot', ['port', 'host'])).toBe('port')
    expect(nearestName('x', ['port', 'host'])).toBeUndefined()
    expect(nearestName('x'.repeat(100_000), ['port'])).toBeUndefined()
  })
})
