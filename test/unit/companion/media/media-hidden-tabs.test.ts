import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { followedPlayer, pass } from '../../../helpers/followed-player.js'

/** So often timers run, in milliseconds; 0: when they are due. */
let timerPeriod = 0

beforeEach(() => {
  vi.useFakeTimers()
  timerPeriod = 0
  const setFakeTimeout = globalThis.setTimeout
  // As browsers do in hidden tabs: timers that are due wait for the next second, or minute.
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, millis = 0) => {
    const due = performance.now() + millis
    const runs = timerPeriod === 0 ? due : Math.ceil(due / timerPeriod) * timerPeriod
    return setFakeTimeout(callback, runs - performance.now())
  }) as typeof setTimeout)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const TOLERANCE = 0.025
const PERIODS = [1000, 10_000, 60_000]

describe('a follower in a hidden tab', () => {
  it.each(PERIODS)('locks with timers every %d ms, within a few of them', async (period) => {
    timerPeriod = period
    const { follower, error, mostInAMinute } = followedPlayer()
    follower.start()
    await pass(15 + (6 * period) / 1000)
    expect(follower.status()).toMatchObject({ state: 'locked', limits: ['timers-slow'] })
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(2)
  })

  it.each(PERIODS)('corrects small errors with timers every %d ms, and never overshoots', async (period) => {
    const { timeline, follower, error } = followedPlayer()
    follower.start()
    await pass(10)
    timerPeriod = period
    await pass(200)
    for (const jump of [0.2, -0.1, 0.06]) {
      timeline.jumpTo(timeline.seconds() + jump)
      let worst = 0
      for (let seconds = 0; seconds < 400; seconds++) {
        await pass(1)
        worst = Math.max(worst, -error() * Math.sign(-jump))
      }
      expect(worst).toBeLessThan(TOLERANCE)
      expect(Math.abs(error())).toBeLessThan(TOLERANCE)
      expect(follower.status().state).toBe('locked')
    }
  })

  it.each(PERIODS)('ends a bend on the events of the media when timers come every %d ms', async (period) => {
    const { timeline, follower, error } = followedPlayer({ timeUpdateSeconds: 0.25 })
    follower.start()
    await pass(10)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(1)
    expect(follower.status().bend).toBeGreaterThan(0)
    timerPeriod = period
    let worst = 0
    for (let seconds = 0; seconds < 200; seconds++) {
      await pass(1)
      worst = Math.max(worst, error())
    }
    expect(worst).toBeLessThan(TOLERANCE)
    expect(follower.status()).toMatchObject({ state: 'locked', bend: 0 })
  })

  it.each(PERIODS)('comes back from a bend that timers every %d ms ended late, and makes no other', async (period) => {
    const { timeline, follower, error, media } = followedPlayer()
    follower.start()
    await pass(10)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(1)
    timerPeriod = period
    await pass(15 + (8 * period) / 1000)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    if (period > 1000) expect(media.ratesTold.slice(-1)).toEqual([1])
  })

  it('ends a bend at once when the page becomes hidden, and prefers seeks then', async () => {
    const listeners = new Set<() => void>()
    const page = {
      visibilityState: 'visible',
      addEventListener: (_: string, listener: () => void) => listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
    }
    vi.stubGlobal('document', page)
    const { timeline, follower, error } = followedPlayer()
    follower.start()
    await pass(10)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(1)
    expect(follower.status().bend).toBeGreaterThan(0)
    page.visibilityState = 'hidden'
    timerPeriod = 60_000
    for (const listener of listeners) listener()
    await pass(0)
    expect(follower.status().bend).toBe(0)
    await pass(600)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    follower.stop()
    expect(listeners.size).toBe(0)
  })
})
