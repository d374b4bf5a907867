import { describe, expect, it, vi } from 'vitest'
import type { MediaFollowerEvents } from '../../../../src/companion/media/media-follower-events.js'
import { fakeTimers, followedPlayer, pass } from '../../../helpers/followed-player.js'
import { SimulatedPlayer, type SimulatedPlayerOptions } from '../../../helpers/simulated-player.js'

fakeTimers()

const TOLERANCE = 0.025

/** All that can be told to a player. */
const told = (media: SimulatedPlayer) => ({
  seeks: media.seeksTold.length,
  rates: media.ratesTold.length,
  plays: media.playsTold,
  pauses: media.pausesTold,
})

type EventName = keyof MediaFollowerEvents
/** A player and a timeline that bring a follower to tell of this. */
const causes: [EventName, SimulatedPlayerOptions][] = [
  ['seek', {}],
  ['rate', {}],
  ['status', {}],
  ['blocked', { refusal: () => new DOMException('gesture', 'NotAllowedError') }],
  ['unsupported', { refusal: () => new DOMException('no decoder', 'NotSupportedError') }],
]

describe('stop() in a listener of the follower', () => {
  it.each(causes)('ends it there and then, in one of %s', async (name, player) => {
    const { timeline, media, follower } = followedPlayer(player)
    let atStop: ReturnType<typeof told> | undefined
    follower.on(name, () => {
      follower.stop()
      atStop ??= told(media)
    })
    follower.start()
    await pass(1)
    expect(atStop).toBeDefined()
    expect(follower.status().state).toBe('stopped')
    timeline.jumpTo(500)
    await pass(5)
    expect(told(media)).toEqual(atStop)
    expect(vi.getTimerCount()).toBe(0)
    expect(timeline.clock.listenerCount).toBe(0)
  })

  it.each(['seek', 'rate'] as const)('ends it in one of %s after it was locked', async (name) => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    let atStop: ReturnType<typeof told> | undefined
    follower.on(name, () => {
      follower.stop()
      atStop ??= told(media)
    })
    timeline.jumpTo(timeline.seconds() + (name === 'seek' ? 50 : 0.2))
    await pass(5)
    expect(atStop).toEqual(told(media))
    expect(media.playbackRate).toBe(1)
    expect(follower.status().state).toBe('stopped')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is told as the last state', async () => {
    const { follower } = followedPlayer()
    const states: string[] = []
    follower.on('status', ({ state }) => states.push(state))
    follower.start()
    follower.on('status', ({ state }) => state === 'locked' && follower.stop())
    await pass(8)
    expect(states.slice(-2)).toEqual(['locked', 'stopped'])
  })

  it('does nothing more to a player that calls it from inside its own setter', async () => {
    const { media, follower } = followedPlayer()
    const currentTime = Object.getOwnPropertyDescriptor(SimulatedPlayer.prototype, 'currentTime')
    Object.defineProperty(media, 'currentTime', {
      get: () => currentTime?.get?.call(media),
      set: (value: number) => {
        currentTime?.set?.call(media, value)
        follower.stop()
      },
    })
    follower.start()
    await pass(5)
    expect([media.seeksTold.length, media.playsTold]).toEqual([1, 0])
    expect(follower.status().state).toBe('stopped')
  })
})

describe('stop() and start() in a listener of the follower', () => {
  it.each(causes.slice(0, 3))('begins anew, and locks, in one of %s', async (name, player) => {
    const { timeline, media, follower, error } = followedPlayer(player)
    const off = follower.on(name, () => {
      off()
      follower.stop()
      follower.start()
    })
    follower.start()
    await pass(12)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(vi.getTimerCount()).toBe(1)
    expect(timeline.clock.listenerCount).toBe(1)
    expect(media.paused).toBe(false)
  })

  it.each(causes)('leaves the thread to others, however often it is done in one of %s', async (name, player) => {
    const { media, follower } = followedPlayer(player)
    let restarts = 0
    follower.on(name, () => {
      // So that a run without an end fails here, and does not hang.
      if (restarts++ > 10_000) return
      follower.stop()
      follower.start()
    })
    follower.start()
    await pass(10)
    expect(restarts).toBeGreaterThan(0)
    expect(restarts).toBeLessThan(10_000)
    expect(media.playsTold).toBeLessThan(10)
  })

  it('begins anew in the listener of the rate that stop() itself sets', async () => {
    const { timeline, follower, error } = followedPlayer()
    follower.start()
    await pass(8)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(0.3)
    const off = follower.on('rate', () => {
      off()
      follower.start()
    })
    follower.stop()
    expect(follower.status().state).toBe('stopped')
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })
})
