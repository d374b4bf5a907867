import { type Clock, CorrelatedClock, Correlation } from '../clocks/index.js'
import { Emitter } from '../events/index.js'
import type { PlaybackReport } from './protocol/index.js'
import { TIMELINES } from './television-timelines.js'

/** A report that differs less from the present relation does not change it: readings of a media element are no more exact. */
const REPORT_THRESHOLD_SECONDS = 0.002
/** While paused, the element's position is exact. */
const PAUSED_THRESHOLD_SECONDS = 0.0002
/** A page whose clock is further off than this has no wall clock yet. */
const MAX_REPORT_AGE_SECONDS = 10
/** A page reports the restart of a looping programme by itself, unless it has stopped working. */
const DRIVEN_LOOP_GRACE_SECONDS = 1
/** Shorter media would begin again more often than companions can be told. */
const MIN_DURATION_SECONDS = 0.1
const MAX_TIMER_SECONDS = 2 ** 31 / 1000 - 1

/** What became of a report. `untimely`: its time is not that of the wall clock. */
export type ReportVerdict = 'used' | 'unchanged' | 'untimely'

export interface PlaybackEvents {
  /** The position, speed or duration has changed otherwise than by time. */
  change: object
}

/** The position in the programme: a clock that buttons move, or the media element of a page. It restarts at the programme's end. */
export class Playback extends Emitter<PlaybackEvents> {
  /** The position, at the tick rate of {@link TIMELINES.pts}. */
  readonly clock: CorrelatedClock
  readonly #wallClock: Clock
  /** The speed that `play` returns to. */
  #playSpeed = 1
  #durationSeconds: number | undefined
  #isDriven = false
  #isHalted = false
  #loop: NodeJS.Timeout | undefined

  constructor(wallClock: Clock) {
    super()
    this.#wallClock = wallClock
    this.clock = new CorrelatedClock(wallClock, {
      tickRate: TIMELINES.pts.ticksPerSecond,
      correlation: new Correlation({ parentTicks: wallClock.now(), childTicks: 0 }),
      name: 'programme',
    })
  }

  get positionSeconds(): number {
    return this.clock.now() / this.clock.tickRate
  }

  get speed(): number {
    return this.clock.speed
  }

  /** Undefined while it is unknown: the programme then never ends. */
  get durationSeconds(): number | undefined {
    return this.#durationSeconds
  }

  set durationSeconds(value: number | undefined) {
    if (value === this.#durationSeconds) return
    this.#durationSeconds = value
    this.#waitForEnd()
    this.emit('change', {})
  }

  /** Whether the media element of a page is the timeline. */
  get isDriven(): boolean {
    return this.#isDriven
  }

  play(): void {
    this.#move((ticks) => ticks, this.#playSpeed)
  }

  pause(): void {
    this.#move((ticks) => ticks, 0)
  }

  seek(seconds: number): void {
    this.#move(() => seconds * this.clock.tickRate, this.speed)
  }

  /** Plays at a speed: 0 pauses, a negative one plays backwards. */
  setSpeed(speed: number): void {
    if (speed !== 0) this.#playSpeed = speed
    this.#move((ticks) => ticks, speed)
  }

  /** Plays from the beginning. */
  restart(): void {
    this.#move(() => 0, this.#playSpeed)
  }

  /** Adopts what the media element of a page does. */
  report({ state, mediaSeconds, wallClockNanos, speed, durationSeconds }: PlaybackReport): ReportVerdict {
    const parentTicks = this.#wallClock.fromNanos(Number(wallClockNanos))
    const ageSeconds = (this.#wallClock.now() - parentTicks) / this.#wallClock.tickRate
    if (Math.abs(ageSeconds) > MAX_REPORT_AGE_SECONDS) return 'untimely'
    const wasDriven = this.#isDriven
    this.#isDriven = true
    // Playback goes on by itself after these, and has to even if the page is closed meanwhile.
    this.#isHalted = state === 'seeking' || state === 'waiting'
    if (speed !== 0) this.#playSpeed = speed
    if (durationSeconds !== null && durationSeconds >= MIN_DURATION_SECONDS) this.durationSeconds = durationSeconds
    const errorSeconds = mediaSeconds - this.clock.fromParent(parentTicks) / this.clock.tickRate
    const threshold = speed === 0 ? PAUSED_THRESHOLD_SECONDS : REPORT_THRESHOLD_SECONDS
    if (speed === this.speed && Math.abs(errorSeconds) < threshold) {
      if (!wasDriven) this.emit('change', {})
      return 'unchanged'
    }
    this.#set(parentTicks, mediaSeconds * this.clock.tickRate, speed)
    return 'used'
  }

  /** The page has gone: the clock goes on from its last report. */
  release(): void {
    if (!this.#isDriven) return
    this.#isDriven = false
    if (this.#isHalted) this.play()
    else this.emit('change', {})
    this.#isHalted = false
    this.#waitForEnd()
  }

  stop(): void {
    clearTimeout(this.#loop)
  }

  /** Sets position and speed in one change, so that companions receive one update, and from one reading of the clock. */
  #move(to: (ticks: number) => number, speed: number): void {
    const parentTicks = this.#wallClock.now()
    this.#set(parentTicks, to(this.clock.fromParent(parentTicks)), speed)
  }

  #set(parentTicks: number, childTicks: number, speed: number): void {
    this.clock.setCorrelationAndSpeed(new Correlation({ parentTicks, childTicks }), speed)
    this.#waitForEnd()
    this.emit('change', {})
  }

  /** At the end of the programme it begins again, as exactly as if there had been no timer. */
  #waitForEnd(): void {
    clearTimeout(this.#loop)
    const duration = this.#durationSeconds
    const { speed } = this
    if (duration === undefined || speed === 0) return
    const end = speed > 0 ? duration : 0
    const leftSeconds = (end - this.positionSeconds) / speed
    // Somebody has sought to a place outside the programme: it runs on from there.
    if (leftSeconds <= 0) return
    const grace = this.#isDriven ? DRIVEN_LOOP_GRACE_SECONDS : 0
    const waitSeconds = Math.min(leftSeconds + grace, MAX_TIMER_SECONDS)
    this.#loop = setTimeout(() => this.#loopBack(duration), waitSeconds * 1000)
    this.#loop.unref()
  }

  #loopBack(durationSeconds: number): void {
    const { speed, clock } = this
    const parentTicks = this.#wallClock.now()
    const seconds = clock.fromParent(parentTicks) / clock.tickRate
    const isOver = speed > 0 ? seconds >= durationSeconds : seconds <= 0
    if (!isOver) this.#waitForEnd()
    else this.#set(parentTicks, modulo(seconds, durationSeconds) * clock.tickRate, speed)
  }
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor
}
