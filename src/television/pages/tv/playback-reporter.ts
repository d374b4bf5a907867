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
  readonly duration: number
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** A single reading of `currentTime` is off by milliseconds now and then; the median of these is right to 0.4 ms. */
const READINGS = 8
const READING_INTERVAL_MILLIS = 12.5
/** After a start or a seek readings are not to be trusted until so many medians agree, or the time is over. */
const AGREEING_MEDIANS = 3
const AGREEMENT_SECONDS = 0.002
const SETTLING_SECONDS = 2
const HAVE_FUTURE_DATA = 3
/** Browsers skip frames and sound at higher rates, and `currentTime` no longer says what is played. */
export const HIGHEST_RATE = 4

/** After these the state is other than before. The restart of a loop is announced by `seeking`. */
const STATE_EVENTS = ['playing', 'pause', 'seeking', 'seeked', 'ratechange', 'waiting', 'ended'] as const

/** Reports what a media element does, at moments of the wall clock. */
export class PlaybackReporter {
  readonly #media: ReportedMedia
  readonly #wallClock: Clock
  readonly #send: (report: PlaybackReport) => void
  readonly #onState = () => this.#stateChanged()
  #programme = ''
  #timer: ReturnType<typeof setInterval> | undefined
  /** Positions less the time of the wall clock: equal while the element plays evenly. */
  #offsets: number[] = []
  #medians: number[] = []
  #settlingUntil = 0

  constructor(media: ReportedMedia, wallClock: Clock, send: (report: PlaybackReport) => void) {
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
    this.#offsets = []
    this.#report(this.#now())
  }

  stop(): void {
    if (this.#timer === undefined) return
    for (const type of STATE_EVENTS) this.#media.removeEventListener(type, this.#onState)
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #stateChanged(): void {
    this.#offsets = []
    this.#medians = []
    const now = this.#now()
    this.#settlingUntil = now + SETTLING_SECONDS
    this.#report(now)
  }

  #read(): void {
    const speed = speedOf(this.#media)
    const now = this.#now()
    this.#offsets.push(this.#media.currentTime - now * speed)
    if (this.#offsets.length < READINGS) return
    const median = medianOf(this.#offsets)
    this.#offsets = []
    this.#medians = [...this.#medians, median].slice(-AGREEING_MEDIANS)
    if (now < this.#settlingUntil && !this.#isSettled()) return
    this.#settlingUntil = 0
    this.#report(now, median + now * speed)
  }

  #isSettled(): boolean {
    const medians = this.#medians
    return medians.length === AGREEING_MEDIANS && Math.max(...medians) - Math.min(...medians) <= AGREEMENT_SECONDS
  }

  #report(now: number, mediaSeconds: number = this.#media.currentTime): void {
    if (!this.#wallClock.available || !Number.isFinite(mediaSeconds)) return
    const state = stateOf(this.#media)
    const { duration } = this.#media
    this.#send({
      type: 'playback',
      programme: this.#programme,
      state,
      // While nothing moves, the element's own position is exact.
      mediaSeconds: state === 'playing' ? mediaSeconds : this.#media.currentTime,
      wallClockNanos: String(BigInt(Math.round(now * 1e9))),
      speed: speedOf(this.#media),
      durationSeconds: Number.isFinite(duration) && duration > 0 ? duration : null,
    })
  }

  #now(): number {
    return this.#wallClock.nanos() / 1e9
  }
}

export function stateOf({ paused, ended, seeking, readyState }: ReportedMedia): PlaybackState {
  if (ended) return 'ended'
  if (seeking) return 'seeking'
  if (paused) return 'paused'
  return readyState < HAVE_FUTURE_DATA ? 'waiting' : 'playing'
}

function speedOf(media: ReportedMedia): number {
  return stateOf(media) === 'playing' ? media.playbackRate : 0
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? 0
  const lower = sorted[(sorted.length - 1) >> 1] ?? upper
  return (lower + upper) / 2
}
