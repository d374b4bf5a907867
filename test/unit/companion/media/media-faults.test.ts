import { describe, expect, it, vi } from 'vitest'
import { MediaFollower } from '../../../../src/companion/media/media-follower.js'
import { fakeTimers, followedPlayer, pass } from '../../../helpers/followed-player.js'
import { SimulatedPlayer, simulatedTimeline } from '../../../helpers/simulated-player.js'

fakeTimers()

const TOLERANCE = 0.025

describe('a player that throws', () => {
  const getters = ['currentTime', 'seekable', 'duration', 'playbackRate', 'paused'] as const

  it.each(getters)('is followed on after one throw of %s', async (name) => {
    const { timeline, media, follower, error: trueError } = followedPlayer()
    const failure = vi.fn()
    follower.on('failure', failure)
    follower.start()
    await pass(8)
    // So that the rate is read.
    timeline.jumpTo(timeline.seconds() + 0.2)
    const error = new Error('InvalidStateError')
    media.throwOnce(name, error)
    await pass(8)
    expect(failure).toHaveBeenCalledExactlyOnceWith({ error, failures: 1, retryInSeconds: 0.1 })
    expect(follower.status()).toMatchObject({ state: 'locked', failures: 1 })
    expect(Math.abs(trueError())).toBeLessThan(TOLERANCE)
  })

  it('is paused at the next try when pause() threw', async () => {
    const { timeline, media, follower } = followedPlayer()
    const states: string[] = []
    follower.on('status', ({ state }) => states.push(state))
    follower.start()
    await pass(8)
    vi.spyOn(media, 'pause').mockImplementationOnce(() => {
      throw new Error('not now')
    })
    timeline.jumpTo(50, 0)
    await pass(1)
    expect(states.slice(-3)).toEqual(['locked', 'failing', 'paused'])
    expect([media.paused, media.position]).toEqual([true, 50])
  })

  it('is brought to where the timeline stands when it threw at the moment of the seek', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    const position = Object.getOwnPropertyDescriptor(SimulatedPlayer.prototype, 'currentTime')
    let reads = 0
    Object.defineProperty(media, 'currentTime', {
      get: () => {
        reads++
        // The first reading says that a seek is needed.
        if (reads === 2) throw new Error('not now')
        return position?.get?.call(media)
      },
      set: (seconds: number) => position?.set?.call(media, seconds),
    })
    timeline.jumpTo(50, 0)
    await pass(2)
    expect(follower.status()).toMatchObject({ state: 'paused', failures: 1 })
    expect(media.position).toBe(50)
  })

  it('does not throw out of start(), and is followed once it no longer does', async () => {
    const { media, follower } = followedPlayer()
    const failure = vi.fn()
    follower.on('failure', failure)
    media.throwOnce('duration', new Error('not yet'))
    follower.start()
    expect(follower.status().state).toBe('failing')
    expect(failure).toHaveBeenCalledOnce()
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('is asked less and less often, and can be let go of', async () => {
    const { media, follower, timeline } = followedPlayer()
    follower.start()
    await pass(8)
    let asked = 0
    Object.defineProperty(media, 'currentTime', {
      get: () => {
        asked++
        throw new Error('gone')
      },
    })
    const retries: number[] = []
    follower.on('failure', ({ retryInSeconds }) => retries.push(retryInSeconds))
    await pass(300)
    expect(retries.slice(0, 4)).toEqual([0.1, 0.2, 0.4, 0.8])
    expect(retries.at(-1)).toBe(30)
    expect(retries.length).toBeLessThan(25)
    expect(asked).toBeLessThan(200)
    expect(follower.status()).toMatchObject({
      state: 'failing',
      failures: retries.length,
      mediaSeconds: undefined,
      errorSeconds: undefined,
    })
    follower.stop()
    expect(follower.status().state).toBe('stopped')
    expect([vi.getTimerCount(), timeline.clock.listenerCount]).toEqual([0, 0])
  })

  it('is let go of when stop() cannot set its rate', async () => {
    const { timeline, media, follower } = followedPlayer()
    follower.start()
    await pass(8)
    timeline.jumpTo(timeline.seconds() + 0.2)
    await pass(0.3)
    Object.defineProperty(media, 'playbackRate', {
      get: () => {
        throw new Error('gone')
      },
    })
    follower.stop()
    expect(follower.status().state).toBe('stopped')
    expect([vi.getTimerCount(), timeline.clock.listenerCount]).toEqual([0, 0])
  })

  it('is not followed when it takes no listener, and none is left behind', () => {
    const { media, follower } = followedPlayer()
    const left = new Set<string>()
    Object.assign(media, {
      addEventListener: (type: string) => {
        if (type === 'seeked') throw new Error('no')
        left.add(type)
      },
      removeEventListener: (type: string) => left.delete(type),
    })
    expect(() => follower.start()).toThrow('no')
    expect(follower.status().state).toBe('stopped')
    expect([vi.getTimerCount(), left.size]).toEqual([0, 0])
  })
})

describe('a player that does not know where it is', () => {
  it.each([1, 0, -1])('is loading, and has no error, on a timeline at speed %d', async (speed) => {
    const { timeline, media, follower } = followedPlayer()
    timeline.jumpTo(100, speed)
    const states = new Set<string>()
    const errors = new Set<unknown>()
    follower.on('status', ({ state, errorSeconds }) => {
      states.add(state)
      errors.add(errorSeconds)
    })
    Object.defineProperty(media, 'currentTime', { get: () => Number.NaN, set: () => {}, configurable: true })
    follower.start()
    await pass(40)
    expect([...states]).toEqual(['loading'])
    expect([...errors]).toEqual([undefined])
    expect(follower.status()).toMatchObject({ state: 'loading', errorSeconds: undefined })
  })

  it('is brought to the timeline as soon as it does', async () => {
    const { media, follower, error: trueError } = followedPlayer()
    Object.defineProperty(media, 'currentTime', { get: () => Number.NaN, set: () => {}, configurable: true })
    follower.start()
    await pass(5)
    Reflect.deleteProperty(media, 'currentTime')
    await pass(8)
    expect(follower.status().state).toBe('locked')
    expect(Math.abs(trueError())).toBeLessThan(TOLERANCE)
  })

  it('is paused where the timeline is, whatever it says of what can be sought', async () => {
    const { timeline, media, follower } = followedPlayer({ seekable: () => [[Number.NaN, Number.NaN]] })
    timeline.jumpTo(50, 0)
    follower.start()
    await pass(1)
    expect(media.seeksTold).toEqual([50])
    expect(follower.status()).toMatchObject({ state: 'paused', errorSeconds: 0 })
  })
})

describe('a player that cannot play its media', () => {
  const refusal = () => new DOMException('no decoder', 'NotSupportedError')

  it('is told apart from one that wants a gesture, and asked less and less often', async () => {
    const { media, follower } = followedPlayer({ refusal })
    const [blocked, unsupported] = [vi.fn(), vi.fn()]
    follower.on('blocked', blocked)
    follower.on('unsupported', unsupported)
    const states: string[] = []
    follower.on('status', ({ state }) => states.push(state))
    follower.start()
    await pass(120)
    expect(states).toEqual(['seeking', 'unsupported'])
    expect(blocked).not.toHaveBeenCalled()
    expect(media.playsTold).toBeGreaterThanOrEqual(5)
    expect(media.playsTold).toBeLessThanOrEqual(9)
    expect(unsupported).toHaveBeenCalledTimes(media.playsTold)
    expect(unsupported).toHaveBeenCalledWith({ error: expect.any(DOMException) })
  })

  it('is so even if it says that it is not paused, as an element does', async () => {
    const { media, follower } = followedPlayer()
    Object.assign(media, { readyState: 0 })
    const play = media.play.bind(media)
    vi.spyOn(media, 'play').mockImplementation(() => {
      void play()
      return Promise.reject(refusal())
    })
    follower.start()
    await pass(20)
    expect(media.paused).toBe(false)
    expect(follower.status().state).toBe('unsupported')
    Object.assign(media, { readyState: 4 })
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })

  it('is asked again as soon as it has loaded something else', async () => {
    const { media, follower } = followedPlayer({ refusal })
    const listeners = new Map<string, () => void>()
    Object.assign(media, {
      addEventListener: (type: string, listener: () => void) => listeners.set(type, listener),
      removeEventListener: () => {},
    })
    follower.start()
    await pass(70)
    const plays = media.playsTold
    media.refusal = () => undefined
    listeners.get('loadedmetadata')?.()
    await pass(0)
    expect(media.playsTold).toBe(plays + 1)
    await pass(8)
    expect(follower.status().state).toBe('locked')
  })
})

describe('a refusal to play', () => {
  it('is understood of whatever has a then()', async () => {
    const { media, follower } = followedPlayer()
    const blocked = vi.fn()
    follower.on('blocked', blocked)
    const error = { name: 'NotAllowedError' }
    // biome-ignore lint/suspicious/noThenProperty: that is what this is about
    Object.assign(media, { play: () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(error) }) })
    follower.start()
    await pass(1)
    expect(blocked).toHaveBeenCalledExactlyOnceWith({ error, willRetry: false })
    expect(follower.status().state).toBe('blocked')
  })

  it('is not told of after stop()', async () => {
    const { follower } = followedPlayer({ refusal: () => new DOMException('gesture', 'NotAllowedError') })
    const blocked = vi.fn()
    follower.on('blocked', blocked)
    follower.start()
    follower.stop()
    await pass(1)
    expect(blocked).not.toHaveBeenCalled()
  })
})

describe('the options of a media follower', () => {
  const { clock } = simulatedTimeline(0)
  const wrong: [unknown, string][] = [
    [{ minRate: 2, maxRate: 1 }, '"minRate" must be a number up to maxRate (1); received 2'],
    [
      { pollSeconds: 1e12 },
      '"pollSeconds" must be a number of seconds above 0 and up to 2147483; received 1000000000000',
    ],
    [{ stepSeconds: 1e12 }, '"stepSeconds" must be a number of seconds from 0 to 2147483; received 1000000000000'],
    [null, '"options" must be an object; received null'],
    ['fast', '"options" must be an object; received "fast"'],
  ]
  it.each(wrong)('refuse %j and say why', (options, message) => {
    expect(() => new MediaFollower(new SimulatedPlayer(), clock, options as never)).toThrow(message)
  })

  it('refuse what is no player and what is no clock', () => {
    expect(() => new MediaFollower(null as never, clock)).toThrow(
      '"media" must be an object with play() and pause(); received null',
    )
    expect(() => new MediaFollower({} as never, clock)).toThrow(
      '"media" must be an object with play() and pause(); received {}',
    )
    expect(() => new MediaFollower(new SimulatedPlayer(), null as never)).toThrow(
      '"source" must be a clock, or an object with a clock; received null',
    )
  })

  it('let it look as seldom as a timer can wait, and not all the time', async () => {
    const { timeline, media, follower } = followedPlayer({}, { pollSeconds: 2_147_483 })
    timeline.jumpTo(50, 0)
    const reads = vi.spyOn(media, 'duration', 'get')
    follower.start()
    const atStart = reads.mock.calls.length
    await pass(10)
    expect(reads.mock.calls.length).toBe(atStart)
  })
})
