import { describe, expect, it } from 'vitest'
import { Correlation } from '../../../src/clocks/index.js'
import { InvalidOptionError } from '../../../src/validation/index.js'

describe('a correlation', () => {
  it('is 0 to 0 without error by default', () => {
    expect({ ...new Correlation() }).toEqual({
      parentTicks: 0,
      childTicks: 0,
      initialErrorSeconds: 0,
      errorGrowthRate: 0,
    })
  })

  it('creates a copy with some values replaced and is unchanged itself', () => {
    const one = new Correlation({ parentTicks: 1, childTicks: 2, initialErrorSeconds: 3, errorGrowthRate: 4 })
    const two = one.with({ childTicks: 20, errorGrowthRate: 0 })
    expect({ ...two }).toEqual({ parentTicks: 1, childTicks: 20, initialErrorSeconds: 3, errorGrowthRate: 0 })
    expect(one.childTicks).toBe(2)
  })

  it('equals another only if all four values are equal', () => {
    const one = new Correlation({ parentTicks: 1, childTicks: 2, initialErrorSeconds: 3, errorGrowthRate: 4 })
    expect(one.equals(one.with({}))).toBe(true)
    for (const key of ['parentTicks', 'childTicks', 'initialErrorSeconds', 'errorGrowthRate']) {
      expect(one.equals(one.with({ [key]: 9 })), key).toBe(false)
    }
  })

  it('is immutable', () => {
    expect(() => Object.assign(new Correlation(), { childTicks: 1 })).toThrow(TypeError)
  })

  it.each([
    [{ parentTicks: '1' }, InvalidOptionError, '"parentTicks" must be a number of ticks; received "1"'],
    [{ childTicks: null }, InvalidOptionError, '"childTicks" must be a number of ticks; received null'],
    [{ childTicks: Number.NaN }, InvalidOptionError, '"childTicks" must be a number of ticks; received NaN'],
    [
      { initialErrorSeconds: -1 },
      InvalidOptionError,
      '"initialErrorSeconds" must be a number of seconds from 0 upward; received -1',
    ],
    [
      { errorGrowthRate: Infinity },
      InvalidOptionError,
      '"errorGrowthRate" must be a number of seconds per second from 0 upward; received Infinity',
    ],
  ])('rejects %o and names the expected value', (options, kind, message) => {
    const make = () => new Correlation(options as never)
    expect(make).toThrow(kind)
    expect(make).toThrow(message)
  })
})
