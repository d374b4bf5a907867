import type { Clock } from '../../../clocks/index.js'
import type { PlaybackReport, PlaybackState } from '../../protocol/index.js'

/** The parts of a media element that are read. */
export interface ReportedMedia {
  readonly currentTime: number
  readonly playbackRate: number
  readonly paused: boolean
  readonly ended: boolean
  readonly seeking: boolean
  readonly readyState: number
  readonly loop: boolean
  readonly duration: number
  addEventListener(type: string, listener: (event: { readonly type: string }) => void): void
  removeEventListener(type: string, listener: (event: { readonly type: string }) => void): void
}

/** A single reading of `currentTime` is off by milliseconds now and then; the median of these is right to 0.4 ms. */
const READINGS = 8
const READING_INTERVAL_MILLIS = 12.5
/**
 * Browsers stretch sound in blocks to play it at another rate, and `currentTime` then moves to and fro by up to 16 ms at rate 2: the
 * median of 0.8 s is right to 2 ms.
 */
const STRETCHED_READINGS = 64
/** An element that was started or sought stands still for a tenth of a second. It runs once so many readings advance evenly. */
const STARTING_READINGS = 4
const EVENLY_SECONDS = 0.002
/** At other rates, per unit of the rate: a quarter of what an element that stands still is off by after so many readings. */
const STRETCHED_EVENLY_SECONDS = 0.01
/** A seek from so near to the end to so near to the beginning is the restart of a loop. */
const LOOP_EDGE_SECONDS = 0.5
/** An element that does not run evenly by then never will. */
const LONGEST_START_SECONDS = 2
const HAVE_NOTHING = 0
const HAVE_FUTURE_DATA = 3
/** Browsers skip frames and sound at higher rates, and `currentTime` no longer says what is played. */
export const HIGHEST_RATE = 4

/** After these the state is other than before. The restart of a loop is announced by `seeking`. */
const STATE_EVENTS = ['playing', 'pause', 'seeking', 'seeked', 'ratechange', 'waiting', 'ended'] as const

/** Reports what a media element does, at moments of the wall clock. */
export class PlaybackReporter {
  readonly #media: ReportedMedia
  readonly #wallClock: () => Clock | undefined
  readonly #send: (report: PlaybackReport) => void
  readonly #onState = (event: { readonly type: string }) => this.#stateChanged(event.type)
  #programme = ''
  #timer: ReturnType<typeof setInterval> | undefined
  /** Positions less the time of the wall clock: equal while the element plays evenly. */
  #offsets: number[] = []
  /** Readings since the last report of a median. */
  #readings = 0
  /** Since when the element has been about to run; undefined while it runs or is meant to stand still. */
  #startingSince: number | undefined
  /** Whether it is about to run because it has restarted a loop, and nobody has stopped it. */
  #isLooping = false
  #lastSeconds = 0

  /** @param wallClock nothing is reported while it is undefined or unavailable */
  constructor(media: ReportedMedia, wallClock: () => Clock | undefined, send: (report: PlaybackReport) => void) {
    this.#media = media
    this.#wallClock = wallClock
    this.#send = send
  }

  get isRunning(): boolean {
    return this.#timer !== undefined
  }

  /** Reports until {@link stop}, from now on. */
  start(programme: string): void {
    this.#programme = programme
    if (this.#timer !== undefined) return
    for (const type of STATE_EVENTS) this.#media.addEventListener(type, this.#onState)
    this.#timer = setInterval(() => this.#read(), READING_INTERVAL_MILLIS)
    this.#discardReadings()
    this.#startingSince = undefined
    this.#isLooping = false
    const now = this.#now()
    // While it plays, the first median is soon there, and better than one reading.
    if (now !== undefined && stateOf(this.#media) !== 'playing') this.#report(now)
  }

  stop(): void {
    if (this.#timer === undefined) return
    for (const type of STATE_EVENTS) this.#media.removeEventListener(type, this.#onState)
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #stateChanged(type: string): void {
    this.#discardReadings()
    const now = this.#now()
    if (now === undefined) return
    if (type === 'seeking') this.#isLooping = this.#hasLooped()
    if (this.#media.paused) this.#isLooping = false
    // At a change of the rate alone the element runs on.
    if (this.#isLooping) this.#startingSince ??= now
    else if (stateOf(this.#media) !== 'playing') this.#startingSince = undefined
    else if (type !== 'ratechange') this.#startingSince ??= now
    this.#lastSeconds = this.#media.currentTime
    this.#report(now)
  }

  #hasLooped(): boolean {
    const { loop, paused, currentTime, duration } = this.#media
    return loop && !paused && currentTime < LOOP_EDGE_SECONDS && this.#lastSeconds > duration - LOOP_EDGE_SECONDS
  }

  #read(): void {
    const now = this.#now()
    if (now === undefined) {
      this.#discardReadings()
      return
    }
    this.#lastSeconds = this.#media.currentTime
    this.#offsets.push(this.#media.currentTime - now * this.#media.playbackRate)
    if (this.#startingSince !== undefined) this.#awaitStart(now, this.#startingSince)
    else if (++this.#readings >= READINGS) this.#reportMedian(now)
  }

  #discardReadings(): void {
    this.#offsets = []
    this.#readings = 0
  }

  #awaitStart(now: number, since: number): void {
    this.#offsets = this.#offsets.slice(-STARTING_READINGS)
    const { playbackRate } = this.#media
    const within = playbackRate === 1 ? EVENLY_SECONDS : STRETCHED_EVENLY_SECONDS * playbackRate
    const isEven = Math.max(...this.#offsets) - Math.min(...this.#offsets) <= within
    const hasStarted = isEven && this.#offsets.length === STARTING_READINGS
    if (!hasStarted && now - since < LONGEST_START_SECONDS) return
    this.#startingSince = undefined
    this.#isLooping = false
    this.#reportMedian(now)
  }

  #reportMedian(now: number): void {
    const { playbackRate } = this.#media
    this.#readings = 0
    this.#report(now, medianOf(this.#offsets) + now * playbackRate)
    this.#offsets = playbackRate === 1 ? [] : this.#offsets.slice(READINGS - STRETCHED_READINGS)
  }

  #report(now: number, mediaSeconds: number = this.#media.currentTime): void {
    const { duration, playbackRate, currentTime, readyState } = this.#media
    // An element without media is nowhere: the television goes on by itself.
    if (readyState === HAVE_NOTHING || !Number.isFinite(mediaSeconds)) return
    const isStarting = this.#startingSince !== undefined
    // A loop is one jump for those who follow, and no pause.
    const state = this.#isLooping ? 'playing' : isStarting ? 'waiting' : stateOf(this.#media)
    const isRunning = state === 'playing'
    this.#send({
      type: 'playback',
      programme: this.#programme,
      state,
      // While nothing moves, the element's own position is exact.
      mediaSeconds: isRunning ? mediaSeconds : currentTime,
      wallClockNanos: String(BigInt(Math.round(now * 1e9))),
      speed: isRunning ? playbackRate : 0,
      durationSeconds: Number.isFinite(duration) && duration > 0 ? duration : null,
    })
  }

  /** Seconds of the wall clock; undefined while it is unknown. */
  #now(): number | undefined {
    const clock = this.#wallClock()
    return clock?.available === true ? clock.nanos() / 1e9 : undefined
  }
}

export function stateOf({ paused, ended, seeking, readyState }: ReportedMedia): PlaybackState {
  if (ended) return 'ended'
  if (seeking) return 'seeking'
  if (paused) return 'paused'
  return readyState < HAVE_FUTURE_DATA ? 'waiting' : 'playing'
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? 0
  const lower = sorted[(sorted.length - 1) >> 1] ?? upper
  return (lower + upper) / 2
}
