import { describe, expect, it } from 'vitest'
import type { PlayerLimit } from '../../../../src/companion/media/media-follower-events.js'
import { fakeTimers, followedPlayer, pass, repeatableRandom } from '../../../helpers/followed-player.js'
import type { SimulatedPlayerOptions } from '../../../helpers/simulated-player.js'

fakeTimers()

const TOLERANCE = 0.025

const between = (least: number, most: number) => {
  const random = repeatableRandom(7)
  return () => least + (most - least) * random()
}

const ignored = { rateStep: 0 }
const keyFrames = { keyFrameSeconds: 2 }
const coarse = { quantumSeconds: 0.25 }

/** A player, the limits that are to be found, and within how many seconds it is to be locked. */
const players: [string, SimulatedPlayerOptions, PlayerLimit[], number][] = [
  ['ignores its rate', ignored, ['rate-ignored'], 20],
  ['ignores its rate and drifts', { ...ignored, driftPpm: 100 }, ['rate-ignored'], 20],
  ['reads back that it ignores its rate', { ...ignored, readsBackPlayedRate: true }, ['rate-ignored'], 20],
  ['rounds its rate to quarters', { rateStep: 0.25 }, ['rate-ignored'], 20],
  ['rounds its rate up to quarters', { playedRate: (rate) => Math.ceil(rate * 4 - 1e-9) / 4 }, [], 20],
  ['throws at any rate but 1', { throwsAtRate: (rate) => rate !== 1 }, ['rate-refused'], 20],
  ['throws at any rate', { throwsAtRate: () => true }, ['rate-refused'], 20],
  ['stops for 0.1 s at a change of rate', { rateStallSeconds: 0.1 }, [], 20],
  ['stops for 0.3 s at a change of rate', { rateStallSeconds: 0.3 }, ['rate-costly'], 20],
  ['stops for 0.8 s at a change of rate', { rateStallSeconds: 0.8 }, ['rate-costly'], 20],
  ['lands on key frames', keyFrames, ['seek-inexact'], 60],
  ['lands on key frames after various times', { ...keyFrames, seekSeconds: between(0.2, 1.5) }, ['seek-inexact'], 60],
  ['moves its position in steps of 0.25 s', coarse, ['position-coarse'], 20],
  ['lands on key frames and ignores its rate', { ...keyFrames, ...ignored }, ['seek-inexact', 'rate-ignored'], 60],
  ['ignores its rate and seeks in 0.1 to 0.6 s', { ...ignored, seekSeconds: between(0.1, 0.6) }, ['rate-ignored'], 60],
  ['ignores its rate and seeks in 1 to 5 s', { ...ignored, seekSeconds: between(1, 5) }, [], 60],
  ['stops at a change of rate and lands on key frames', { ...keyFrames, rateStallSeconds: 0.3 }, ['seek-inexact'], 90],
  ['is coarse and ignores its rate', { ...coarse, ...ignored }, ['position-coarse'], 60],
  ['is coarse and lands on key frames', { ...coarse, ...keyFrames }, ['position-coarse'], 60],
  ['is coarse and stops at a change of rate', { ...coarse, rateStallSeconds: 0.3 }, ['position-coarse'], 90],
  [
    'is coarse, ignores its rate and lands on key frames',
    { ...coarse, ...keyFrames, ...ignored },
    ['position-coarse'],
    120,
  ],
]

describe('a player that', () => {
  it.each(players)('%s is locked, or said to be limited, with few commands', async (_, player, limits, lockWithin) => {
    const { timeline, follower, error, mostInAMinute } = followedPlayer(player)
    const lockedAt: number[] = []
    const started = performance.now()
    follower.on('status', ({ state }) => state === 'locked' && lockedAt.push((performance.now() - started) / 1000))
    follower.start()
    await pass(5)
    // For the rate to be used.
    timeline.jumpTo(timeline.seconds() + 0.15)
    await pass(lockWithin)
    timeline.jumpTo(timeline.seconds() - 0.15)
    await pass(lockWithin)
    expect(lockedAt.length).toBeGreaterThan(0)
    expect(follower.status().limits).toEqual(expect.arrayContaining(limits))
    let unaccounted = 0
    for (let seconds = 0; seconds < 600; seconds++) {
      await pass(1)
      const { state } = follower.status()
      // A coarse position is known to some 30 ms.
      const isThere = Math.abs(error()) < TOLERANCE + (player.quantumSeconds ?? 0) / 8
      if (!isThere && state !== 'limited') unaccounted++
    }
    expect(unaccounted).toBeLessThan(30)
    expect(['locked', 'limited']).toContain(follower.status().state)
    expect(mostInAMinute('seek')).toBeLessThanOrEqual(8)
    expect(mostInAMinute('rate')).toBeLessThanOrEqual(24)
    expect(mostInAMinute('hold')).toBeLessThanOrEqual(8)
  })

  it.each([{}, ignored, coarse])('ignores seeks is said to be limited, with few commands (%j)', async (others) => {
    const { follower, mostInAMinute } = followedPlayer({ ignoresSeeks: true, ...others })
    follower.start()
    await pass(600)
    expect(follower.status()).toMatchObject({ state: 'limited' })
    expect(follower.status().limits).toContain('seek-ignored')
    expect(follower.status().seeks).toBeLessThan(15)
    expect(mostInAMinute('rate')).toBeLessThanOrEqual(4)
  })

  it.each([ignored, { ...ignored, ...coarse }, { rateStep: 0.25 }])(
    'accepts a speed of 1.1 or 2 and plays at another is stepped along with it (%j)',
    async (player) => {
      const { timeline, follower } = followedPlayer(player)
      timeline.jumpTo(100, player.rateStep === 0 ? 2 : 1.1)
      follower.start()
      await pass(60)
      expect(follower.status().state).toBe('stepping')
      expect(follower.status().limits).toContain('rate-ignored')
    },
  )

  it('cannot be brought closer is limited outside the tolerance and locked inside it', async () => {
    const { timeline, media, follower } = followedPlayer(ignored)
    follower.start()
    await pass(20)
    Object.defineProperty(media, 'currentTime', { get: () => media.position, set: () => {} })
    timeline.jumpTo(media.position + 0.045)
    await pass(60)
    expect(follower.status().state).toBe('limited')
    timeline.jumpTo(media.position + 0.0225)
    await pass(60)
    expect(follower.status().errorSeconds).toBeCloseTo(-0.0225, 3)
    expect(follower.status().state).toBe('locked')
  })

  it('begins to obey its rate is bent again some minutes later', async () => {
    let obeys = false
    const { timeline, media, follower } = followedPlayer({ playedRate: (rate) => (obeys ? rate : 1) })
    follower.start()
    await pass(5)
    timeline.jumpTo(timeline.seconds() + 0.15)
    await pass(20)
    expect(follower.status().limits).toEqual(['rate-ignored'])
    obeys = true
    await pass(300)
    const rates = media.ratesTold.length
    timeline.jumpTo(timeline.seconds() + 0.15)
    await pass(20)
    expect(media.ratesTold.length).toBeGreaterThan(rates)
    expect(follower.status()).toMatchObject({ state: 'locked', limits: [] })
  })

  it('has loaded something else is tried anew', async () => {
    const { media, follower } = followedPlayer({ ...ignored, timeUpdateSeconds: 0.25 })
    follower.start()
    await pass(20)
    expect(follower.status().limits).toEqual(['rate-ignored'])
    media.emit('loadedmetadata')
    await pass(1)
    expect(follower.status().limits).toEqual([])
  })

  it('is altered by its user is brought back, and not taken for one that does not obey', async () => {
    const { media, follower, mostInAMinute } = followedPlayer()
    follower.start()
    for (let times = 0; times < 20; times++) {
      await pass(12)
      media.playbackRate = 1.5
    }
    await pass(20)
    expect(follower.status().state).toBe('locked')
    expect(mostInAMinute('rate')).toBeLessThanOrEqual(30)
  })
})

describe('a bend', () => {
  it('is not taken for ignored where a new rate shows late', async () => {
    const { timeline, follower } = followedPlayer({ rateSeconds: 0.5 })
    const limits: PlayerLimit[] = []
    follower.on('limit', ({ limit }) => limits.push(limit))
    follower.start()
    for (let jumps = 0; jumps < 6; jumps++) {
      await pass(20)
      timeline.jumpTo(timeline.seconds() + (jumps % 2 === 0 ? 0.2 : -0.2))
    }
    await pass(20)
    expect(limits).toEqual([])
    expect(follower.status().state).toBe('locked')
  })

  it.each([0.15, -0.15])(
    'ends although the timeline jumped by %d s during it, on a player that ignores its rate',
    async (jump) => {
      const { timeline, media, follower } = followedPlayer({ rateStep: 0 })
      follower.start()
      await pass(8)
      timeline.jumpTo(timeline.seconds() + 0.15)
      await pass(2)
      timeline.jumpTo(timeline.seconds() + jump)
      await pass(30)
      expect(media.playbackRate).toBe(1)
      expect(follower.status()).toMatchObject({ state: 'locked', bend: 0 })
    },
  )
})

describe('what was found of a player', () => {
  it('makes a start after a pause exact at once', async () => {
    const { timeline, media, follower, error } = followedPlayer({ startSeconds: 0.1 })
    follower.start()
    await pass(20)
    timeline.jumpTo(50, 0)
    await pass(5)
    timeline.jumpTo(50, 1)
    await pass(0.3)
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    const rates = media.ratesTold.length
    await pass(5)
    expect(media.ratesTold).toHaveLength(rates)
    expect(follower.status().state).toBe('locked')
  })

  it('is reported once as an event', async () => {
    const { follower } = followedPlayer(ignored)
    const limits: PlayerLimit[] = []
    follower.on('limit', ({ limit }) => limits.push(limit))
    follower.start()
    await pass(60)
    expect(limits).toEqual(['rate-ignored'])
  })

  it('makes a pause exact where seeks are', async () => {
    const { timeline, media, follower } = followedPlayer({ quantumSeconds: 0.001 })
    follower.start()
    await pass(20)
    timeline.jumpTo(timeline.seconds(), 0)
    await pass(1)
    expect(Math.abs(media.position - timeline.seconds())).toBeLessThan(0.001)
    expect(follower.status().state).toBe('paused')
  })

  it('leaves a paused player alone whose seeks would land further away', async () => {
    const { timeline, media, follower } = followedPlayer(keyFrames)
    follower.start()
    await pass(60)
    const seeks = media.seeksTold.length
    timeline.jumpTo(timeline.seconds(), 0)
    await pass(1)
    expect(media.seeksTold).toHaveLength(seeks)
    expect(Math.abs(media.position - timeline.seconds())).toBeLessThan(TOLERANCE)
  })
})
