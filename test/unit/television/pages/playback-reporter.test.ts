import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CorrelatedClock } from '../../../../src/clocks/index.js'
import { PlaybackReporter, stateOf } from '../../../../src/television/pages/tv/playback-reporter.js'
import type { PlaybackReport } from '../../../../src/television/protocol/index.js'
import { type ManualClock, manualClock } from '../../../helpers/manual-clock.js'

/** How long an element stands still after it has begun to play or was sought, as Chromium's does. */
const START_SECONDS = 0.08

/** A media element whose position moves with the test's clock. */
class Element {
  paused = true
  ended = false
  seeking = false
  readyState = 4
  duration = 40
  loop = false
  playbackRate = 1
  /** Added to a reading now and then. */
  noiseSeconds = 0
  readonly #clock: ManualClock
  readonly #listeners = new Map<string, Set<(event: { type: string }) => void>>()
  #from = 0
  #since = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  get #now(): number {
    return this.#clock.nanos / 1e9
  }

  get currentTime(): number {
    if (this.paused) return this.#from
    return this.#from + Math.max(this.#now - this.#since, 0) * this.playbackRate + this.noiseSeconds
  }

  addEventListener(type: string, listener: (event: { type: string }) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
  }

  removeEventListener(type: string, listener: (event: { type: string }) => void): void {
    this.#listeners.get(type)?.delete(listener)
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, each) => sum + each.size, 0)
  }

  emit(type: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ type })
  }

  play(): void {
    this.paused = false
    this.#since = this.#now + START_SECONDS
    this.emit('playing')
  }

  pause(): void {
    this.#from = this.currentTime
    this.paused = true
    this.emit('pause')
  }

  seek(seconds: number): void {
    this.#from = seconds
    this.#since = this.#now + START_SECONDS
    this.seeking = true
    this.emit('seeking')
    this.seeking = false
    this.emit('seeked')
    if (!this.paused) this.emit('playing')
  }
}

let clock: ManualClock
let wallClock: CorrelatedClock
let element: Element
let reporter: PlaybackReporter
let reports: PlaybackReport[]

beforeEach(() => {
  vi.useFakeTimers()
  clock = manualClock()
  wallClock = new CorrelatedClock(clock.clock)
  element = new Element(clock)
  reports = []
  reporter = new PlaybackReporter(
    element,
    () => wallClock,
    (report) => reports.push(report),
  )
})

afterEach(() => {
  reporter.stop()
  vi.useRealTimers()
})

function pass(seconds: number): void {
  for (let millis = 0; millis < seconds * 1000; millis += 2.5) {
    clock.advanceSeconds(0.0025)
    vi.advanceTimersByTime(2.5)
  }
}

/** The reports, each with where it says that the element would be at time 0 of the wall clock. */
const lines = () =>
  reports.map(({ state, speed, mediaSeconds, wallClockNanos }) => ({
    state,
    speed,
    offset: Number((mediaSeconds - speed * (Number(wallClockNanos) / 1e9)).toFixed(4)),
  }))

describe('the reports of the picture page', () => {
  it('say at once that the element is paused, and exactly where', () => {
    element.seek(12.3456)
    reporter.start('clip')
    expect(reports).toEqual([
      {
        type: 'playback',
        programme: 'clip',
        state: 'paused',
        mediaSeconds: 12.3456,
        wallClockNanos: '0',
        speed: 0,
        durationSeconds: 40,
      },
    ])
  })

  it('say that it plays only once it moves, and then where: no companion starts twice', () => {
    reporter.start('clip')
    element.play()
    pass(0.5)
    const speeds = lines().map(({ speed }) => speed)
    expect(speeds.indexOf(1)).toBe(2)
    expect(
      new Set(
        lines()
          .slice(2)
          .map(({ offset }) => offset),
      ),
    ).toEqual(new Set([-START_SECONDS]))
    expect(lines().slice(0, 2)).toEqual([
      { state: 'paused', speed: 0, offset: 0 },
      { state: 'waiting', speed: 0, offset: 0 },
    ])
  })

  it('come every tenth of a second, as the median of readings', () => {
    element.play()
    pass(1)
    reporter.start('clip')
    reports.length = 0
    for (let millis = 0; millis < 1000; millis += 25) {
      element.noiseSeconds = millis % 100 === 0 ? 0.008 : 0
      pass(0.025)
    }
    expect(reports.length).toBeGreaterThanOrEqual(9)
    expect(reports.length).toBeLessThanOrEqual(11)
    expect(new Set(lines().map(({ offset }) => offset))).toEqual(new Set([-START_SECONDS]))
  })

  it('are as exact at rate 2, where positions move to and fro because the sound is stretched', () => {
    element.playbackRate = 2
    element.play()
    pass(1)
    reporter.start('clip')
    const noise = [-8, -4, 5, 5, 3, 2, -7, -7, -1, -12, 9, 9, 6, 3, -6, -2, 10]
    let reading = 0
    const passStretched = (seconds: number) => {
      for (let millis = 0; millis < seconds * 1000; millis += 12.5) {
        element.noiseSeconds = (noise[reading++ % noise.length] ?? 0) / 1000
        pass(0.0125)
      }
    }
    passStretched(1)
    reports.length = 0
    passStretched(2)
    expect(reports.length).toBeGreaterThanOrEqual(18)
    for (const { offset } of lines()) expect(Math.abs(offset + 2 * START_SECONDS)).toBeLessThanOrEqual(0.003)
    // A change begins anew: nothing of the old rate is left in the positions.
    element.noiseSeconds = 0
    element.pause()
    element.playbackRate = 1
    element.play()
    pass(1)
    expect(Math.abs((reports.at(-1)?.mediaSeconds ?? 0) - element.currentTime)).toBeLessThan(0.11)
    expect(lines().at(-1)?.speed).toBe(1)
  })

  it('announce a seek at its aim, and say that it plays on once it does', () => {
    element.play()
    pass(1)
    reporter.start('clip')
    reports.length = 0
    element.seek(30)
    pass(0.5)
    expect(lines()[0]).toEqual({ state: 'seeking', speed: 0, offset: 30 })
    const running = lines().filter(({ speed }) => speed === 1)
    expect(new Set(running.map(({ offset }) => offset))).toEqual(new Set([Number((30 - 1 - START_SECONDS).toFixed(4))]))
  })

  it('make one jump of the restart of a loop, and no pause', () => {
    element.loop = true
    element.seek(39)
    element.play()
    pass(0.2)
    reporter.start('clip')
    pass(0.85)
    reports.length = 0
    element.seek(0)
    pass(0.5)
    expect(lines().map(({ speed }) => speed)).not.toContain(0)
    expect(lines()[0]?.state).toBe('playing')
  })

  it('follow the rate at once', () => {
    element.play()
    pass(1)
    reporter.start('clip')
    element.pause()
    element.playbackRate = 2
    element.emit('ratechange')
    element.play()
    pass(0.5)
    expect(lines().at(-1)?.speed).toBe(2)
  })

  it('are not sent while the wall clock is unknown, nor after the end', () => {
    element.play()
    wallClock.available = false
    reporter.start('clip')
    pass(0.5)
    expect(reports).toEqual([])
    wallClock.available = true
    pass(0.2)
    expect(reports.length).toBeGreaterThan(0)
    reporter.stop()
    reports.length = 0
    element.pause()
    pass(0.5)
    expect(reports).toEqual([])
    expect(element.listeners).toBe(0)
  })

  it('state a pause at once and exactly', () => {
    element.play()
    pass(1)
    reporter.start('clip')
    pass(0.23)
    reports.length = 0
    element.pause()
    expect(reports).toMatchObject([{ state: 'paused', speed: 0, mediaSeconds: element.currentTime }])
    pass(0.3)
    expect(new Set(reports.map(({ mediaSeconds }) => mediaSeconds))).toEqual(new Set([element.currentTime]))
  })

  it('say within two seconds where an element is that never runs evenly', () => {
    reporter.start('clip')
    element.play()
    for (let step = 0; step < 90; step++) {
      element.noiseSeconds = step % 2 === 0 ? 0.02 : -0.02
      pass(0.025)
    }
    expect(reports.at(-1)).toMatchObject({ state: 'playing', speed: 1 })
  })

  it('call a seek of the viewer to the beginning no loop', () => {
    element.loop = true
    element.play()
    pass(1)
    reporter.start('clip')
    reports.length = 0
    element.seek(0)
    expect(lines()[0]).toEqual({ state: 'seeking', speed: 0, offset: 0 })
  })

  it('are not made of an element without media: the television goes on by itself', () => {
    element.readyState = 0
    element.duration = Number.NaN
    reporter.start('clip')
    element.emit('waiting')
    pass(0.5)
    expect(reports).toEqual([])
    element.readyState = 1
    element.emit('waiting')
    expect(reports).toMatchObject([{ state: 'paused', durationSeconds: null }])
  })

  it('name the programme of the last start', () => {
    element.play()
    pass(1)
    reporter.start('clip')
    reporter.start('film')
    pass(0.2)
    expect(new Set(reports.map(({ programme }) => programme))).toEqual(new Set(['film']))
  })
})

describe('the state of a media element', () => {
  const playing = { paused: false, ended: false, seeking: false, readyState: 4 }

  it.each([
    [{}, 'playing'],
    [{ paused: true }, 'paused'],
    [{ paused: true, seeking: true }, 'seeking'],
    [{ readyState: 2 }, 'waiting'],
    [{ ended: true, paused: true }, 'ended'],
  ])('with %o is %s', (parts, state) => {
    expect(stateOf(Object.assign(new Element(clock), playing, parts))).toBe(state)
  })
})
