import { CorrelatedClock, Correlation, SystemClock } from '../../src/clocks/index.js'
import type { FollowedMedia } from '../../src/companion/media/playback-media.js'

const TICK_RATE = 90_000

export interface SimulatedPlayerOptions {
  /** In what steps currentTime moves, in seconds. Default 0.01. */
  quantumSeconds?: number
  /** How long each seek takes, in seconds. Default 0.2. */
  seekSeconds?: () => number
  /** How long play() takes until it moves, in seconds. Default 0.05. */
  startSeconds?: number
  /** How long a new rate takes until it is heard, in seconds. Default 0.03. */
  rateSeconds?: number
  /** The rate really played is the one told, rounded to multiples of this; 0: never anything but 1. Default 0.01. */
  rateStep?: number
  /** Of the rate told, the one really played; instead of `rateStep`. */
  playedRate?: (told: number) => number
  /** Rates that the setter throws at. Default: above `highestRate`. */
  throwsAtRate?: (rate: number) => boolean
  /** Whether `playbackRate` reads back what is really played. Default false: what was told. */
  readsBackPlayedRate?: boolean
  /** How long it stops at every change of its rate, in seconds. Default 0. */
  rateStallSeconds?: number
  /** What a reading of currentTime is off by while it moves, in seconds, so long after it began to. Default 0. */
  readingError?: (movingSeconds: number) => number
  /** Seeks land on the multiple of this below their aim. Default 0: on the aim. */
  keyFrameSeconds?: number
  /** Seeks that are not done at all. Default false. */
  ignoresSeeks?: boolean
  /** What can be sought, as of now; seeks land in it. Default: nothing is said about it. */
  seekable?: () => [number, number][]
  /** Starts again at its end. */
  loop?: boolean
  /** How often `timeupdate` is emitted while it plays, in seconds. Default: no events at all. */
  timeUpdateSeconds?: number
  /** By how much its own clock is off. Default 0. */
  driftPpm?: number
  duration?: number
  /** False: no `seeking`, and the old position until the seek is done. Default true. */
  tellsSeeking?: boolean
  /** What play() rejects with. */
  refusal?: () => Error | undefined
  highestRate?: number
}

/** A player with the faults of real ones. It lives on performance.now(), so fake timers drive it. */
export class SimulatedPlayer implements FollowedMedia {
  readonly seeksTold: number[] = []
  readonly ratesTold: number[] = []
  playsTold = 0
  pausesTold = 0
  refusal: () => Error | undefined
  paused = true
  duration: number
  readonly loop: boolean
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
  readonly #options: Required<
    Omit<SimulatedPlayerOptions, 'refusal' | 'duration' | 'loop' | 'seekable' | 'timeUpdateSeconds'>
  >
  readonly #seekable: (() => [number, number][]) | undefined
  readonly #listeners = new Map<string, Set<() => void>>()
  #position = 0
  #at = seconds()
  #movesFrom = 0
  #rate = 1
  #rateTold = 1
  #rateFrom: { at: number; rate: number } | undefined
  #seek: { aim: number; doneAt: number } | undefined

  constructor(options: SimulatedPlayerOptions = {}) {
    const { refusal = () => undefined, duration = Number.POSITIVE_INFINITY, loop, seekable, ...rest } = options
    const { timeUpdateSeconds, ...others } = rest
    this.refusal = refusal
    this.duration = duration
    this.loop = loop ?? false
    this.#seekable = seekable
    const { rateStep = 0.01, highestRate = 16 } = options
    this.#options = {
      quantumSeconds: 0.01,
      seekSeconds: () => 0.2,
      startSeconds: 0.05,
      rateSeconds: 0.03,
      rateStep,
      driftPpm: 0,
      tellsSeeking: true,
      highestRate,
      playedRate: (told) => (rateStep === 0 ? 1 : Math.round(told / rateStep) * rateStep),
      throwsAtRate: (rate) => rate > highestRate,
      readsBackPlayedRate: false,
      rateStallSeconds: 0,
      readingError: () => 0,
      keyFrameSeconds: 0,
      ignoresSeeks: false,
      ...others,
    }
    if (timeUpdateSeconds === undefined) return
    this.addEventListener = (type, listener) => {
      this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
    }
    this.removeEventListener = (type, listener) => this.#listeners.get(type)?.delete(listener)
    setInterval(() => {
      if (!this.paused) this.emit('timeupdate')
    }, timeUpdateSeconds * 1000)
  }

  emit(type: string): void {
    for (const listener of this.#listeners.get(type) ?? []) listener()
  }

  /** Without the option: empty, which says nothing about what can be sought. */
  get seekable(): { length: number; start(index: number): number; end(index: number): number } {
    const ranges = this.#seekable?.() ?? []
    return {
      length: ranges.length,
      start: (index) => ranges[index]?.[0] ?? Number.NaN,
      end: (index) => ranges[index]?.[1] ?? Number.NaN,
    }
  }

  /** Where it truly is. */
  get position(): number {
    this.#advance()
    return this.#position
  }

  get seeking(): boolean | undefined {
    this.#advance()
    return this.#options.tellsSeeking ? this.#seek !== undefined : undefined
  }

  get ended(): boolean {
    return this.position >= this.duration
  }

  get currentTime(): number {
    const { quantumSeconds, readingError } = this.#options
    const movingSeconds = seconds() - this.#movesFrom
    const read = this.position + (this.paused || movingSeconds < 0 ? 0 : readingError(movingSeconds))
    return Math.floor(read / quantumSeconds + 1e-9) * quantumSeconds
  }

  set currentTime(told: number) {
    this.#advance()
    this.seeksTold.push(told)
    if (this.#options.ignoresSeeks) return
    const { keyFrameSeconds } = this.#options
    const within = this.#nearestSeekable(told)
    const aim = keyFrameSeconds === 0 ? within : Math.floor(within / keyFrameSeconds) * keyFrameSeconds
    const doneAt = seconds() + this.#options.seekSeconds()
    this.#seek = { aim, doneAt }
    if (!this.#options.tellsSeeking) return
    this.#position = aim
    this.#movesFrom = Math.max(this.#movesFrom, doneAt)
  }

  get playbackRate(): number {
    return this.#options.readsBackPlayedRate ? this.#options.playedRate(this.#rateTold) : this.#rateTold
  }

  set playbackRate(rate: number) {
    if (this.#options.throwsAtRate(rate)) throw new DOMException('not this rate', 'NotSupportedError')
    this.#advance()
    this.ratesTold.push(rate)
    this.#rateTold = rate
    const { playedRate, rateSeconds, rateStallSeconds } = this.#options
    this.#rateFrom = { at: seconds() + rateSeconds, rate: playedRate(rate) }
    if (rateStallSeconds > 0) this.#movesFrom = Math.max(this.#movesFrom, seconds() + rateStallSeconds)
  }

  play(): Promise<void> {
    this.playsTold++
    const error = this.refusal()
    if (error !== undefined) return Promise.reject(error)
    if (!this.paused) return Promise.resolve()
    this.#advance()
    this.paused = false
    this.#movesFrom = Math.max(this.#movesFrom, seconds() + this.#options.startSeconds)
    return Promise.resolve()
  }

  pause(): void {
    this.pausesTold++
    this.#advance()
    this.paused = true
  }

  /** What it is asked for next under this name it does not tell, but throws, as an element does in a wrong state. */
  throwOnce(name: 'currentTime' | 'seekable' | 'duration' | 'playbackRate' | 'paused', error: Error): void {
    const own = Object.getOwnPropertyDescriptor(this, name)
    const described = own ?? Object.getOwnPropertyDescriptor(SimulatedPlayer.prototype, name)
    const restore = () => {
      if (own === undefined) Reflect.deleteProperty(this, name)
      else Object.defineProperty(this, name, own)
    }
    Object.defineProperty(this, name, {
      configurable: true,
      get: () => {
        restore()
        throw error
      },
      set: (value: unknown) => {
        if (described?.set !== undefined) described.set.call(this, value)
        else if (own !== undefined) own.value = value
      },
    })
  }

  /** Stops moving for a while, as one does that lacks data. */
  stall(forSeconds: number): void {
    this.#advance()
    this.#movesFrom = seconds() + forSeconds
  }

  #advance(): void {
    const now = seconds()
    while (this.#at < now) {
      const stops = [this.#rateFrom?.at, this.#seek?.doneAt, this.#movesFrom].filter(
        (t) => t !== undefined && t > this.#at,
      )
      const until = Math.min(now, ...(stops as number[]))
      if (!this.paused && this.#at >= this.#movesFrom) {
        this.#position += (until - this.#at) * this.#rate * (1 + this.#options.driftPpm / 1e6)
      }
      this.#at = until
      this.#settle()
    }
    this.#settle()
    if (!(this.#position >= this.duration)) return
    if (this.loop) {
      this.#position %= this.duration
      return
    }
    this.#position = this.duration
    this.paused = true
  }

  #nearestSeekable(told: number): number {
    const ranges = (this.#seekable?.() ?? []).filter(([start, end]) => end > start)
    const nearest = ranges.map(([start, end]) => Math.min(Math.max(told, start), end))
    return nearest.sort((a, b) => Math.abs(a - told) - Math.abs(b - told))[0] ?? told
  }

  #settle(): void {
    if (this.#rateFrom !== undefined && this.#rateFrom.at <= this.#at) {
      this.#rate = this.#rateFrom.rate
      this.#rateFrom = undefined
    }
    if (this.#seek !== undefined && this.#seek.doneAt <= this.#at) {
      if (!this.#options.tellsSeeking) this.#position = this.#seek.aim
      this.#seek = undefined
    }
  }
}

function seconds(): number {
  return performance.now() / 1000
}

/** A timeline at 90 kHz over performance.now(), and where it is now. */
export function simulatedTimeline(startSeconds: number): {
  clock: CorrelatedClock
  seconds(): number
  jumpTo(to: number, speed?: number): void
} {
  const root = new SystemClock({ source: () => performance.now() * 1e6, precisionSeconds: 1e-6 })
  const clock = new CorrelatedClock(root, { tickRate: TICK_RATE })
  const jumpTo = (to: number, speed = clock.speed) => {
    const correlation = new Correlation({ parentTicks: root.now(), childTicks: to * TICK_RATE })
    clock.setCorrelationAndSpeed(correlation, speed)
  }
  jumpTo(startSeconds)
  return { clock, seconds: () => clock.now() / TICK_RATE, jumpTo }
}
