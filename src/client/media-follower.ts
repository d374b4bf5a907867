import { Emitter } from './emitter.js'
import type { MediaFollowerEvents, MediaFollowerState, MediaFollowerStatus } from './media-follower-events.js'
import {
  checkMediaCorrelation,
  checkMediaFollowerOptions,
  type MediaFollowerOptions,
} from './media-follower-options.js'
import { chooseBend } from './playback-bend.js'
import { PlaybackControls } from './playback-controls.js'
import { PlaybackErrorWindow } from './playback-error-window.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import { canAdvance, type FollowedMedia, onTellingEvent, playableRange } from './playback-media.js'
import { PlaybackSeekLead } from './playback-seek-lead.js'
import {
  type ClockHolder,
  clockOf,
  type FollowedClock,
  type MediaCorrelation,
  type PlaybackTarget,
  playbackTarget,
} from './playback-target.js'

/** The dead band, in parts of the tolerance: a correction begins past the first and ends within the second. */
const CORRECT_PAST = 0.6
const CORRECT_TO = 0.1
/** And not before this part of what the readings differ by: how well a coarse position is known. */
const CORRECT_PAST_SPREAD = 0.25
/** Nearer than this, in parts of the tolerance, it becomes locked; it stays so within the whole. */
const LOCK_WITHIN = 0.8

/** Readings after a seek before the error is believed, and after a change of rate before a small one is acted upon. */
const READINGS = 4
const READINGS_FOR_SMALL = 8

/** So close to its end a player that has ended is done; playing it would begin anew. */
const END_SECONDS = 0.5

const SHORTEST_POLL_SECONDS = 0.005

/**
 * The squares of the polls' numbers, times this, less the whole part, spread like random numbers. So polls do not fall
 * into step with a player that updates its position in steps.
 */
const GOLDEN_RATIO = 0.618_033_988_75

/**
 * Keeps a media element on a timeline: seeks when it is far off, bends its rate when it is near, pauses with it.
 * It owns position, rate and pause of the media from `start()` to `stop()`; what a user does to them is undone.
 */
export class MediaFollower extends Emitter<MediaFollowerEvents> {
  readonly #media: FollowedMedia
  readonly #source: FollowedClock | ClockHolder
  readonly #options: Required<MediaFollowerOptions>
  readonly #controls: PlaybackControls
  readonly #window = new PlaybackErrorWindow()
  readonly #lead = new PlaybackSeekLead()
  readonly #seekHoldOff = new PlaybackHoldOff(0.5, 30)
  readonly #bendHoldOff = new PlaybackHoldOff(1, 60)
  #correlation: MediaCorrelation
  #state: MediaFollowerState = 'stopped'
  #errorSeconds: number | undefined
  #bend = 0
  #seeks = 0
  #rateChanges = 0
  #polls = 0
  /** By how much the seek that is not measured yet aimed ahead. */
  #leadUsed: number | undefined
  #parkedAt: number | undefined
  #steppedAt = Number.NEGATIVE_INFINITY
  #refusedSpeed: number | undefined
  #last: { readonly at: number; readonly target: PlaybackTarget } | undefined
  #clock: FollowedClock | undefined
  #forgetClock: (() => void) | undefined
  #forgetMedia: (() => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #lookIsNear = false

  /**
   * @param source the timeline's clock, that of a TsClient say; or what has one, which is asked at every look
   * @throws TypeError, RangeError
   */
  constructor(media: FollowedMedia, source: FollowedClock | ClockHolder, options: MediaFollowerOptions = {}) {
    super()
    this.#media = media
    this.#source = source
    this.#options = checkMediaFollowerOptions(options)
    this.#correlation = this.#options.correlation
    this.#controls = new PlaybackControls(media, (refusal) => {
      this.emit('blocked', refusal)
      this.#lookSoon()
    })
  }

  get correlation(): MediaCorrelation {
    return this.#correlation
  }

  /** Takes effect at once. @throws TypeError, RangeError */
  set correlation(value: MediaCorrelation) {
    this.#correlation = checkMediaCorrelation(value)
    this.#lookSoon()
  }

  start(): void {
    if (this.#forgetMedia !== undefined) return
    this.#forgetMedia = onTellingEvent(this.#media, () => this.#lookSoon())
    this.#seeks = 0
    this.#rateChanges = 0
    this.#look()
  }

  /** Lets go of the media, which plays on, or not, as it is, at a rate that is not bent. */
  stop(): void {
    if (this.#forgetMedia === undefined) return
    this.#forgetMedia()
    this.#forgetMedia = undefined
    this.#forgetClock?.()
    this.#forgetClock = undefined
    this.#clock = undefined
    clearTimeout(this.#timer)
    this.#unbend(performance.now() / 1000)
    this.#startAfresh()
    this.#last = undefined
    this.#enter('stopped')
  }

  /** To be called from a user's gesture after 'blocked': tries to play again, at once. */
  retryPlay(): void {
    this.#controls.unblock()
    if (this.#forgetMedia !== undefined) this.#look()
  }

  status(): MediaFollowerStatus {
    const clock = clockOf(this.#source)
    const target = playbackTarget(clock, this.#correlation, this.#options.renderingLatencySeconds)
    return {
      state: this.#state,
      errorSeconds: this.#errorSeconds,
      targetSeconds: target?.seconds,
      mediaSeconds: this.#media.currentTime,
      speed: target?.speed,
      rate: this.#controls.rate,
      bend: this.#bend,
      dispersionSeconds: target?.dispersionSeconds,
      seekLeadSeconds: this.#lead.seconds,
      seeks: this.#seeks,
      rateChanges: this.#rateChanges,
    }
  }

  /** After what was under way: a change of a clock is told from inside its setter. */
  #lookSoon(): void {
    if (this.#lookIsNear || this.#forgetMedia === undefined) return
    this.#lookIsNear = true
    queueMicrotask(() => {
      this.#lookIsNear = false
      this.#look()
    })
  }

  #look(): void {
    if (this.#forgetMedia === undefined) return
    clearTimeout(this.#timer)
    const now = performance.now() / 1000
    this.#watchClock()
    const target = playbackTarget(this.#clock, this.#correlation, this.#options.renderingLatencySeconds)
    this.#carryReadings(now, target)
    this.#enter(target === undefined ? this.#followNothing(now) : this.#follow(now, target))
    // A listener may have stopped it.
    if (this.#forgetMedia === undefined) return
    this.#timer = setTimeout(() => this.#look(), this.#delaySeconds(target) * 1000)
  }

  #watchClock(): void {
    const clock = clockOf(this.#source)
    if (clock === this.#clock) return
    this.#forgetClock?.()
    this.#clock = clock
    this.#forgetClock = clock?.on('change', () => this.#lookSoon())
  }

  /** What was read before is worth as much now, less what the target has jumped and plus what the bend has gained. */
  #carryReadings(now: number, target: PlaybackTarget | undefined): void {
    const last = this.#last
    this.#last = target === undefined ? undefined : { at: now, target }
    if (last === undefined || target === undefined) return
    const seconds = now - last.at
    const jump = target.seconds - (last.target.seconds + last.target.speed * seconds)
    this.#window.shift(((this.#controls.rate ?? last.target.speed) - last.target.speed) * seconds - jump)
    if (Math.abs(jump) <= this.#options.toleranceSeconds) return
    // Where the last seek came out says nothing now, nor does it that the last ones were in vain.
    this.#leadUsed = undefined
    this.#seekHoldOff.reset()
  }

  #followNothing(now: number): MediaFollowerState {
    this.#unbend(now)
    this.#startAfresh()
    if (this.#options.onUnavailable === 'pause') this.#controls.pause()
    return 'unavailable'
  }

  #follow(now: number, target: PlaybackTarget): MediaFollowerState {
    const { start, end } = playableRange(this.#media)
    const inside = Math.min(Math.max(target.seconds, start), end)
    if (target.speed === 0) return this.#park(now, inside, 'paused')
    const isOver = this.#media.ended === true && target.seconds > end - END_SECONDS
    if (target.seconds < start || target.seconds >= end || isOver) {
      return this.#park(now, isOver ? this.#media.currentTime : inside, 'outside')
    }
    return this.#canPlayAt(target.speed) ? this.#run(now, target) : this.#step(now, target)
  }

  #canPlayAt(speed: number): boolean {
    return speed >= this.#options.minRate && speed <= this.#options.maxRate && speed !== this.#refusedSpeed
  }

  /** Stands still at a position. Seeks there once: how near to it the player comes is up to the player. */
  #park(now: number, seconds: number, state: MediaFollowerState): MediaFollowerState {
    this.#startAfresh()
    this.#controls.pause()
    this.#errorSeconds = this.#media.currentTime - seconds
    const isThere = Math.abs(this.#errorSeconds) <= this.#options.toleranceSeconds
    if (isThere || this.#parkedAt === seconds || this.#media.seeking === true) return state
    this.#parkedAt = seconds
    this.#seek(now, seconds, 0)
    return state
  }

  #step(now: number, target: PlaybackTarget): MediaFollowerState {
    if (now - this.#steppedAt >= this.#options.stepSeconds) {
      this.#steppedAt = now
      return this.#park(now, target.seconds, 'stepping')
    }
    this.#controls.pause()
    this.#errorSeconds = this.#media.currentTime - target.seconds
    return 'stepping'
  }

  #run(now: number, target: PlaybackTarget): MediaFollowerState {
    this.#parkedAt = undefined
    if (this.#media.paused) return this.#begin(now, target)
    this.#controls.unblock()
    if (!this.#setRate(now, target.speed)) return this.#step(now, target)
    if (!this.#controls.settled(now)) return 'seeking'
    if (!canAdvance(this.#media)) {
      this.#startAfresh()
      return 'loading'
    }
    this.#window.add(this.#media.currentTime - target.seconds)
    return this.#correct(now, target)
  }

  #begin(now: number, target: PlaybackTarget): MediaFollowerState {
    this.#startAfresh()
    if (this.#controls.blocked) return 'blocked'
    if (!this.#controls.mayPlay(now)) return 'loading'
    if (!this.#setRate(now, target.speed)) return this.#step(now, target)
    const error = this.#media.currentTime - target.seconds
    if (Math.abs(error) > this.#seekThreshold(target)) this.#seekAhead(now, target)
    this.#controls.play(now)
    return 'seeking'
  }

  #correct(now: number, target: PlaybackTarget): MediaFollowerState {
    const error = this.#window.estimate
    const wasRunning = this.#state === 'locked' || this.#state === 'adjusting'
    if (error === undefined || this.#window.count < READINGS) return wasRunning ? 'adjusting' : 'seeking'
    this.#errorSeconds = error
    if (this.#leadUsed !== undefined) {
      this.#lead.learn(this.#leadUsed, error / target.speed)
      this.#leadUsed = undefined
    }
    const size = Math.abs(error)
    if (size > this.#seekThreshold(target) && this.#seekHoldOff.allows(now)) {
      this.#seekAhead(now, target)
      return 'seeking'
    }
    this.#adjustBend(now, error, target)
    const tolerance = this.#tolerance(target)
    return size <= tolerance * (this.#state === 'locked' ? 1 : LOCK_WITHIN) ? 'locked' : 'adjusting'
  }

  #adjustBend(now: number, error: number, target: PlaybackTarget): void {
    const size = Math.abs(error)
    const tolerance = this.#tolerance(target)
    const isSmall = size <= Math.max(tolerance * CORRECT_PAST, this.#window.spread * CORRECT_PAST_SPREAD)
    if (this.#bend !== 0) {
      if (size <= tolerance * CORRECT_TO || Math.sign(error) === Math.sign(this.#bend)) this.#unbend(now)
      else if (Math.abs(this.#wantedBend(error, target)) > 2 * Math.abs(this.#bend)) this.#bendFor(now, error, target)
      return
    }
    if (isSmall && this.#window.fresh >= READINGS_FOR_SMALL) {
      this.#bendHoldOff.reset()
      this.#seekHoldOff.reset()
    }
    if (isSmall || this.#window.fresh < (size > tolerance ? READINGS : READINGS_FOR_SMALL)) return
    if (!this.#bendHoldOff.allows(now)) return
    this.#bendHoldOff.tried(now)
    this.#bendFor(now, error, target)
  }

  #wantedBend(error: number, target: PlaybackTarget): number {
    return chooseBend(error / target.speed, this.#options)
  }

  #bendFor(now: number, error: number, target: PlaybackTarget): void {
    this.#bend = this.#wantedBend(error, target)
    this.#window.disturb()
    this.#setRate(now, target.speed)
  }

  #unbend(now: number): void {
    if (this.#bend === 0) return
    const speed = (this.#controls.rate ?? 1) / (1 + this.#bend)
    this.#bend = 0
    this.#window.disturb()
    this.#setRate(now, this.#last?.target.speed ?? speed)
  }

  /** @returns false when the player will not have that speed */
  #setRate(now: number, speed: number): boolean {
    const { minRate, maxRate } = this.#options
    const rate = Math.min(Math.max(speed * (1 + this.#bend), minRate), maxRate)
    const outcome = this.#controls.setRate(rate, now)
    if (outcome === 'refused') this.#refusedSpeed = speed
    if (outcome === 'set') {
      this.#rateChanges++
      this.emit('rate', { rate, speed, bend: this.#bend, errorSeconds: this.#errorSeconds })
    }
    return outcome !== 'refused'
  }

  #seekAhead(now: number, target: PlaybackTarget): void {
    this.#startAfresh()
    this.#seekHoldOff.tried(now)
    this.#setRate(now, target.speed)
    const leadSeconds = this.#lead.seconds
    const { end } = playableRange(this.#media)
    const aim = Math.min(target.seconds + leadSeconds * target.speed, end)
    if (this.#seek(now, aim, aim - target.seconds)) this.#leadUsed = leadSeconds
  }

  #seek(now: number, toSeconds: number, leadSeconds: number): boolean {
    const fromSeconds = this.#media.currentTime
    if (!this.#controls.seek(toSeconds, now)) return false
    this.#seeks++
    this.emit('seek', { fromSeconds, toSeconds, leadSeconds, errorSeconds: fromSeconds + leadSeconds - toSeconds })
    return true
  }

  /** What was measured holds no longer. */
  #startAfresh(): void {
    this.#window.clear()
    this.#errorSeconds = undefined
    this.#leadUsed = undefined
    this.#bend = 0
  }

  #tolerance(target: PlaybackTarget): number {
    return this.#options.toleranceSeconds * Math.max(target.speed, 1)
  }

  #seekThreshold(target: PlaybackTarget): number {
    return this.#options.seekThresholdSeconds * Math.max(target.speed, 1)
  }

  /** Until the next look: sooner when a bend is due to end, or the timeline to reach the beginning. */
  #delaySeconds(target: PlaybackTarget | undefined): number {
    this.#polls = (this.#polls + 1) % 1000
    const spread = 0.6 + 0.8 * ((this.#polls ** 2 * GOLDEN_RATIO) % 1)
    const delays = [this.#options.pollSeconds * spread]
    if (target !== undefined && this.#bend !== 0 && this.#errorSeconds !== undefined) {
      delays.push(Math.abs(this.#errorSeconds / (target.speed * this.#bend)))
    }
    if (target !== undefined && this.#state === 'outside' && target.speed > 0) {
      const wait = (playableRange(this.#media).start - target.seconds) / target.speed
      if (wait > 0) delays.push(wait)
    }
    return Math.max(Math.min(...delays), SHORTEST_POLL_SECONDS)
  }

  #enter(state: MediaFollowerState): void {
    const previous = this.#state
    if (state === previous) return
    this.#state = state
    this.emit('status', { ...this.status(), previous })
  }
}
