import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { MediaFollower } from '../../../../src/companion/media/media-follower.js'
import { SimulatedPlayer, simulatedTimeline } from '../../../helpers/simulated-player.js'

afterEach(() => {
  vi.useRealTimers()
})

const LOCK_WITHIN_SECONDS = 12
const WATCH_SECONDS = 120
const TOLERANCE = 0.025

const players = fc.record({
  quantumSeconds: fc.constantFrom(0.0001, 0.001, 0.01, 1 / 60, 1 / 30, 1 / 25),
  driftPpm: fc.integer({ min: -100, max: 100 }),
  startSeconds: fc.double({ min: 0, max: 0.3, noNaN: true }),
  rateSeconds: fc.double({ min: 0, max: 0.2, noNaN: true }),
  tellsSeeking: fc.boolean(),
  startAt: fc.double({ min: 0, max: 10_000, noNaN: true }),
  mediaAt: fc.double({ min: 0, max: 10_000, noNaN: true }),
  /** Each seek takes anything from 80 to 400 ms. */
  seekTimes: fc.array(fc.double({ min: 0.08, max: 0.4, noNaN: true }), { minLength: 20, maxLength: 20 }),
})

it('locks from anywhere within seconds, and stays, with few seeks and without hunting, whatever the player', async () => {
  await fc.assert(
    fc.asyncProperty(players, async ({ startAt, mediaAt, seekTimes, ...options }) => {
      vi.useFakeTimers()
      const timeline = simulatedTimeline(startAt)
      let seeks = 0
      const media = new SimulatedPlayer({ ...options, seekSeconds: () => seekTimes[seeks++ % seekTimes.length] ?? 0.2 })
      media.currentTime = mediaAt
      await vi.advanceTimersByTimeAsync(1000)
      const follower = new MediaFollower(media, timeline.clock)
      follower.start()
      await vi.advanceTimersByTimeAsync(LOCK_WITHIN_SECONDS * 1000)
      expect(follower.status().state).toBe('locked')
      const [seeksToLock, ratesToLock] = [media.seeksTold.length, media.ratesTold.length]
      let worst = 0
      let unlocked = 0
      for (let looks = 0; looks < WATCH_SECONDS * 4; looks++) {
        await vi.advanceTimersByTimeAsync(250)
        worst = Math.max(worst, Math.abs(media.position - timeline.seconds()))
        if (follower.status().state !== 'locked') unlocked++
      }
      follower.stop()
      vi.useRealTimers()
      // One told here, before it was followed.
      expect(seeksToLock - 1).toBeLessThanOrEqual(4)
      expect(media.seeksTold.length).toBe(seeksToLock)
      expect(worst).toBeLessThan(TOLERANCE)
      expect(unlocked).toBe(0)
      expect(media.ratesTold.length - ratesToLock).toBeLessThanOrEqual((WATCH_SECONDS / 60) * 4)
    }),
    { numRuns: 60 },
  )
})

it('ends where the timeline ends up, however it was paused, sought and sped up before', async () => {
  const step = fc.record({
    to: fc.option(fc.double({ min: 0, max: 500, noNaN: true }), { nil: undefined }),
    speed: fc.constantFrom(0, 0.5, 1, 1, 1.5, 2, 4, -1, 32),
    seconds: fc.double({ min: 0, max: 3, noNaN: true }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, endsPaused) => {
      vi.useFakeTimers()
      const timeline = simulatedTimeline(0)
      const media = new SimulatedPlayer({ seekSeconds: () => 0.25, quantumSeconds: 0.02, duration: 10_000 })
      const follower = new MediaFollower(media, timeline.clock)
      follower.start()
      let passed = 0
      for (const { to, speed, seconds } of steps) {
        timeline.jumpTo(to ?? timeline.seconds(), speed)
        await vi.advanceTimersByTimeAsync(seconds * 1000)
        passed += seconds
      }
      timeline.jumpTo(250, endsPaused ? 0 : 1)
      await vi.advanceTimersByTimeAsync(LOCK_WITHIN_SECONDS * 1000)
      const error = Math.abs(media.position - timeline.seconds())
      const { state } = follower.status()
      follower.stop()
      vi.useRealTimers()
      expect(state).toBe(endsPaused ? 'paused' : 'locked')
      expect(media.paused).toBe(endsPaused)
      expect(error).toBeLessThan(TOLERANCE)
      expect(media.seeksTold.length).toBeLessThanOrEqual(3 * (steps.length + 2) + passed)
    }),
    { numRuns: 60 },
  )
})
