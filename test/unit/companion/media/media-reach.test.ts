import { describe, expect, it } from 'vitest'
import type { MediaFollowerState } from '../../../../src/companion/media/media-follower-events.js'
import { fakeTimers, followedPlayer, pass } from '../../../helpers/followed-player.js'
import { SimulatedPlayer } from '../../../helpers/simulated-player.js'

fakeTimers()

const TOLERANCE = 0.025

/** A live window that moves with time, smoothly or in steps of a segment. */
function liveWindow(start: number, end: number, segmentSeconds = 0) {
  const startedAt = performance.now()
  return (): [number, number][] => {
    const age = (performance.now() - startedAt) / 1000
    const moved = segmentSeconds === 0 ? age : Math.floor(age / segmentSeconds) * segmentSeconds
    return [[start + moved, end + moved]]
  }
}

describe('a timeline that the media cannot be sought to', () => {
  it.each([0, 2, 6])(
    'is reported once the start of a live window has passed it, and costs one seek (segments of %d s)',
    async (segment) => {
      const { media, follower } = followedPlayer({ seekable: liveWindow(150, 200, segment) })
      follower.start()
      await pass(120)
      expect(follower.status()).toMatchObject({ state: 'outside', reach: 'before' })
      expect(follower.status().errorSeconds).toBeLessThan(-50)
      expect(media.seeksTold).toHaveLength(1)
      expect(media.paused).toBe(true)
    },
  )

  it.each([0, 2, 6])(
    'is reported while the end of a live window is behind it, and costs one seek (segments of %d s)',
    async (segment) => {
      const { media, follower } = followedPlayer({ seekable: liveWindow(50, 90, segment) })
      follower.start()
      await pass(120)
      expect(follower.status()).toMatchObject({ state: 'outside', reach: 'after' })
      expect(media.seeksTold).toHaveLength(1)
    },
  )

  it('is followed as soon as the window has moved so that it can be', async () => {
    let window: [number, number][] = [[0, 60]]
    const { media, follower, error } = followedPlayer({ seekable: () => window })
    follower.start()
    await pass(30)
    expect(follower.status()).toMatchObject({ state: 'outside', reach: 'after' })
    window = [[50, 400]]
    await pass(8)
    expect(follower.status()).toMatchObject({ state: 'locked', reach: 'inside' })
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(media.seeksTold.length).toBeLessThanOrEqual(3)
  })

  it('is followed again when it slows down until a moving window has caught up', async () => {
    const { timeline, follower } = followedPlayer({ seekable: liveWindow(50, 95) })
    follower.start()
    await pass(10)
    expect(follower.status().state).toBe('outside')
    timeline.jumpTo(timeline.seconds() - 20)
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('is waited for at the end of a gap between two ranges', async () => {
    const ranges: [number, number][] = [
      [0, 90],
      [130, 400],
    ]
    const { media, follower, error } = followedPlayer({ seekable: () => ranges })
    follower.start()
    await pass(10)
    expect(follower.status()).toMatchObject({ state: 'outside', reach: 'gap' })
    expect(media.position).toBe(130)
    await pass(28)
    expect(follower.status()).toMatchObject({ state: 'locked', reach: 'inside' })
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(media.seeksTold).toHaveLength(1)
  })

  it('is left playing where it is locked already, though the ranges lag behind it', async () => {
    const { follower, mostInAMinute } = followedPlayer({ seekable: liveWindow(50, 103, 6) })
    follower.start()
    await pass(300)
    expect(follower.status().state).toBe('locked')
    expect(mostInAMinute('seek')).toBe(1)
  })

  it('costs few seeks where a window comes and goes', async () => {
    let on = true
    const { follower, mostInAMinute } = followedPlayer({ seekable: () => [on ? [0, 1e6] : [0, 20]] })
    setInterval(() => {
      on = !on
    }, 700)
    follower.start()
    await pass(300)
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(33)
  })

  it.each([
    ['empty', { seekable: () => [] }],
    ['of no length', { seekable: () => [[5, 5] as [number, number]] }],
    ['of an unknown duration', { duration: Number.NaN }],
    ['of an infinite duration', { duration: Number.POSITIVE_INFINITY }],
  ])('is not assumed of media that is %s', async (_, player) => {
    const { follower, error } = followedPlayer(player)
    follower.start()
    await pass(8)
    expect(follower.status()).toMatchObject({ state: 'locked', reach: 'inside' })
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })

  it('costs one seek when it is past the end', async () => {
    const { media, follower } = followedPlayer({ duration: 50 })
    follower.start()
    await pass(60)
    expect(follower.status()).toMatchObject({ state: 'outside', reach: 'after' })
    expect(media.seeksTold).toEqual([50])
  })
})

describe('media that loops', () => {
  it.each([2, 30])('is followed modulo its duration of %d s', async (duration) => {
    const { media, follower, error, mostInAMinute } = followedPlayer({ duration, loop: true })
    follower.start()
    await pass(8)
    const states = new Set<MediaFollowerState>()
    follower.on('status', ({ state }) => states.add(state))
    await pass(120)
    expect(follower.status()).toMatchObject({ state: 'locked', reach: 'inside' })
    expect([...states]).toEqual([])
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(follower.status().targetSeconds).toBeLessThan(duration)
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(1)
    expect(media.paused).toBe(false)
  })

  it('is sought across its end by players whose seeks are slow', async () => {
    const { media, follower, error, timeline } = followedPlayer({ duration: 30, loop: true, seekSeconds: () => 3 })
    follower.start()
    await pass(20)
    timeline.jumpTo(29)
    await pass(10)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(media.seeksTold.every((to) => to >= 0 && to < 30)).toBe(true)
  })

  it('waits at its beginning for a timeline that is before it', async () => {
    const { timeline, media, follower } = followedPlayer({ duration: 30, loop: true })
    timeline.jumpTo(-5)
    follower.start()
    await pass(4)
    expect(follower.status()).toMatchObject({ state: 'outside', reach: 'before' })
    expect(media.position).toBe(0)
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('is sought back at its end by a player that does not loop, with the option', async () => {
    const { media, follower } = followedPlayer({ duration: 30 }, { loop: true })
    follower.start()
    await pass(150)
    expect(follower.status()).toMatchObject({ reach: 'inside' })
    expect(media.seeksTold.length).toBeLessThanOrEqual(12)
    expect(media.paused).toBe(false)
  })

  it('ends after one round when the option says so', async () => {
    const { follower } = followedPlayer({ duration: 30, loop: true }, { loop: false })
    follower.start()
    await pass(8)
    expect(follower.status()).toMatchObject({ state: 'outside', reach: 'after' })
  })

  it('is refused as an option of another type', () => {
    expect(() => followedPlayer({}, { loop: 3 as never })).toThrow('"loop" must be true, false or "auto"; received 3')
  })
})

describe('a simulated player', () => {
  it('lands in what can be sought', () => {
    const media = new SimulatedPlayer({ seekable: () => [[10, 20]] })
    media.currentTime = 5
    expect(media.position).toBe(10)
  })
})
