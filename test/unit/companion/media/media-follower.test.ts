import { describe, expect, it, vi } from 'vitest'
import { MediaFollower } from '../../../../src/companion/media/media-follower.js'
import type { MediaFollowerOptions } from '../../../../src/companion/media/media-follower-options.js'
import { fakeTimers, followedPlayer, pass } from '../../../helpers/followed-player.js'
import { SimulatedPlayer, simulatedTimeline } from '../../../helpers/simulated-player.js'

fakeTimers()

const TOLERANCE = 0.025

describe('a media follower on a running timeline', () => {
  it('seeks to the timeline, plays, and locks', async () => {
    const { media, follower, error } = followedPlayer()
    follower.start()
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(media.paused).toBe(false)
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
    expect(follower.status().errorSeconds).toBeCloseTo(error(), 1)
  })

  it('bends the rate within its limit, without a seek, for an error below the seek threshold', async () => {
    const { timeline, media, follower, error } = followedPlayer()
    follower.start()
    await pass(8)
    const [seeks, told] = [media.seeksTold.length, media.ratesTold.length]
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(0.3)
    expect(follower.status().state).toBe('adjusting')
    expect(media.playbackRate).toBe(1.04)
    await pass(8)
    expect(media.seeksTold).toHaveLength(seeks)
    expect(Math.max(...media.ratesTold)).toBeLessThanOrEqual(1.04)
    expect(media.ratesTold.length - told).toBeLessThanOrEqual(4)
    expect(media.playbackRate).toBe(1)
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })

  it('seeks at once when the timeline jumps far, and learns how far ahead to aim', async () => {
    const { timeline, media, follower, error } = followedPlayer({ seekSeconds: () => 0.35 })
    follower.start()
    await pass(10)
    for (const to of [500, 20, 300]) {
      timeline.jumpTo(to)
      await pass(0)
      expect(media.seeksTold.at(-1)).toBeGreaterThan(to)
      await pass(10)
    }
    expect(follower.status().seekLeadSeconds).toBeGreaterThan(0.3)
    expect(follower.status().seekLeadSeconds).toBeLessThan(0.4)
    const [seeks, rates] = [media.seeksTold.length, media.ratesTold.length]
    timeline.jumpTo(700)
    await pass(1.5)
    expect(media.seeksTold).toHaveLength(seeks + 1)
    expect(media.ratesTold).toHaveLength(rates)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })

  it('waits for the end of a seek on a player that has no seeking property', async () => {
    const { media, follower, error } = followedPlayer({ tellsSeeking: false, seekSeconds: () => 0.4 })
    follower.start()
    await pass(0.3)
    expect(follower.status().state).toBe('seeking')
    await pass(10)
    expect(media.seeksTold.length).toBeLessThanOrEqual(2)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })

  it('bends around the speed of the timeline', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    timeline.jumpTo(timeline.seconds(), 2)
    await pass(0)
    expect(media.playbackRate).toBe(2)
    await pass(8)
    timeline.jumpTo(timeline.seconds() + 0.3)
    await pass(0.3)
    expect(media.playbackRate).toBeGreaterThan(2)
    expect(media.playbackRate).toBeLessThanOrEqual(2.08)
    await pass(10)
    expect(media.playbackRate).toBe(2)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(media.position - timeline.seconds())).toBeLessThan(2 * TOLERANCE)
  })

  it('comes back after the player has stalled', async () => {
    const { media, follower, error } = followedPlayer()
    follower.start()
    await pass(8)
    media.stall(3)
    await pass(2.9)
    expect(error()).toBeLessThan(-0.5)
    await pass(12)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(error())).toBeLessThan(TOLERANCE)
  })

  it('runs ahead by the rendering latency', async () => {
    const { follower, error } = followedPlayer({}, { renderingLatencySeconds: 0.15 })
    follower.start()
    await pass(10)
    expect(error()).toBeGreaterThan(0.15 - TOLERANCE)
    expect(error()).toBeLessThan(0.15 + TOLERANCE)
  })

  it('seeks and bends less and less often on a player that obeys neither', async () => {
    const { media, follower } = followedPlayer({ rateStep: 0 })
    let position = 0
    Object.defineProperty(media, 'currentTime', {
      get: () => position,
      set: () => media.seeksTold.push(0),
    })
    setInterval(() => {
      position += 0.01
    }, 10)
    follower.start()
    await pass(600)
    // 0.5 s, 1 s, 2 s … 30 s apart.
    expect(media.seeksTold.length).toBeLessThan(30)
    expect(media.ratesTold.length).toBeLessThan(60)
    expect(follower.status().state).not.toBe('locked')
  })

  it('sets the rate again when someone else has altered it', async () => {
    const { media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    media.playbackRate = 1.5
    await pass(1)
    expect(media.playbackRate).not.toBe(1.5)
    await pass(12)
    expect(follower.status().state).toBe('locked')
  })

  it('lets the media play on when it is stopped, and does nothing more to it', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(0.3)
    follower.stop()
    expect(media.playbackRate).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
    expect(timeline.clock.listenerCount).toBe(0)
    const told = [media.seeksTold.length, media.ratesTold.length]
    timeline.jumpTo(1, 0)
    await pass(5)
    expect([media.seeksTold.length, media.ratesTold.length]).toEqual(told)
    expect(media.paused).toBe(false)
    expect(follower.status().state).toBe('stopped')
  })
})

describe('a media follower on a timeline that does not just run', () => {
  it('pauses at the position at which the timeline pauses, and goes on with it', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    timeline.jumpTo(50, 0)
    await pass(1)
    expect(follower.status().state).toBe('paused')
    expect(media.paused).toBe(true)
    expect(media.position).toBe(50)
    await pass(60)
    expect(media.seeksTold.filter((to) => to === 50)).toHaveLength(1)
    timeline.jumpTo(50, 1)
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(media.paused).toBe(false)
  })

  it('seeks a paused player once to where it cannot exactly go', async () => {
    const { media, timeline, follower } = followedPlayer({ quantumSeconds: 0.5 })
    timeline.jumpTo(50.3, 0)
    follower.start()
    await pass(30)
    expect(media.seeksTold).toEqual([50.3])
    timeline.jumpTo(60.3)
    await pass(30)
    expect(media.seeksTold).toEqual([50.3, 60.3])
  })

  it('seeks along a timeline that runs backwards, once a second, and plays again when it turns', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    const seeks = media.seeksTold.length
    timeline.jumpTo(100, -4)
    await pass(10)
    expect(follower.status().state).toBe('stepping')
    expect(media.paused).toBe(true)
    expect(media.seeksTold.length - seeks).toBeGreaterThanOrEqual(8)
    expect(media.seeksTold.length - seeks).toBeLessThanOrEqual(11)
    expect(Math.abs(media.position - timeline.seconds())).toBeLessThan(6)
    timeline.jumpTo(timeline.seconds(), 1)
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('steps along a timeline that is faster than the player will play, without asking it again and again', async () => {
    const { timeline, media, follower } = followedPlayer({ highestRate: 4 })
    let asked = 0
    const rate = Object.getOwnPropertyDescriptor(SimulatedPlayer.prototype, 'playbackRate')
    Object.defineProperty(media, 'playbackRate', {
      get: () => rate?.get?.call(media),
      set: (value: number) => {
        if (value === 8) asked++
        rate?.set?.call(media, value)
      },
    })
    follower.start()
    await pass(8)
    timeline.jumpTo(200, 8)
    await pass(10)
    expect(follower.status().state).toBe('stepping')
    expect(asked).toBe(1)
    timeline.jumpTo(200, 4)
    await pass(10)
    expect(follower.status().state).toBe('locked')
  })

  it('does not start before the timeline is available, and then at its position', async () => {
    const { timeline, media, follower } = followedPlayer()
    timeline.clock.available = false
    follower.start()
    await pass(5)
    expect(follower.status()).toMatchObject({ state: 'unavailable', errorSeconds: undefined, speed: undefined })
    expect([media.playsTold, media.seeksTold.length]).toEqual([0, 0])
    timeline.clock.available = true
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('plays on unbent while the timeline is unavailable', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(0.3)
    expect(media.playbackRate).toBe(1.04)
    timeline.clock.available = false
    await pass(1)
    expect(follower.status().state).toBe('unavailable')
    expect([media.playbackRate, media.paused]).toEqual([1, false])
  })

  it('pauses while the timeline is unavailable, when told to', async () => {
    const { timeline, media, follower } = followedPlayer({}, { onUnavailable: 'pause' })
    follower.start()
    await pass(8)
    timeline.clock.available = false
    await pass(0)
    expect(media.paused).toBe(true)
    timeline.clock.available = true
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('waits at the beginning for a timeline that is before it, and begins with it', async () => {
    const { media, follower, error } = followedPlayer({}, {}, -5)
    follower.start()
    await pass(4.9)
    expect(follower.status().state).toBe('outside')
    expect([media.paused, media.position]).toEqual([true, 0])
    await pass(0.4)
    expect(Math.abs(error())).toBeLessThan(0.1)
    await pass(6)
    expect(follower.status().state).toBe('locked')
    expect(media.seeksTold).toEqual([])
  })

  it('stays at the end of media that is shorter than the timeline, and does not begin anew', async () => {
    const { timeline, media, follower } = followedPlayer({ duration: 110 })
    follower.start()
    await pass(9)
    expect(follower.status().state).toBe('locked')
    const [seeks, plays] = [media.seeksTold.length, media.playsTold]
    await pass(20)
    expect(follower.status().state).toBe('outside')
    expect([media.position, media.playsTold]).toEqual([110, plays])
    expect(media.seeksTold.length - seeks).toBeLessThanOrEqual(1)
    timeline.jumpTo(30)
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('follows live offsets: content time by correlation with media time, which can change', async () => {
    const { timeline, media, follower } = followedPlayer(
      {},
      { correlation: { contentSeconds: 1_700_000_000, mediaSeconds: 12 } },
      1_700_000_010,
    )
    follower.start()
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(media.position - 30)).toBeLessThan(TOLERANCE)
    follower.correlation = { contentSeconds: 1_700_000_000, mediaSeconds: 500 }
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(media.position - (timeline.seconds() - 1_700_000_000 + 500))).toBeLessThan(TOLERANCE)
  })

  it('follows a change of the rendering latency', async () => {
    const { timeline, media, follower } = followedPlayer({}, {}, 10)
    follower.start()
    await pass(8)
    expect(follower.status().state).toBe('locked')
    follower.renderingLatencySeconds = 0.4
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(media.position - (timeline.seconds() + 0.4))).toBeLessThan(TOLERANCE)
    expect(() => {
      follower.renderingLatencySeconds = Number.NaN
    }).toThrow('"renderingLatencySeconds" must be a number of seconds; received NaN')
    expect(follower.renderingLatencySeconds).toBe(0.4)
  })

  it('follows whichever clock its holder has', async () => {
    const [one, two] = [simulatedTimeline(100), simulatedTimeline(900)]
    const holder: { clock: typeof one.clock | undefined } = { clock: undefined }
    const media = new SimulatedPlayer()
    const follower = new MediaFollower(media, holder)
    follower.start()
    await pass(1)
    expect(follower.status().state).toBe('unavailable')
    holder.clock = one.clock
    await pass(8)
    expect(Math.abs(media.position - one.seconds())).toBeLessThan(TOLERANCE)
    holder.clock = two.clock
    await pass(8)
    expect(Math.abs(media.position - two.seconds())).toBeLessThan(TOLERANCE)
    expect(one.clock.listenerCount).toBe(0)
  })
})

describe('a player that will not play', () => {
  it('is asked once when it wants a gesture of the user, and again from that gesture', async () => {
    const { media, follower } = followedPlayer({ refusal: () => new DOMException('gesture', 'NotAllowedError') })
    const blocked = vi.fn()
    follower.on('blocked', blocked)
    follower.start()
    await pass(60)
    expect(media.playsTold).toBe(1)
    expect(blocked).toHaveBeenCalledExactlyOnceWith({ error: expect.any(DOMException), willRetry: false })
    expect(follower.status().state).toBe('blocked')
    media.refusal = () => undefined
    follower.retryPlay()
    expect(media.playsTold).toBe(2)
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('is followed with when somebody else has started it', async () => {
    const { media, follower } = followedPlayer({ refusal: () => new DOMException('gesture', 'NotAllowedError') })
    follower.start()
    await pass(10)
    media.refusal = () => undefined
    void media.play()
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('is asked less and less often after any other refusal', async () => {
    const { media, follower } = followedPlayer({ refusal: () => new DOMException('lost', 'NetworkError') })
    const blocked = vi.fn()
    follower.on('blocked', blocked)
    follower.start()
    await pass(120)
    expect(media.playsTold).toBeGreaterThanOrEqual(5)
    expect(media.playsTold).toBeLessThanOrEqual(9)
    expect(blocked).toHaveBeenCalledTimes(media.playsTold)
    expect(blocked.mock.calls[0]?.[0]).toMatchObject({ willRetry: true })
  })
})

describe('the options of a media follower', () => {
  const wrong: [MediaFollowerOptions, string][] = [
    [{ toleranceSeconds: 0 }, '"toleranceSeconds" must be a number of seconds above 0; received 0'],
    [
      { seekThresholdSeconds: 0.02 },
      '"seekThresholdSeconds" must be a number of seconds above toleranceSeconds (0.025); received 0.02',
    ],
    [{ maxRateChange: 1 }, '"maxRateChange" must be a number above 0 and below 1; received 1'],
    [{ maxRateChange: 0.001 }, '"maxRateChange" must be a number from rateStep (0.01) upward; received 0.001'],
    [{ onUnavailable: 'stop' as never }, '"onUnavailable" must be "run" or "pause"; received "stop"'],
    [
      { correlation: { contentSeconds: Number.NaN, mediaSeconds: 0 } },
      '"correlation.contentSeconds" must be a number of seconds; received NaN',
    ],
    [{ correlation: 3 as never }, '"correlation" must be an object { contentSeconds, mediaSeconds }; received 3'],
  ]
  it.each(wrong)('refuse %j and say why', (options, message) => {
    expect(() => new MediaFollower(new SimulatedPlayer(), simulatedTimeline(0).clock, options)).toThrow(message)
  })
})
