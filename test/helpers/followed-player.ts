import { afterEach, beforeEach, vi } from 'vitest'
import { MediaFollower } from '../../src/companion/media/media-follower.js'
import type { MediaFollowerOptions } from '../../src/companion/media/media-follower-options.js'
import { SimulatedPlayer, type SimulatedPlayerOptions, simulatedTimeline } from './simulated-player.js'

/** Fakes the timers of each test of a file. Call once at the top of it. */
export function fakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
}

/** A follower, not started, of a simulated player on a timeline at 100 s or another second. Needs fake timers. */
export function followedPlayer(
  player: SimulatedPlayerOptions = {},
  options: MediaFollowerOptions = {},
  startSeconds = 100,
) {
  const timeline = simulatedTimeline(startSeconds)
  const media = new SimulatedPlayer(player)
  const follower = new MediaFollower(media, timeline.clock, options)
  const told: { at: number; kind: 'seek' | 'rate' | 'hold' }[] = []
  for (const kind of ['seek', 'rate', 'hold'] as const) {
    follower.on(kind, () => told.push({ at: performance.now() / 1000, kind }))
  }
  return {
    timeline,
    media,
    follower,
    /** By how much the media is ahead; in media that loops, the shorter way round. */
    error(): number {
      const error = media.position - timeline.seconds()
      return media.loop ? error - Math.round(error / media.duration) * media.duration : error
    },
    /** The largest number of these commands within any minute. */
    mostInAMinute(kind: 'seek' | 'rate' | 'hold'): number {
      const times = told.filter((command) => command.kind === kind).map(({ at }) => at)
      return Math.max(0, ...times.map((at, index) => times.slice(index).filter((other) => other - at <= 60).length))
    },
  }
}

export function pass(seconds: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(seconds * 1000)
}

/** Numbers from 0 to 1 that look random and are the same at each run. */
export function repeatableRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
