import { describe, expect, it } from 'vitest'
import { CorrelatedClock, TunableClock } from '../../../src/clocks/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

function setUp(options: ConstructorParameters<typeof TunableClock>[1] = {}) {
  const root = manualClock()
  root.advanceSeconds(100)
  const clock = new TunableClock(root.clock, { tickRate: 1000, name: 'tunable', ...options })
  const changes: string[] = []
  clock.on('change', ({ reason }) => changes.push(reason))
  return { root, clock, changes }
}

describe('a tunable clock', () => {
  it('starts at the given tick, at speed 1 and without error', () => {
    const { root, clock } = setUp({ ticks: 5000 })
    expect([clock.now(), clock.speed, clock.slew]).toEqual([5000, 1, 0])
    root.advanceSeconds(2)
    expect(clock.now()).toBe(7000)
    expect(clock.dispersionAt(7000)).toBeCloseTo(1e-9, 15)
  })

  it('is a correlated clock of a nanosecond per tick by default', () => {
    const clock = new TunableClock(manualClock().clock)
    expect(clock).toBeInstanceOf(CorrelatedClock)
    expect([clock.tickRate, clock.now()]).toEqual([1e9, 0])
  })

  it.each([2, 0.5, 0, -1])('continues from the current tick at speed %d', (speed) => {
    const { root, clock, changes } = setUp()
    root.advanceSeconds(3)
    clock.speed = speed
    expect(clock.now()).toBe(3000)
    root.advanceSeconds(2)
    expect(clock.now()).toBe(3000 + 2000 * speed)
    clock.speed = 1
    root.advanceSeconds(1)
    expect(clock.now()).toBe(4000 + 2000 * speed)
    expect(changes).toEqual(['speed', 'speed'])
  })

  it('continues from the current tick at another tick rate', () => {
    const { root, clock, changes } = setUp()
    root.advanceSeconds(3)
    clock.tickRate = 50
    expect(clock.now()).toBe(3000)
    root.advanceSeconds(1)
    expect(clock.now()).toBe(3050)
    expect(changes).toEqual(['tickRate'])
  })

  it('gains the ticks per second that it is slewed by', () => {
    const { root, clock } = setUp()
    root.advanceSeconds(1)
    clock.slew = -250
    expect([clock.speed, clock.slew]).toEqual([0.75, -250])
    root.advanceSeconds(4)
    expect(clock.now()).toBe(4000)
  })

  it('moves by a number of ticks, with one change, also while stopped', () => {
    const { root, clock, changes } = setUp()
    root.advanceSeconds(1)
    clock.adjustTicks(250)
    expect(clock.now()).toBe(1250)
    clock.speed = 0
    clock.adjustTicks(-1000)
    root.advanceSeconds(1)
    expect(clock.now()).toBe(250)
    clock.adjustTicks(0)
    expect(changes).toEqual(['correlation', 'speed', 'correlation'])
  })

  it('has the error that was set, from that moment on', () => {
    const { root, clock } = setUp()
    root.advanceSeconds(10)
    clock.setError(0.004, 0.001)
    expect(clock.now()).toBe(10_000)
    expect(clock.dispersionAt(10_000)).toBeCloseTo(0.004, 8)
    expect(clock.dispersionAt(12_000)).toBeCloseTo(0.006, 8)
    clock.setError(0.002)
    expect(clock.dispersionAt(50_000)).toBeCloseTo(0.002, 8)
  })

  it('keeps its error through changes of speed', () => {
    const { root, clock } = setUp()
    clock.setError(0.001, 0.001)
    root.advanceSeconds(3)
    clock.speed = 2
    expect(clock.dispersionAt(clock.now())).toBeCloseTo(0.004, 8)
  })

  it.each([
    [() => setUp({ ticks: Number.NaN }), '"ticks" must be a number of ticks; received NaN'],
    [() => setUp().clock.adjustTicks(Number.POSITIVE_INFINITY), '"ticks" must be a number of ticks; received Infinity'],
    [() => setUp().clock.setError(-1), '"seconds" must be a number of seconds from 0 upward; received -1'],
    [
      () => setUp().clock.setError(0, -1),
      '"growthRate" must be a number of seconds per second from 0 upward; received -1',
    ],
    [
      () => {
        setUp().clock.slew = '1' as never
      },
      '"slew" must be a number of ticks per second; received "1"',
    ],
    [
      () => {
        setUp().clock.speed = Number.NaN
      },
      '"speed" must be a number; received NaN',
    ],
  ])('rejects invalid values: %#', (act, message) => {
    expect(act).toThrow(message)
  })
})
