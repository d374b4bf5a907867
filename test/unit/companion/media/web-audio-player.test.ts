import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebAudioPlayer } from '../../../../src/companion/media/web-audio-player.js'

const SAMPLE_RATE = 48_000
const SOUND_SECONDS = 30
/** How much later than it is rendered a sound is heard. */
const LATENCY_SECONDS = 0.04

class Parameter {
  value = 1
  readonly events: [string, number, number][] = []
  setValueAtTime(value: number, at: number): void {
    this.events.push(['set', value, at])
  }
  linearRampToValueAtTime(value: number, at: number): void {
    this.events.push(['ramp', value, at])
  }
}

class Source {
  readonly context = { sampleRate: SAMPLE_RATE }
  buffer: unknown
  loop = false
  onended: (() => void) | undefined
  readonly playbackRate = new Parameter()
  started: [number, number] | undefined
  stoppedAt: number | undefined
  connect(): void {}
  start(at: number, offset: number): void {
    this.started = [at, offset]
  }
  stop(at: number): void {
    this.stoppedAt = at
  }
}

/** An audio context that renders as fast as the test lets time pass. */
class Context {
  state = 'running'
  readonly sampleRate = SAMPLE_RATE
  readonly destination = {}
  readonly sources: Source[] = []
  readonly baseLatency = 0.01
  readonly outputLatency = LATENCY_SECONDS
  hasTimestamp = true
  resumes = true

  get currentTime(): number {
    return performance.now() / 1000
  }
  getOutputTimestamp(): { contextTime: number; performanceTime: number } {
    if (!this.hasTimestamp) return { contextTime: 0, performanceTime: 0 }
    return { contextTime: this.currentTime - LATENCY_SECONDS, performanceTime: performance.now() }
  }
  createGain() {
    return { gain: new Parameter(), connect: () => {}, disconnect: () => {} }
  }
  createBufferSource(): Source {
    const source = new Source()
    this.sources.push(source)
    return source
  }
  async decodeAudioData(): Promise<AudioBuffer> {
    throw new Error('no such format')
  }
  async resume(): Promise<void> {
    if (!this.resumes) await new Promise(() => {})
    this.state = 'running'
  }
  async close(): Promise<void> {
    this.state = 'closed'
  }
}

let context: Context
let player: WebAudioPlayer
let events: string[]

beforeEach(async () => {
  vi.useFakeTimers({ now: 0 })
  vi.advanceTimersByTime(1000)
  context = new Context()
  player = new WebAudioPlayer({ context: context as unknown as AudioContext })
  events = []
  for (const type of ['play', 'playing', 'pause', 'seeking', 'seeked', 'ratechange', 'ended', 'loadedmetadata']) {
    player.addEventListener(type, () => events.push(type))
  }
  await player.load({ duration: SOUND_SECONDS, getChannelData: () => new Float32Array(0) } as unknown as AudioBuffer)
})

afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000)
/** What was scheduled lies ahead by this at most. */
const AHEAD_SECONDS = 0.02

describe('a Web Audio player', () => {
  it('is paused at the beginning once a sound is loaded', () => {
    expect(events).toEqual(['loadedmetadata'])
    expect(player).toMatchObject({ paused: true, currentTime: 0, readyState: 4, duration: SOUND_SECONDS, ended: false })
  })

  it('says where the sound is that is heard, and not that which is rendered', async () => {
    await player.play()
    const start = context.sources[0]?.started?.[0] ?? Number.NaN
    pass(2)
    expect(player.currentTime).toBeCloseTo(context.currentTime - LATENCY_SECONDS - start, 6)
    expect(start - 1).toBeLessThan(AHEAD_SECONDS)
    expect(events).toEqual(['loadedmetadata', 'play', 'playing'])
  })

  it('does without the output timestamp, which some browsers leave at zero', async () => {
    context.hasTimestamp = false
    await player.play()
    const start = context.sources[0]?.started?.[0] ?? Number.NaN
    pass(2)
    expect(player.currentTime).toBeCloseTo(context.currentTime - LATENCY_SECONDS - start, 6)
  })

  it('changes its rate at a block of the renderer, and stays where it is', async () => {
    await player.play()
    pass(2)
    const before = player.currentTime
    player.playbackRate = 1.01
    expect(player.currentTime).toBeCloseTo(before, 6)
    const [, rate, at = 0] = context.sources[0]?.playbackRate.events.at(-1) ?? []
    expect(rate).toBe(1.01)
    expect((at * SAMPLE_RATE + 0.5) % 128).toBeCloseTo(0, 3)
    pass(10)
    const unbent = before + 10
    const bentFor = context.currentTime - LATENCY_SECONDS - at
    expect(player.currentTime - unbent).toBeCloseTo(0.01 * bentFor, 4)
  })

  it('seeks by another voice, faded in where the last one is faded out', async () => {
    await player.play()
    pass(1)
    player.currentTime = 20
    expect(player).toMatchObject({ seeking: true, currentTime: 20 })
    const [first, second] = context.sources
    expect(second?.started?.[1]).toBe(20)
    expect((first?.stoppedAt ?? 0) - (second?.started?.[0] ?? 0)).toBeLessThan(0.01)
    pass(0.1)
    expect(player.seeking).toBe(false)
    expect(events.slice(-3)).toEqual(['seeking', 'seeked', 'playing'])
    pass(1)
    expect(player.currentTime).toBeCloseTo(20 + context.currentTime - LATENCY_SECONDS - (second?.started?.[0] ?? 0), 6)
  })

  it('seeks while it is paused without a sound, and within the sound', () => {
    player.currentTime = 12
    pass(0.01)
    expect(player).toMatchObject({ currentTime: 12, seeking: false, paused: true })
    player.currentTime = 1000
    expect(player.currentTime).toBe(SOUND_SECONDS)
    player.currentTime = -5
    expect(player.currentTime).toBe(0)
    expect(context.sources).toEqual([])
    expect(() => {
      player.currentTime = Number.NaN
    }).toThrow('currentTime')
  })

  it('pauses, and plays on from there', async () => {
    await player.play()
    pass(3)
    player.pause()
    pass(1)
    const { currentTime } = player
    pass(5)
    expect(player.currentTime).toBe(currentTime)
    await player.play()
    expect(context.sources[1]?.started?.[1]).toBe(currentTime)
  })

  it('ends, and begins again when it is played after the end', async () => {
    await player.play()
    pass(SOUND_SECONDS + 1)
    context.sources[0]?.onended?.()
    expect(player).toMatchObject({ ended: true, paused: true, currentTime: SOUND_SECONDS })
    expect(events.slice(-2)).toEqual(['pause', 'ended'])
    await player.play()
    expect(player.ended).toBe(false)
    expect(context.sources[1]?.started?.[1]).toBe(0)
  })

  it('counts within the sound when it loops', async () => {
    player.loop = true
    await player.play()
    pass(SOUND_SECONDS + 5)
    expect(player.currentTime).toBeLessThan(6)
    expect(context.sources[0]?.loop).toBe(true)
  })

  it('counts from the round that it is in when it stops looping', async () => {
    player.loop = true
    await player.play()
    pass(SOUND_SECONDS + 5)
    const { currentTime } = player
    player.loop = false
    pass(1)
    expect(player.currentTime).toBeCloseTo(currentTime + 1, 3)
  })

  it('stands still while its context is suspended', async () => {
    await player.play()
    pass(2)
    const { currentTime } = context
    context.state = 'suspended'
    Object.defineProperty(context, 'currentTime', { value: currentTime })
    const before = player.currentTime
    pass(5)
    expect(player.currentTime).toBe(before)
  })

  it('refuses to play while the browser wants a gesture, and plays later', async () => {
    context.state = 'suspended'
    context.resumes = false
    const played = player.play()
    const refused = expect(played).rejects.toMatchObject({ name: 'NotAllowedError' })
    await vi.advanceTimersByTimeAsync(1000)
    await refused
    expect(player.paused).toBe(true)
    context.resumes = true
    await player.play()
    expect(player.paused).toBe(false)
  })

  it('does not start when it was paused while the browser thought about it', async () => {
    context.state = 'suspended'
    const played = player.play()
    player.pause()
    await played
    expect(context.sources).toEqual([])
  })

  it('says what is wrong with a sound that cannot be decoded, and that there is none', async () => {
    await expect(player.load(new ArrayBuffer(8))).rejects.toMatchObject({ code: 'DVBCSS_ERR_SOUND' })
    expect(player).toMatchObject({ readyState: 0, currentTime: 0 })
    await expect(player.play()).rejects.toMatchObject({ name: 'NotSupportedError' })
  })

  it.each([0, -1, 17, Number.NaN])('refuses a rate of %d', (rate) => {
    expect(() => {
      player.playbackRate = rate
    }).toThrow('playbackRate')
    expect(player.playbackRate).toBe(1)
  })

  it('closes no context but its own', () => {
    player.close()
    expect(context.state).toBe('running')
  })
})
