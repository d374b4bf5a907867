import { describe, expect, it } from 'vitest'
import { Correlation, type RangeCorrelatedClock as Range, RangeCorrelatedClock } from '../../../src/clocks/index.js'
import { InvalidOptionError } from '../../../src/validation/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

const correlation1 = new Correlation({ parentTicks: 10e9, childTicks: 1000 })
const correlation2 = new Correlation({ parentTicks: 20e9, childTicks: 21_000 })

describe('a range-correlated clock', () => {
  const make = (options = {}): { root: ReturnType<typeof manualClock>; clock: Range } => {
    const root = manualClock({ precisionSeconds: 0.001 })
    return {
      root,
      clock: new RangeCorrelatedClock(root.clock, { tickRate: 1000, correlation1, correlation2, ...options }),
    }
  }

  it('runs linearly through both points', () => {
    const { root, clock } = make()
    for (const [nanos, ticks] of [
      [10e9, 1000],
      [20e9, 21_000],
      [15e9, 11_000],
      [0, -19_000],
      [30e9, 41_000],
    ] as const) {
      root.nanos = nanos
      expect(clock.now()).toBe(ticks)
      expect(clock.toParent(ticks)).toBe(nanos)
    }
  })

  it('has the speed that follows from the points and the tick rates', () => {
    const { clock } = make()
    expect(clock.speed).toBe(2)
    expect(clock.effectiveSpeed).toBe(2)
    clock.tickRate = 500
    expect(clock.speed).toBe(4)
    expect(clock.fromParent(20e9)).toBe(21_000)
    expect(() => {
      clock.speed = 1
    }).toThrow('is read-only: it follows from the two correlations')
  })

  it('is stopped between points of equal ticks, and returns NaN for any other', () => {
    const { clock } = make({ correlation2: correlation2.with({ childTicks: 1000 }) })
    expect(clock.speed).toBe(0)
    expect(clock.now()).toBe(1000)
    expect(clock.toParent(1000)).toBe(10e9)
    expect(clock.calcWhen(1001)).toBeNaN()
    expect(clock.dispersionAt(1001)).toBe(0)
  })

  it('interpolates the errors of its points, and extrapolates them beyond', () => {
    const { clock } = make({
      correlation1: correlation1.with({ initialErrorSeconds: 0.1 }),
      correlation2: correlation2.with({ initialErrorSeconds: 0.3 }),
    })
    // At double speed the millisecond of the root is two.
    expect(clock.dispersionAt(1000)).toBeCloseTo(0.102, 12)
    expect(clock.dispersionAt(21_000)).toBeCloseTo(0.302, 12)
    expect(clock.dispersionAt(11_000)).toBeCloseTo(0.202, 12)
    // One span beyond the second point: once the error of the first, twice that of the second.
    expect(clock.dispersionAt(41_000)).toBeCloseTo(0.702, 12)
  })

  it('adds the growth since the nearer point', () => {
    const { clock } = make({
      correlation1: correlation1.with({ errorGrowthRate: 0.01 }),
      correlation2: correlation2.with({ errorGrowthRate: 0.01 }),
    })
    expect(clock.dispersionAt(1000)).toBeCloseTo(0.002, 12)
    expect(clock.dispersionAt(25_000)).toBeCloseTo(0.022, 12)
    expect(clock.dispersionAt(5000)).toBeCloseTo(0.022, 12)
  })

  it('emits one change for either point or both, and none for equal points', () => {
    const { clock } = make()
    const heard: string[] = []
    clock.on('change', ({ reason }) => heard.push(reason))
    clock.correlation1 = correlation1.with({})
    clock.setCorrelations(correlation1, correlation2)
    expect(heard).toEqual([])
    clock.correlation1 = correlation1.with({ childTicks: 0 })
    clock.correlation2 = correlation2.with({ childTicks: 0 })
    expect(heard).toEqual(['correlation', 'correlation'])
    clock.setCorrelations(correlation2, correlation1)
    expect(heard).toHaveLength(3)
    expect(clock.speed).toBe(2)
  })

  it('rejects two points at the same moment of the parent, and is unchanged', () => {
    const same = correlation2.with({ parentTicks: 10e9 })
    expect(() => make({ correlation2: same })).toThrow(InvalidOptionError)
    const { clock } = make()
    expect(() => {
      clock.correlation2 = same
    }).toThrow('"correlation2" must be a Correlation with other parentTicks than correlation1')
    expect(clock.correlation2).toBe(correlation2)
  })

  it('rejects a missing point', () => {
    expect(() => make({ correlation2: undefined })).toThrow('"correlation2" must be a Correlation; received undefined')
  })
})
