import { describe, expect, it } from 'vitest'
import { Clock, measurePrecisionSeconds, SystemClock } from '../../../src/clocks/index.js'
import { InvalidOptionError } from '../../../src/validation/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

describe('a system clock', () => {
  it('reads the same monotonic clock as process.hrtime, in nanoseconds', () => {
    const clock = new SystemClock()
    const before = Number(process.hrtime.bigint())
    const now = clock.now()
    const after = Number(process.hrtime.bigint())
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(after)
  })

  it('never runs backwards', () => {
    const clock = new SystemClock()
    for (let reads = 0, last = clock.now(); reads < 1000; reads++) {
      const now = clock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
  })

  it('has a billion ticks per second, speed 1 and 500 ppm by default, and is available', () => {
    const { tickRate, speed, maxFreqErrorPpm, available, parent, effectiveSpeed } = new SystemClock()
    expect({ tickRate, speed, maxFreqErrorPpm, available, parent, effectiveSpeed }).toEqual({
      tickRate: 1e9,
      speed: 1,
      maxFreqErrorPpm: 500,
      available: true,
      parent: null,
      effectiveSpeed: 1,
    })
  })

  it('measures a precision finer than a millisecond, once per process', () => {
    const { precisionSeconds } = new SystemClock()
    expect(precisionSeconds).toBeGreaterThan(0)
    expect(precisionSeconds).toBeLessThan(1e-3)
    expect(new SystemClock().precisionSeconds).toBe(precisionSeconds)
  })

  it('measures the precision of a custom source as its smallest step', () => {
    let reads = 0
    // Steps of 3000 ns, each seen four times over, and one of 1000 ns among them.
    const source = () => Math.floor(reads++ / 4) * 3000 - (reads > 100 ? 2000 : 0)
    expect(measurePrecisionSeconds(source)).toBeCloseTo(1e-6, 12)
    reads = 0
    expect(new SystemClock({ source }).precisionSeconds).toBeCloseTo(1e-6, 12)
  })

  it('uses one nanosecond as the precision of a source that does not advance', () => {
    expect(new SystemClock({ source: () => 42 }).precisionSeconds).toBe(1e-9)
  })

  it('uses the given precision and frequency error', () => {
    const clock = new SystemClock({ precisionSeconds: 0.001, maxFreqErrorPpm: 50 })
    expect(clock.precisionSeconds).toBe(0.001)
    expect(clock.maxFreqErrorPpm).toBe(50)
    expect(clock.dispersionAt(clock.now())).toBe(0.001)
  })

  it('counts at the given tick rate', () => {
    const manual = manualClock({ tickRate: 90_000 })
    manual.advanceSeconds(2.5)
    expect(manual.clock.now()).toBe(225_000)
    expect(manual.clock.nanos()).toBe(2.5e9)
    expect(manual.clock.fromNanos(1e9)).toBe(90_000)
  })

  it('throws if its speed or tick rate is set', () => {
    const { clock } = manualClock({ name: 'wall' })
    expect(() => {
      clock.speed = 2
    }).toThrow('"speed" of wall is read-only: a SystemClock runs at speed 1')
    expect(() => {
      clock.tickRate = 2
    }).toThrow('"tickRate" of wall is read-only: it is set once, in the constructor')
  })

  it('rejects unknown options, and suggests the known one', () => {
    expect(() => new SystemClock({ tickrate: 1 } as never)).toThrow(
      'unknown option "tickrate"; did you mean "tickRate"?',
    )
  })

  it('has no parent to convert to or from, and is its own root', () => {
    const { clock } = manualClock()
    expect(() => clock.toParent(1)).toThrow('cannot convert to the parent of root: it is a root clock')
    expect(() => clock.fromParent(1)).toThrow('cannot convert from the parent of root: it is a root clock')
    expect(clock.root).toBe(clock)
    expect(clock.ancestry).toEqual([clock])
    expect([clock.toRoot(7), clock.fromRoot(7), clock.calcWhen(7), clock.toOtherClock(clock, 7)]).toEqual([7, 7, 7, 7])
  })

  it('has a default name, and shows it', () => {
    const [one, two] = [new SystemClock(), new SystemClock()]
    expect(one.name).toMatch(/^SystemClock-\d+$/)
    expect(one.name).not.toBe(two.name)
    expect(`${new SystemClock({ name: 'wall' })}`).toBe('wall (1000000000 ticks/s, speed 1)')
    expect(one).toBeInstanceOf(Clock)
  })

  it.each([
    [{ tickRate: 0 }, InvalidOptionError, '"tickRate" must be a number of ticks per second above 0; received 0'],
    [
      { tickRate: '90000' },
      InvalidOptionError,
      '"tickRate" must be a number of ticks per second above 0; received "90000"',
    ],
    [
      { maxFreqErrorPpm: -1 },
      InvalidOptionError,
      '"maxFreqErrorPpm" must be a number of ppm from 0 upward; received -1',
    ],
    [{ precisionSeconds: 0 }, InvalidOptionError, '"precisionSeconds" must be a number of seconds above 0; received 0'],
    [{ source: 7 }, InvalidOptionError, '"source" must be a function; received 7'],
    [{ name: 7 }, InvalidOptionError, '"name" must be a string; received 7'],
  ])('rejects %o and names the expected value', (options, kind, message) => {
    const make = () => new SystemClock(options as never)
    expect(make).toThrow(kind)
    expect(make).toThrow(message)
  })
})
