import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CorrelatedClock, type CorrelatedClockOptions, Correlation, SystemClock } from '../../../src/clocks/index.js'

const advance = (millis: number) => vi.advanceTimersByTimeAsync(millis)

function setUp(options: CorrelatedClockOptions = {}) {
  const start = Date.now()
  const root = new SystemClock({ precisionSeconds: 1e-9, source: () => (Date.now() - start) * 1e6 })
  const clock = new CorrelatedClock(root, { tickRate: 1000, ...options })
  /** What the clock read when each sleep ended; the message of its error, where it was rejected. */
  const ends: unknown[] = []
  const watch = (sleep: Promise<void>) => {
    void sleep.then(
      () => ends.push(clock.now()),
      (error: Error) => ends.push(error.message),
    )
  }
  const correlateNow = (childTicks: number, speed: number) =>
    clock.setCorrelationAndSpeed(new Correlation({ parentTicks: root.now(), childTicks }), speed)
  return { root, clock, ends, watch, correlateNow }
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a sleep on a clock', () => {
  it('ends at the tick, through a change of speed, a jump and a pause', async () => {
    const { clock, ends, watch, correlateNow } = setUp()
    watch(clock.sleepUntil(10_000))
    await advance(2000)
    correlateNow(2000, 2)
    await advance(1000)
    correlateNow(6000, 0)
    await advance(60_000)
    expect([ends, vi.getTimerCount()]).toEqual([[], 0])
    correlateNow(9000, 1)
    await advance(999)
    expect(ends).toEqual([])
    await advance(1)
    expect(ends).toEqual([10_000])
    expect(clock.listenerCount).toBe(0)
  })

  it('ends after a number of ticks of the clock, whatever its speed is', async () => {
    const { clock, ends, watch } = setUp({ speed: 4, correlation: new Correlation({ childTicks: 500 }) })
    watch(clock.sleepFor(2000))
    await advance(499)
    expect(ends).toEqual([])
    await advance(1)
    expect(ends).toEqual([2500])
  })

  it('counts the ticks of a clock that runs backwards downwards', async () => {
    const { clock, ends, watch } = setUp({ speed: -1 })
    watch(clock.sleepFor(300))
    await advance(299)
    expect(ends).toEqual([])
    await advance(1)
    expect(ends).toEqual([-300])
  })

  it('waits while the clock is unavailable', async () => {
    const { clock, ends, watch } = setUp()
    watch(clock.sleepFor(100))
    clock.available = false
    await advance(5000)
    expect(ends).toEqual([])
    clock.available = true
    await advance(0)
    expect(ends).toEqual([5000])
  })

  it('stays pending when the clock reverses, until it returns to the tick', async () => {
    const { clock, ends, watch, correlateNow } = setUp()
    watch(clock.sleepUntil(1000))
    await advance(500)
    correlateNow(500, -1)
    await advance(5000)
    expect(ends).toEqual([])
    correlateNow(900, 1)
    await advance(100)
    expect(ends).toEqual([1000])
  })

  it('ends at once if the clock is past the tick, and after 0 ticks', async () => {
    const { clock, ends, watch } = setUp({ correlation: new Correlation({ childTicks: 100 }) })
    watch(clock.sleepUntil(50))
    watch(clock.sleepFor(0))
    await advance(0)
    expect(ends).toEqual([100, 100])
  })

  it('is rejected with the reason of its signal, and leaves no timer and no listener', async () => {
    const { clock, ends, watch } = setUp()
    const controller = new AbortController()
    watch(clock.sleepFor(1000, { signal: controller.signal }))
    await advance(10)
    expect(clock.listenerCount).toBe(1)
    controller.abort(new Error('enough'))
    await advance(0)
    expect([ends, vi.getTimerCount(), clock.listenerCount]).toEqual([['enough'], 0, 0])
    watch(clock.sleepUntil(0, { signal: controller.signal }))
    await advance(0)
    expect(ends).toEqual(['enough', 'enough'])
  })

  it('removes its listener from the signal when it ends', async () => {
    const { clock } = setUp()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const sleep = clock.sleepFor(5, { signal })
    await advance(5)
    await sleep
    expect(removed).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['sleepUntil', Number.NaN, {}, '"ticks" must be a number of ticks; received NaN'],
    ['sleepFor', -1, {}, '"ticks" must be a number of ticks from 0 upward; received -1'],
    ['sleepFor', 1, { signal: {} }, '"signal" must be an AbortSignal; received {}'],
    ['sleepUntil', 1, { unref: 1 }, '"unref" must be a boolean; received 1'],
  ] as const)('rejects invalid arguments of %s: %d %o', async (method, ticks, options, message) => {
    const { clock } = setUp()
    await expect(clock[method](ticks, options as never)).rejects.toThrow(message)
    expect(clock.listenerCount).toBe(0)
  })
})
