import { describe, expect, it } from 'vitest'
import { fakeTimers, followedPlayer, pass, repeatableRandom } from '../../../helpers/followed-player.js'

fakeTimers()

const TOLERANCE = 0.025

describe('a player whose seeks are slow', () => {
  it.each([
    [3, true],
    [3, false],
    [8, true],
    [20, true],
  ])('of %d s is locked after the second seek (seeking property: %s)', async (seekSeconds, tellsSeeking) => {
    const { timeline, media, follower, error } = followedPlayer({ seekSeconds: () => seekSeconds, tellsSeeking })
    follower.start()
    await pass(2 * seekSeconds + 10)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(media.seeksTold.length).toBeLessThanOrEqual(2)
    expect(follower.status().seekLeadSeconds).toBeCloseTo(seekSeconds, 0)
    // Next time the first one is enough.
    timeline.jumpTo(1000)
    await pass(seekSeconds + 5)
    expect(follower.status().state).toBe('locked')
    expect(media.seeksTold.length).toBeLessThanOrEqual(3)
  })

  it.each([1, 2, 3, 4, 5, 6])(
    'of 1 to 5 s each is locked with few seeks, and left alone then (seed %d)',
    async (seed) => {
      const random = repeatableRandom(seed)
      const { media, follower, error, mostInAMinute } = followedPlayer({ seekSeconds: () => 1 + 4 * random() })
      follower.start()
      await pass(90)
      expect(follower.status().state).toBe('locked')
      expect(Math.abs(error())).toBeLessThan(TOLERANCE)
      expect(mostInAMinute('seek')).toBeLessThanOrEqual(6)
      const seeks = media.seeksTold.length
      await pass(300)
      expect(media.seeksTold).toHaveLength(seeks)
      expect(follower.status().state).toBe('locked')
    },
  )

  it('is held until the timeline has caught up, when it comes out early', async () => {
    const random = repeatableRandom(2)
    const { timeline, follower, error } = followedPlayer({ seekSeconds: () => 1 + 4 * random() })
    const holds: number[] = []
    follower.on('hold', ({ seconds }) => holds.push(seconds))
    follower.start()
    await pass(60)
    timeline.jumpTo(1000)
    await pass(20)
    expect(holds.length).toBeGreaterThan(0)
    expect(Math.max(...holds)).toBeLessThan(5)
    expect(follower.status()).toMatchObject({ state: 'locked', holds: holds.length })
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })

  it('is not measured by the seek that loaded the media', async () => {
    const times = [6, 0.2]
    const { media, follower } = followedPlayer({ seekSeconds: () => times.shift() ?? 0.2 })
    let loaded = 0
    Object.defineProperty(media, 'readyState', { get: () => loaded })
    setTimeout(() => {
      loaded = 4
    }, 6000)
    follower.start()
    await pass(16)
    expect(follower.status().state).toBe('locked')
    expect(follower.status().seekLeadSeconds).toBeLessThan(1)
    expect(media.seeksTold.length).toBeLessThanOrEqual(3)
  })
})

describe('seeks', () => {
  it('are few when the timeline jumps to and fro all the time', async () => {
    const { timeline, follower, mostInAMinute } = followedPlayer()
    follower.start()
    for (let jumps = 0; jumps < 300; jumps++) {
      timeline.jumpTo(timeline.seconds() + (jumps % 2 === 0 ? 0.5 : -0.5))
      await pass(1)
    }
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(33)
    expect(mostInAMinute('rate')).toBeLessThanOrEqual(24)
    await pass(20)
    expect(follower.status().state).toBe('locked')
  })

  it('are few while a user drags the position, and end at the last one', async () => {
    const { timeline, follower, error, mostInAMinute } = followedPlayer()
    follower.start()
    await pass(5)
    for (let jumps = 0; jumps < 50; jumps++) {
      timeline.jumpTo(200 + 10 * jumps)
      await pass(0.1)
    }
    await pass(15)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(33)
  })

  it('are few when the network stalls again and again', async () => {
    const { media, follower, mostInAMinute } = followedPlayer()
    follower.start()
    for (let stalls = 0; stalls < 60; stalls++) {
      await pass(5)
      media.stall(1)
    }
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(33)
    await pass(60)
    expect(follower.status().state).toBe('locked')
  })
})
