import { describe, expect, it } from 'vitest'
import { fakeTimers, followedPlayer, pass, repeatableRandom } from '../../../helpers/followed-player.js'

fakeTimers()

/** As the companion page of the television follows. */
const FINE = { toleranceSeconds: 0.004, rateStep: 0.002 }
const SETTLING_SECONDS = 2
const READ_EVERY_SECONDS = 0.02

/** As Chromium was measured: late starts, slower seeks, and readings that settle within two seconds. */
function likeChromium(seed: number) {
  const random = repeatableRandom(seed)
  return {
    quantumSeconds: 0.0001,
    startSeconds: 0.11,
    seekSeconds: () => 0.12 + 0.02 * random(),
    rateStep: 0.0001,
    readingError: (movingSeconds: number) => {
      const settling = Math.max(1 - movingSeconds / SETTLING_SECONDS, 0)
      return (random() - 0.5) * (0.002 + 0.01 * settling)
    },
  }
}

function follow(seed: number) {
  const followed = joined(seed)
  followed.follower.start()
  return followed
}

/** Not started yet. */
function joined(seed: number) {
  const followed = followedPlayer(likeChromium(seed), FINE)
  const { timeline, error } = followed
  /** The sizes of the errors of these seconds. */
  const errors = async (seconds: number): Promise<number[]> => {
    const sizes: number[] = []
    for (let passed = 0; passed < seconds; passed += READ_EVERY_SECONDS) {
      await pass(READ_EVERY_SECONDS)
      sizes.push(Math.abs(error()))
    }
    return sizes
  }
  return {
    ...followed,
    errors,
    /** Seconds until the error stays below this bound, from now on. */
    async secondsUntilWithin(bound: number): Promise<number> {
      const sizes = await errors(8)
      return (sizes.findLastIndex((size) => size > bound) + 1) * READ_EVERY_SECONDS
    },
    /** The timeline pauses for so long. */
    async pause(seconds: number): Promise<void> {
      timeline.jumpTo(timeline.seconds(), 0)
      await pass(seconds)
    },
  }
}

describe.each([1, 2, 3, 4])('a player that starts and seeks late and is read badly, case %i', (seed) => {
  it('is within 5 ms for a minute, at few changes of its rate', async () => {
    const { media, errors } = follow(seed)
    await pass(15)
    const before = media.ratesTold.length
    const sizes = (await errors(60)).sort((a, b) => a - b)
    expect(sizes[Math.floor(sizes.length * 0.5)]).toBeLessThan(0.002)
    expect(sizes[Math.floor(sizes.length * 0.95)]).toBeLessThan(0.005)
    expect(media.ratesTold.length - before).toBeLessThanOrEqual(6)
  })

  it('is in step soon after a pause, once a start has been timed', async () => {
    const { timeline, pause, secondsUntilWithin } = follow(seed)
    await pass(15)
    for (let round = 0; round < 3; round++) {
      await pause(3)
      timeline.jumpTo(timeline.seconds(), 1)
      await pass(10)
    }
    await pause(3)
    timeline.jumpTo(timeline.seconds(), 1)
    expect(await secondsUntilWithin(0.01)).toBeLessThan(3)
  })

  it('is in step soon after its first start, if the timeline was paused when it joined', async () => {
    const { timeline, media, follower, secondsUntilWithin } = joined(seed)
    timeline.jumpTo(0, 0)
    follower.start()
    await pass(5)
    expect(media.paused).toBe(true)
    timeline.jumpTo(0, 1)
    expect(await secondsUntilWithin(0.025)).toBeLessThan(1.5)
  })

  it('is in step soon after a seek, with a single seek of its own', async () => {
    const { timeline, media, secondsUntilWithin } = follow(seed)
    await pass(15)
    for (const to of [300, 20, 500]) {
      timeline.jumpTo(to)
      await pass(10)
    }
    const seeks = media.seeksTold.length
    timeline.jumpTo(100)
    expect(await secondsUntilWithin(0.01)).toBeLessThan(3)
    expect(media.seeksTold).toHaveLength(seeks + 1)
  })

  it('stands within 1 ms of the timeline at a pause', async () => {
    const { error, pause } = follow(seed)
    await pass(15)
    await pause(2)
    expect(Math.abs(error())).toBeLessThanOrEqual(0.001)
  })
})
