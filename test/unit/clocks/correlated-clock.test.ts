import { describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation } from '../../../src/clocks/index.js'
import { InvalidOptionError } from '../../../src/validation/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

describe('a correlated clock', () => {
  it('counts from its point of correlation at its tick rate and speed', () => {
    const root = manualClock()
    const correlation = new Correlation({ parentTicks: 1e9, childTicks: 500 })
    const clock = new CorrelatedClock(root.clock, { tickRate: 90_000, speed: 2, correlation })
    expect(clock.now()).toBe(500 - 180_000)
    root.nanos = 1e9
    expect(clock.now()).toBe(500)
    root.nanos = 4e9
    expect(clock.now()).toBe(500 + 540_000)
    expect(clock.toParent(540_500)).toBe(4e9)
    expect(clock.fromParent(4e9)).toBe(540_500)
  })

  it('follows its parent nanosecond by nanosecond at equal tick rates, also after a long uptime', () => {
    const root = manualClock()
    const clock = new CorrelatedClock(root.clock)
    root.nanos = 9_007_199_254_740_991
    expect(clock.now()).toBe(9_007_199_254_740_991)
    root.nanos = 7_654_321_987_654_321
    expect(clock.now()).toBe(7_654_321_987_654_321)
  })

  it('runs backwards at a speed below 0', () => {
    const root = manualClock()
    const clock = new CorrelatedClock(root.clock, {
      tickRate: 1000,
      speed: -1,
      correlation: new Correlation({ childTicks: 10_000 }),
    })
    root.advanceSeconds(4)
    expect(clock.now()).toBe(6000)
    expect(clock.calcWhen(0)).toBe(10e9)
  })

  it('keeps its correlation when the speed or tick rate is set', () => {
    const root = manualClock()
    const clock = new CorrelatedClock(root.clock, { tickRate: 1000 })
    root.advanceSeconds(10)
    clock.speed = 0.5
    expect(clock.now()).toBe(5000)
    clock.tickRate = 2000
    expect(clock.now()).toBe(10_000)
    clock.correlation = new Correlation({ parentTicks: 10e9, childTicks: 7 })
    expect(clock.now()).toBe(7)
  })

  it('continues from the same tick at another speed after rebasing', () => {
    const root = manualClock()
    const clock = new CorrelatedClock(root.clock, { tickRate: 1000 })
    root.advanceSeconds(10)
    clock.rebaseCorrelationAt(clock.now())
    clock.speed = 0
    root.advanceSeconds(5)
    expect(clock.now()).toBe(10_000)
    clock.rebaseCorrelationAt(clock.now())
    clock.speed = 3
    expect(clock.now()).toBe(10_000)
    root.advanceSeconds(1)
    expect(clock.now()).toBe(13_000)
  })

  it('keeps the current error when it is rebased, and emits no change', () => {
    const root = manualClock()
    const correlation = new Correlation({ initialErrorSeconds: 0.5, errorGrowthRate: 0.25 })
    const clock = new CorrelatedClock(root.clock, { tickRate: 1000, correlation })
    clock.on('change', () => expect.unreachable())
    const after = clock.dispersionAt(9000)
    clock.rebaseCorrelationAt(4000)
    expect({ ...clock.correlation }).toEqual({
      parentTicks: 4e9,
      childTicks: 4000,
      initialErrorSeconds: 1.5,
      errorGrowthRate: 0.25,
    })
    expect(clock.dispersionAt(9000)).toBeCloseTo(after, 12)
  })

  it('sums the dispersion to the root: the error at the correlation, its growth before and after, the precision', () => {
    const root = manualClock({ precisionSeconds: 0.001 })
    const wall = new CorrelatedClock(root.clock, {
      correlation: new Correlation({
        parentTicks: 10e9,
        childTicks: 0,
        initialErrorSeconds: 0.1,
        errorGrowthRate: 0.01,
      }),
    })
    const pts = new CorrelatedClock(wall, {
      tickRate: 90_000,
      speed: 2,
      correlation: new Correlation({ initialErrorSeconds: 0.2 }),
    })
    expect(wall.dispersionAt(0)).toBeCloseTo(0.101, 12)
    expect(wall.dispersionAt(5e9)).toBeCloseTo(0.151, 12)
    expect(wall.dispersionAt(-5e9)).toBeCloseTo(0.151, 12)
    // 900 000 ticks at double speed are 5 s of the wall clock, and its error is twice as long at that speed.
    expect(pts.dispersionAt(900_000)).toBeCloseTo(0.2 + 2 * 0.151, 12)
  })

  it('has the maximum frequency error of its root', () => {
    const root = manualClock({ maxFreqErrorPpm: 25 })
    expect(new CorrelatedClock(new CorrelatedClock(root.clock)).maxFreqErrorPpm).toBe(25)
  })

  it('has a readable description', () => {
    const { clock } = manualClock()
    expect(`${new CorrelatedClock(clock, { name: 'pts', tickRate: 90_000, speed: 0 })}`).toBe(
      'pts (90000 ticks/s, speed 0, parent root)',
    )
  })

  it('accepts another parent, but none derived from itself', () => {
    const [one, two] = [manualClock({ name: 'one' }), manualClock({ name: 'two' })]
    const clock = new CorrelatedClock(one.clock, { name: 'clock' })
    const child = new CorrelatedClock(clock, { name: 'child' })
    two.nanos = 77
    clock.parent = two.clock
    expect(clock.now()).toBe(77)
    expect(child.root).toBe(two.clock)
    expect(() => {
      clock.parent = child
    }).toThrow('"parent" must be a clock that is not derived from clock; received "child"')
    expect(() => {
      clock.parent = clock
    }).toThrow(InvalidOptionError)
    expect(clock.parent).toBe(two.clock)
  })

  it.each([
    [{ tickRate: -1 }, InvalidOptionError, '"tickRate" must be a number of ticks per second above 0; received -1'],
    [{ speed: Number.NaN }, InvalidOptionError, '"speed" must be a number; received NaN'],
    [{ speed: '1' }, InvalidOptionError, '"speed" must be a number; received "1"'],
    [{ correlation: [0, 0] }, InvalidOptionError, '"correlation" must be a Correlation; received [0,0]'],
    [{ available: 1 }, InvalidOptionError, '"available" must be a boolean; received 1'],
  ])('rejects %o and names the expected value', (options, kind, message) => {
    const make = () => new CorrelatedClock(manualClock().clock, options as never)
    expect(make).toThrow(kind)
    expect(make).toThrow(message)
  })

  it('rejects a parent that is not a clock', () => {
    expect(() => new CorrelatedClock({} as never)).toThrow('"parent" must be a Clock; received {}')
  })

  it('is unchanged after a rejected assignment', () => {
    const clock = new CorrelatedClock(manualClock().clock)
    const before = clock.correlation
    clock.on('change', () => expect.unreachable())
    expect(() => clock.setCorrelationAndSpeed(new Correlation({ childTicks: 1 }), Number.NaN)).toThrow(
      InvalidOptionError,
    )
    expect(clock.correlation).toBe(before)
    expect(clock.speed).toBe(1)
  })
})

describe('a stopped correlated clock', () => {
  const stopped = () => {
    const root = manualClock({ precisionSeconds: 0.001 })
    const correlation = new Correlation({
      parentTicks: 3e9,
      childTicks: 42,
      initialErrorSeconds: 0.5,
      errorGrowthRate: 0.1,
    })
    return { root, clock: new CorrelatedClock(root.clock, { tickRate: 1000, speed: 0, correlation }) }
  }

  it('reads its correlation at every moment', () => {
    const { root, clock } = stopped()
    for (const nanos of [0, 3e9, 1e12]) {
      root.nanos = nanos
      expect(clock.now()).toBe(42)
    }
    expect(clock.fromParent(Number.POSITIVE_INFINITY)).toBe(42)
  })

  it('returns NaN for ticks that it never reads, in every conversion towards the root', () => {
    const { root, clock } = stopped()
    const child = new CorrelatedClock(clock, { tickRate: 1000 })
    expect([clock.toParent(43), clock.toRoot(43), clock.calcWhen(43), clock.toOtherClock(root.clock, 43)]).toEqual(
      Array(4).fill(Number.NaN),
    )
    expect([child.toRoot(43), child.calcWhen(43)]).toEqual([Number.NaN, Number.NaN])
  })

  it('returns the moment of its correlation for its own tick', () => {
    const { root, clock } = stopped()
    expect([clock.toParent(42), clock.toRoot(42), clock.calcWhen(42), clock.toOtherClock(root.clock, 42)]).toEqual(
      Array(4).fill(3e9),
    )
  })

  it('has only its own error, independent of the parent', () => {
    const { root, clock } = stopped()
    root.nanos = 5e9
    expect(clock.dispersionAt(42)).toBeCloseTo(0.7, 12)
    expect(clock.dispersionAt(9999)).toBeCloseTo(0.7, 12)
    expect(new CorrelatedClock(clock, { tickRate: 1000 }).dispersionAt(1)).toBeCloseTo(0.7, 12)
  })

  it('cannot be rebased at another tick', () => {
    const { clock } = stopped()
    expect(() => clock.rebaseCorrelationAt(43)).toThrow(InvalidOptionError)
    expect(() => clock.rebaseCorrelationAt(43)).toThrow(/^"ticks" must be 42, .* received 43$/)
  })
})

describe('the significance of a change', () => {
  const clockAt = (speed: number) => {
    const root = manualClock()
    root.advanceSeconds(100)
    return new CorrelatedClock(root.clock, { tickRate: 1000, speed })
  }

  it.each([1, 2, 0, -1])('is the jump in seconds of the clock at speed %d, with its sign', (speed) => {
    const clock = clockAt(speed)
    // Where the clock would be at 50 s, give or take half a second.
    const at = (off: number) => new Correlation({ parentTicks: 50e9, childTicks: 50_000 * speed + off })
    expect(clock.quantifySignedChange(at(500), speed)).toBe(0.5)
    expect(clock.quantifySignedChange(at(-500), speed)).toBe(-0.5)
    expect(clock.quantifyChange(at(-500), speed)).toBe(0.5)
    expect(clock.quantifyChange(at(0), speed)).toBe(0)
    const before = clock.now()
    clock.correlation = at(500)
    expect(clock.now() - before).toBe(500)
  })

  it('is infinite if the speed differs', () => {
    const clock = clockAt(1)
    expect(clock.quantifyChange(clock.correlation, 1.001)).toBe(Number.POSITIVE_INFINITY)
    expect(clock.quantifySignedChange(clock.correlation, 1.001)).toBe(Number.POSITIVE_INFINITY)
    expect(clock.quantifySignedChange(clock.correlation, 0)).toBe(Number.NEGATIVE_INFINITY)
    expect(clock.isChangeSignificant(clock.correlation, 0, 1e9)).toBe(true)
  })

  it('is compared with a threshold', () => {
    const clock = clockAt(1)
    const later = new Correlation({ childTicks: 500 })
    expect(clock.isChangeSignificant(later, 1, 0.5)).toBe(false)
    expect(clock.isChangeSignificant(later, 1, 0.499)).toBe(true)
    expect(() => clock.isChangeSignificant(later, 1, -1)).toThrow(
      '"thresholdSeconds" must be a number of seconds from 0 upward; received -1',
    )
  })
})
