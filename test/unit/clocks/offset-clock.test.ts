import { describe, expect, it } from 'vitest'
import { CorrelatedClock, Correlation, OffsetClock } from '../../../src/clocks/index.js'
import { InvalidOptionError } from '../../../src/validation/index.js'
import { manualClock } from '../../helpers/manual-clock.js'

describe('an offset clock', () => {
  const make = (speed: number, offsetSeconds: number) => {
    const root = manualClock()
    const media = new CorrelatedClock(root.clock, { tickRate: 1000, speed, name: 'media' })
    return { root, media, clock: new OffsetClock(media, { offsetSeconds, name: 'early' }) }
  }

  it.each([
    [1, 0.04],
    [1, -0.04],
    [2, 0.04],
    [0.5, 0.04],
    [-1, 0.04],
    [0, 0.04],
  ])('reads at speed %d what its parent reads %d s later', (speed, offsetSeconds) => {
    const { root, media, clock } = make(speed, offsetSeconds)
    root.advanceSeconds(10)
    const early = clock.now()
    root.advanceSeconds(offsetSeconds)
    expect(media.now()).toBeCloseTo(early, 9)
  })

  it('follows a change of the speed of an ancestor', () => {
    const { clock, media } = make(1, 0.5)
    expect(clock.now()).toBe(500)
    media.speed = 4
    expect(clock.now()).toBe(2000)
    media.speed = 0
    expect(clock.now()).toBe(0)
  })

  it('is 0.5 s of the root away from its parent in calcWhen', () => {
    const { clock, media } = make(2, 0.5)
    expect(media.calcWhen(10_000)).toBe(5e9)
    expect(clock.calcWhen(10_000)).toBe(4.5e9)
    expect(clock.toOtherClock(media, 10_000)).toBe(9000)
    expect(media.toOtherClock(clock, 9000)).toBe(10_000)
  })

  it('converts to a stopped parent, and returns NaN for other ticks', () => {
    const { clock } = make(0, 0.5)
    expect(clock.toParent(7)).toBe(7)
    expect(clock.calcWhen(7)).toBeNaN()
    expect(clock.calcWhen(0)).toBe(0)
  })

  it('has the tick rate, the effective speed and the dispersion of its parent', () => {
    const root = manualClock({ precisionSeconds: 0.001 })
    const correlation = new Correlation({ initialErrorSeconds: 0.1, errorGrowthRate: 0.1 })
    const media = new CorrelatedClock(root.clock, { tickRate: 1000, speed: 2, correlation })
    const clock = new OffsetClock(media, { offsetSeconds: 1 })
    expect([clock.tickRate, clock.speed, clock.effectiveSpeed]).toEqual([1000, 1, 2])
    expect(clock.dispersionAt(4000)).toBeCloseTo(media.dispersionAt(2000), 12)
    expect(clock.difference(media)).toBe(2)
    media.tickRate = 500
    expect(clock.tickRate).toBe(500)
  })

  it('can be nested', () => {
    const { clock, root } = make(2, 0.5)
    const both = new OffsetClock(clock, { offsetSeconds: -0.25 })
    root.advanceSeconds(1)
    expect(both.now()).toBe(2500)
  })

  it('has no offset by default, and emits a change only for a different one', () => {
    const { media } = make(1, 0)
    const clock = new OffsetClock(media)
    const heard: string[] = []
    clock.on('change', ({ reason, clock: cause }) => heard.push(`${cause === clock} ${reason}`))
    expect(clock.offsetSeconds).toBe(0)
    clock.offsetSeconds = 1
    clock.offsetSeconds = 1
    expect(clock.now()).toBe(1000)
    expect(heard).toEqual(['true offset'])
  })

  it('throws if its speed or tick rate is set, and shows its offset', () => {
    const { clock } = make(1, 0.04)
    expect(() => {
      clock.speed = 2
    }).toThrow('"speed" of early is read-only: an OffsetClock runs at the speed of its parent')
    expect(() => {
      clock.tickRate = 2
    }).toThrow('"tickRate" of early is read-only: it is that of the parent')
    expect(`${clock}`).toBe('early (1000 ticks/s, speed 1, parent media) +0.04 s')
  })

  it('rejects an offset that is not a number', () => {
    const { media } = make(1, 0)
    expect(() => new OffsetClock(media, { offsetSeconds: '1' as never })).toThrow(
      '"offsetSeconds" must be a number of seconds; received "1"',
    )
    expect(() => new OffsetClock(media, { offsetSeconds: Number.NaN })).toThrow(InvalidOptionError)
  })
})
