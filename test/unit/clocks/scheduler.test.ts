import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CorrelatedClock,
  type CorrelatedClockOptions,
  Correlation,
  OffsetClock,
  SystemClock,
} from '../../../src/clocks/index.js'

const advance = (millis: number) => vi.advanceTimersByTimeAsync(millis)
/** Lets what is due at once happen, without letting time pass. */
const settle = () => Promise.resolve()

/** A root that reads the fake time, from 0, running `drift` times as fast as the timers do. */
function fakeRoot(drift = 1): SystemClock {
  const start = Date.now()
  return new SystemClock({ precisionSeconds: 1e-9, source: () => (Date.now() - start) * 1e6 * drift })
}

/** A clock of 1000 ticks per second, and what it read at each call. */
function setUp(options: CorrelatedClockOptions = {}, root = fakeRoot()) {
  const clock = new CorrelatedClock(root, { tickRate: 1000, ...options })
  const calls: number[] = []
  return { root, clock, calls, schedule: (ticks: number) => clock.scheduleAt(ticks, () => calls.push(clock.now())) }
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a scheduled call', () => {
  it('comes when the clock reads the tick, once', async () => {
    const { clock, calls, schedule } = setUp()
    const call = schedule(5000)
    expect(call.pending).toBe(true)
    await advance(4999)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([5000])
    expect(call.pending).toBe(false)
    clock.correlation = new Correlation()
    clock.correlation = new Correlation({ childTicks: -10_000 })
    await advance(60_000)
    expect(calls).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('comes for each of several calls, in order', async () => {
    const { clock } = setUp()
    const order: number[] = []
    for (const ticks of [300, 100, 200]) clock.scheduleAt(ticks, () => order.push(ticks))
    await advance(300)
    expect(order).toEqual([100, 200, 300])
  })

  it('does not come once cancelled, and leaves no timer and no listener', async () => {
    const { clock, calls, schedule } = setUp()
    const call = schedule(1000)
    call.cancel()
    call.cancel()
    expect([call.pending, vi.getTimerCount(), clock.listenerCount]).toEqual([false, 0, 0])
    await advance(5000)
    expect(calls).toEqual([])
  })

  it('never comes before the tick, even if the timer fires early', async () => {
    const { calls, schedule } = setUp({}, fakeRoot(0.75))
    schedule(3000)
    await advance(3999)
    expect(calls).toEqual([])
    await advance(10)
    expect(calls).toHaveLength(1)
    expect(calls[0]).toBeGreaterThanOrEqual(3000)
  })

  it('comes in the later millisecond for a tick between two', async () => {
    const { calls, schedule } = setUp()
    schedule(10.25)
    await advance(10)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([11])
  })

  it('comes after a delay that exceeds the range of timers', async () => {
    const day = 86_400_000
    const { calls, schedule } = setUp()
    schedule(60 * day)
    await advance(1000)
    expect(calls).toEqual([])
    await advance(60 * day - 1001)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([60 * day])
  })

  it.each([
    ['forward, past a tick behind it', 1, 50],
    ['forward, at the tick', 1, 100],
    ['backward, past a tick ahead of it', -1, 150],
  ])('comes asynchronously at once if the clock runs %s', async (_, speed, ticks) => {
    const { calls, schedule } = setUp({ speed, correlation: new Correlation({ childTicks: 100 }) })
    const call = schedule(ticks)
    expect([calls, call.pending]).toEqual([[], true])
    await settle()
    expect([calls, call.pending]).toEqual([[100], false])
  })

  it('that is due can still be cancelled synchronously', async () => {
    const { calls, schedule } = setUp()
    schedule(-1).cancel()
    await advance(10)
    expect(calls).toEqual([])
  })

  it('comes when a clock that runs backward reaches the tick', async () => {
    const { calls, schedule } = setUp({ speed: -2, correlation: new Correlation({ childTicks: 1000 }) })
    schedule(0)
    await advance(499)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([0])
  })

  it('lets the error of its callback become uncaught, and is finished', async () => {
    const { clock } = setUp()
    const call = clock.scheduleAt(10, () => {
      throw new Error('from the callback')
    })
    expect(() => vi.advanceTimersByTime(10)).toThrow('from the callback')
    expect([call.pending, clock.listenerCount]).toEqual([false, 0])
  })

  it('keeps the process alive unless unref is set', () => {
    const { clock } = setUp()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const hasRef = () => timers.mock.results.at(-1)?.value.hasRef()
    clock.scheduleAt(10, () => {})
    expect(hasRef()).toBe(true)
    clock.scheduleAt(10, () => {}, { unref: true })
    expect(hasRef()).toBe(false)
    timers.mockRestore()
  })

  it.each([
    [Number.NaN, () => {}, {}, '"ticks" must be a number of ticks; received NaN'],
    [Number.POSITIVE_INFINITY, () => {}, {}, '"ticks" must be a number of ticks; received Infinity'],
    [1, 'call', {}, '"callback" must be a function; received "call"'],
    [1, () => {}, { unref: 1 }, '"unref" must be a boolean; received 1'],
  ])('at %d with %s and %o is rejected', (ticks, callback, options, message) => {
    const { clock } = setUp()
    expect(() => clock.scheduleAt(ticks, callback as never, options as never)).toThrow(message)
    expect(clock.listenerCount).toBe(0)
  })
})

describe('a scheduled call follows its clock', () => {
  it('to another speed', async () => {
    const { clock, calls, schedule } = setUp()
    schedule(10_000)
    await advance(4000)
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: 4e9, childTicks: 4000 }), 2)
    await advance(2999)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([10_000])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('to a later and to an earlier correlation', async () => {
    const { clock, calls, schedule } = setUp()
    schedule(10_000)
    clock.correlation = new Correlation({ childTicks: -5000 })
    await advance(12_000)
    expect(calls).toEqual([])
    clock.correlation = new Correlation({ childTicks: -3000 })
    await advance(1000)
    expect(calls).toEqual([10_000])
  })

  it('through a change of an ancestor', async () => {
    const root = fakeRoot()
    const wall = new CorrelatedClock(root)
    const early = new OffsetClock(new CorrelatedClock(wall, { tickRate: 1000 }), { offsetSeconds: 1 })
    const calls: number[] = []
    early.scheduleAt(10_000, () => calls.push(Date.now()))
    const start = Date.now()
    await advance(1000)
    wall.correlation = new Correlation({ childTicks: 3e9 })
    await advance(4999)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([start + 6000])
  })

  it('to another parent', async () => {
    const { clock, calls, root, schedule } = setUp()
    schedule(10_000)
    clock.parent = new CorrelatedClock(root, { speed: 10 })
    await advance(1000)
    expect(calls).toEqual([10_000])
  })

  it.each([
    [1, 20_000],
    [-1, -20_000],
  ])('past the tick when it jumps there at speed %d, asynchronously', async (speed, there) => {
    const { clock, calls, schedule } = setUp({ speed })
    schedule(10_000 * speed)
    clock.correlation = new Correlation({ childTicks: there })
    clock.correlation = new Correlation({ childTicks: there + speed })
    expect(calls).toEqual([])
    await settle()
    expect(calls).toEqual([there + speed])
  })

  it('into a pause of any length, without a timer', async () => {
    const { clock, calls, root, schedule } = setUp()
    schedule(1000)
    await advance(400)
    clock.rebaseCorrelationAt(clock.now())
    clock.speed = 0
    expect(vi.getTimerCount()).toBe(0)
    await advance(100_000)
    expect(calls).toEqual([])
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: root.now(), childTicks: 400 }), 1)
    await advance(600)
    expect(calls).toEqual([1000])
  })

  it('when it is paused exactly at the tick', async () => {
    const { clock, calls, schedule } = setUp()
    schedule(1000)
    clock.setCorrelationAndSpeed(new Correlation({ childTicks: 1000 }), 0)
    await settle()
    expect(calls).toEqual([1000])
  })

  it('past the tick during a pause, and comes when it resumes', async () => {
    const { clock, calls, schedule } = setUp()
    schedule(1000)
    clock.setCorrelationAndSpeed(new Correlation({ childTicks: 2000 }), 0)
    await advance(100)
    expect(calls).toEqual([])
    clock.speed = 1
    await settle()
    expect(calls).toEqual([2100])
  })

  it('backwards, away from a tick not reached yet, and waits until it returns', async () => {
    const { clock, calls, root, schedule } = setUp()
    schedule(1000)
    await advance(500)
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: root.now(), childTicks: 500 }), -1)
    await advance(200)
    expect([calls, vi.getTimerCount()]).toEqual([[], 0])
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: root.now(), childTicks: 300 }), 1)
    await advance(699)
    expect(calls).toEqual([])
    await advance(1)
    expect(calls).toEqual([1000])
  })

  it('while it is unavailable, without coming', async () => {
    const { clock, calls, root, schedule } = setUp()
    schedule(1000)
    schedule(5000)
    root.available = false
    expect(vi.getTimerCount()).toBe(0)
    await advance(2000)
    expect(calls).toEqual([])
    root.available = true
    await settle()
    expect(calls).toEqual([2000])
    await advance(3000)
    expect(calls).toEqual([2000, 5000])
    clock.available = false
    schedule(0)
    await advance(10)
    expect(calls).toHaveLength(2)
  })
})
