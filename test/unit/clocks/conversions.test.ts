import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Clock,
  CorrelatedClock,
  Correlation,
  NoCommonClockError,
  OffsetClock,
  RangeCorrelatedClock,
} from '../../../src/clocks/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

const ticks = fc.double({ min: -1e12, max: 1e12, noNaN: true })
const tickRate = fc.constantFrom(1, 25, 1000, 44_100, 48_000, 90_000, 1e6, 27e6, 1e9)
const speed = fc.constantFrom(0.25, 0.5, 0.999, 1, 1.001, 2, 8, -1, -0.5)
const correlation = fc
  .record({ parentTicks: ticks, childTicks: ticks })
  .map(({ parentTicks, childTicks }) => new Correlation({ parentTicks, childTicks }))

type Derive = (parent: Clock) => Clock
const derive: fc.Arbitrary<Derive> = fc.oneof(
  fc.record({ tickRate, speed, correlation }).map((options) => (parent: Clock) => new CorrelatedClock(parent, options)),
  fc
    .double({ min: -10, max: 10, noNaN: true })
    .map((offsetSeconds) => (parent: Clock) => new OffsetClock(parent, { offsetSeconds })),
  fc
    .record({ tickRate, correlation, span: fc.integer({ min: 1000, max: 1e9 }), ratio: speed })
    .map(({ tickRate, correlation, span, ratio }) => (parent: Clock) => {
      const { parentTicks, childTicks } = correlation
      const second = correlation.with({ parentTicks: parentTicks + span, childTicks: childTicks + span * ratio })
      return new RangeCorrelatedClock(parent, { tickRate, correlation1: correlation, correlation2: second })
    }),
)
const chain = fc.array(derive, { minLength: 1, maxLength: 4 })
const grow = (root: Clock, steps: Derive[]): Clock => steps.reduce((parent, step) => step(parent), root)

/** How far off a round trip may be: some last bits of the largest number on the way, in ticks of where it started. */
function tolerance(clock: Clock, from: number): number {
  let [worst, value, ratio] = [Math.abs(from), from, 1]
  for (const step of clock.ancestry) {
    if (step.parent === null) break
    const one = Math.abs(step.toParent(1e6) - step.toParent(0)) / 1e6
    value = step.toParent(value)
    ratio /= one === 0 ? 1 : one
    worst = Math.max(worst, (Math.abs(value) + 2e12) * ratio, 2e12 * ratio * one)
  }
  return worst * 1e-12
}

describe('conversions, of any clocks', () => {
  it('are reversible, to the parent and to the root', () => {
    fc.assert(
      fc.property(chain, ticks, (steps, from) => {
        const clock = grow(manualClock().clock, steps)
        const within = tolerance(clock, from)
        expect(Math.abs(clock.fromRoot(clock.toRoot(from)) - from)).toBeLessThanOrEqual(within)
        expect(Math.abs(clock.fromParent(clock.toParent(from)) - from)).toBeLessThanOrEqual(within)
      }),
    )
  })

  it('to the root are the conversions to each parent in sequence', () => {
    fc.assert(
      fc.property(chain, ticks, (steps, from) => {
        const clock = grow(manualClock().clock, steps)
        let value = from
        for (const step of clock.ancestry) if (step.parent !== null) value = step.toParent(value)
        expect(clock.toRoot(from)).toBe(value)
        expect(clock.calcWhen(from)).toBe(value)
        expect(clock.toOtherClock(clock.root, from)).toBe(value)
        expect(clock.root.toOtherClock(clock, value)).toBe(clock.fromRoot(value))
      }),
    )
  })

  it('to another clock use the nearest common ancestor', () => {
    fc.assert(
      fc.property(chain, chain, chain, ticks, (trunk, left, right, from) => {
        const fork = grow(manualClock().clock, trunk)
        const [one, other] = [grow(fork, left), grow(fork, right)]
        const expected = fork.toOtherClock(other, one.toOtherClock(fork, from))
        expect(one.toOtherClock(other, from)).toBe(expected)
        expect(one.toOtherClock(one, from)).toBe(from)
      }),
    )
  })

  it('agree with the readings of the clocks', () => {
    fc.assert(
      fc.property(chain, chain, fc.integer({ min: 0, max: 1e15 }), (left, right, nanos) => {
        const root = manualClock()
        root.nanos = nanos
        const [one, other] = [grow(root.clock, left), grow(root.clock, right)]
        expect(one.fromRoot(nanos)).toBe(one.now())
        expect(root.clock.toOtherClock(other, nanos)).toBe(other.now())
      }),
    )
  })

  it('follow the effective speed: seconds of the clock per second of the root', () => {
    fc.assert(
      fc.property(chain, (steps) => {
        const clock = grow(manualClock().clock, steps)
        // Over a long time, so that the rounding of far correlations does not count.
        const [from, to] = [clock.fromRoot(0), clock.fromRoot(1e18)]
        const seconds = (to - from) / clock.tickRate
        expect(seconds / 1e9 / clock.effectiveSpeed).toBeCloseTo(1, 3)
        expect(clock.effectiveSpeedRelativeTo(clock.root) / clock.effectiveSpeed).toBeCloseTo(1, 9)
      }),
    )
  })

  it('from nanoseconds and back are exact', () => {
    fc.assert(
      fc.property(tickRate, fc.integer({ min: 0, max: 1e12 }), (rate, value) => {
        const clock = new CorrelatedClock(manualClock().clock, { tickRate: rate })
        expect(clock.fromNanos(clock.toNanos(value))).toBeCloseTo(value, 3)
      }),
    )
  })
})

describe('conversions between clocks', () => {
  it('do not depend on clocks above the common ancestor, even if it is stopped', () => {
    const root = manualClock()
    const paused = new CorrelatedClock(root.clock, { tickRate: 1000, speed: 0 })
    const one = new CorrelatedClock(paused, { tickRate: 1000 })
    const other = new CorrelatedClock(paused, { tickRate: 90_000 })
    expect(one.toOtherClock(other, 2000)).toBe(180_000)
    expect(one.toOtherClock(root.clock, 2000)).toBeNaN()
  })

  it('fail without a common ancestor, with an error that names both clocks', () => {
    const one = new CorrelatedClock(manualClock({ name: 'here' }).clock, { name: 'pts' })
    const other = new CorrelatedClock(manualClock({ name: 'there' }).clock, { name: 'temi' })
    const attempt = () => one.toOtherClock(other, 1)
    expect(attempt).toThrow(NoCommonClockError)
    expect(attempt).toThrow('pts (root here) and temi (root there) have no common ancestor')
    expect(() => one.difference(other)).toThrow(NoCommonClockError)
    try {
      attempt()
    } catch (error) {
      expect(error).toMatchObject({ name: 'NoCommonClockError', clock: one, other })
    }
  })

  it('accept only a clock', () => {
    expect(() => manualClock().clock.toOtherClock({} as never, 1)).toThrow('"other" must be a Clock; received {}')
  })
})

describe('the effective speed', () => {
  it('is the product of the speeds, to the root or to an ancestor', () => {
    const root = manualClock()
    const one = new CorrelatedClock(root.clock, { speed: 2 })
    const two = new CorrelatedClock(one, { speed: 0.25 })
    const three = new CorrelatedClock(two, { speed: -3 })
    expect(three.effectiveSpeed).toBe(-1.5)
    expect(three.effectiveSpeedRelativeTo(one)).toBe(-0.75)
    expect(three.effectiveSpeedRelativeTo(three)).toBe(1)
    one.speed = 0
    expect(three.effectiveSpeed === 0).toBe(true)
  })

  it('relative to a clock that is not an ancestor is rejected', () => {
    const root = manualClock()
    const [one, two] = ['one', 'two'].map((name) => new CorrelatedClock(root.clock, { name }))
    expect(() => one?.effectiveSpeedRelativeTo(two as Clock)).toThrow('two is not an ancestor of one')
  })
})

describe('the difference between two clocks', () => {
  const pair = (first: object, second: object) => {
    const root = manualClock()
    root.nanos = 5e9
    return [new CorrelatedClock(root.clock, first), new CorrelatedClock(root.clock, second)] as const
  }

  it('is in seconds and symmetric, also between different tick rates', () => {
    const [one, two] = pair(
      { tickRate: 1000 },
      { tickRate: 90_000, correlation: new Correlation({ childTicks: 45_000 }) },
    )
    expect(one.difference(two)).toBe(0.5)
    expect(two.difference(one)).toBe(0.5)
    expect(one.difference(one)).toBe(0)
  })

  it('is infinite when one runs faster than the other', () => {
    const [one, two] = pair({ tickRate: 1000 }, { tickRate: 1000, speed: 1.0001 })
    expect(one.difference(two)).toBe(Number.POSITIVE_INFINITY)
    two.speed = -1
    expect(one.difference(two)).toBe(Number.POSITIVE_INFINITY)
  })

  it('is finite between two stopped clocks', () => {
    const [one, two] = pair(
      { tickRate: 1000, speed: 0 },
      { tickRate: 1000, speed: 0, correlation: new Correlation({ childTicks: 7 }) },
    )
    expect(one.difference(two)).toBe(0.007)
  })

  it('does not depend on the order of the same speeds', () => {
    const root = manualClock()
    const build = (speeds: number[]) =>
      speeds.reduce<Clock>((p, speed) => new CorrelatedClock(p, { speed }), root.clock)
    const [one, two] = [build([0.1, 0.2, 0.3]), build([0.3, 0.2, 0.1])]
    expect(one.effectiveSpeed).not.toBe(two.effectiveSpeed)
    expect(one.difference(two)).toBe(0)
  })
})
