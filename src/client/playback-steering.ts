import type { MediaFollowerEvents, MediaFollowerState } from './media-follower-events.js'
import type { MediaFollowerOptions } from './media-follower-options.js'
import { chooseBend } from './playback-bend.js'
import type { PlaybackControls } from './playback-controls.js'
import { PlaybackErrorWindow } from './playback-error-window.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import { canAdvance, type FollowedMedia, placeIn, playableRange, positionOf } from './playback-media.js'
import { PlaybackSeekLead } from './playback-seek-lead.js'
import type { PlaybackTarget } from './playback-target.js'

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

/** What it does to the player, as it does it. */
export interface SteeringTells {
  seek(event: MediaFollowerEvents['seek']): void
  rate(event: MediaFollowerEvents['rate']): void
}

/** Decides, look by look, what the player is to do: seek, play, pause, or run a little faster or slower. */
export class PlaybackSteering {
  readonly #media: FollowedMedia
  readonly #controls: PlaybackControls
  readonly #options: Required<MediaFollowerOptions>
  readonly #tell: SteeringTells
  readonly #window = new PlaybackErrorWindow()
  readonly #lead = new PlaybackSeekLead()
  readonly #seekHoldOff = new PlaybackHoldOff(0.5, 30)
  readonly #bendHoldOff = new PlaybackHoldOff(1, 60)
  #state: MediaFollowerState = 'stopped'
  #errorSeconds: number | undefined
  #bend = 0
  /** By how much the seek that is not measured yet aimed ahead. */
  #leadUsed: number | undefined
  #parkedAt: number | undefined
  #steppedAt = Number.NEGATIVE_INFINITY
  #refusedSpeed: number | undefined
  #last: { readonly at: number; readonly target: PlaybackTarget } | undefined

  constructor(
    media: FollowedMedia,
    controls: PlaybackControls,
    options: Required<MediaFollowerOptions>,
    tell: SteeringTells,
  ) {
    this.#media = media
    this.#controls = controls
    this.#options = options
    this.#tell = tell
  }

  get errorSeconds(): number | undefined {
    return this.#errorSeconds
  }

  get bend(): number {
    return this.#bend
  }

  get seekLeadSeconds(): number {
    return this.#lead.seconds
  }

  /** For a new start. What was learnt of the player stays, and what it must not be asked too often. */
  reset(): void {
    this.forget()
    this.#state = 'stopped'
    this.#parkedAt = undefined
    this.#steppedAt = Number.NEGATIVE_INFINITY
    this.#refusedSpeed = undefined
  }

  /** To be called at every look. @param now in seconds, of a clock that never jumps */
  follow(now: number, target: PlaybackTarget | undefined): MediaFollowerState {
    this.#carryReadings(now, target)
    this.#state = target === undefined ? this.#followNothing(now) : this.#followTarget(now, target)
    return this.#state
  }

  /** Leaves the player at the timeline's own speed, while it cannot be steered. The readings keep their worth. */
  ease(now: number): void {
    this.#errorSeconds = undefined
    this.#unbend(now)
  }

  /** What was measured is worth nothing any more. */
  forget(): void {
    this.#startAfresh()
    this.#last = undefined
  }

  /** How soon the next look is due, in seconds: when a bend is to end, or the timeline reaches the beginning. */
  dueInSeconds(target: PlaybackTarget | undefined): number {
    if (target === undefined) return Number.POSITIVE_INFINITY
    if (this.#state === 'outside' && target.speed > 0) {
      const wait = (playableRange(this.#media).start - target.seconds) / target.speed
      if (wait > 0) return wait
    }
    if (this.#bend === 0 || this.#errorSeconds === undefined) return Number.POSITIVE_INFINITY
    return Math.abs(this.#errorSeconds / (target.speed * this.#bend))
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

  #followTarget(now: number, target: PlaybackTarget): MediaFollowerState {
    const { seconds, isInside, isOver } = placeIn(this.#media, target.seconds)
    if (target.speed === 0) return this.#park(now, seconds, 'paused')
    if (isOver) return this.#park(now, this.#media.currentTime, 'outside')
    if (!isInside) return this.#park(now, seconds, 'outside')
    return this.#canPlayAt(target.speed) ? this.#run(now, target) : this.#step(now, target)
  }

  #canPlayAt(speed: number): boolean {
    return speed >= this.#options.minRate && speed <= this.#options.maxRate && speed !== this.#refusedSpeed
  }

  /** Stands still at a position. Seeks there once: how near to it the player comes is up to the player. */
  #park(now: number, seconds: number, state: MediaFollowerState): MediaFollowerState {
    this.#startAfresh()
    this.#controls.pause()
    this.#errorSeconds = this.#errorAt(seconds)
    if (this.#errorSeconds === undefined) return 'loading'
    const isThere = Math.abs(this.#errorSeconds) <= this.#options.toleranceSeconds
    if (isThere || this.#parkedAt === seconds || this.#media.seeking === true) return state
    this.#seek(now, seconds, 0)
    this.#parkedAt = seconds
    return state
  }

  #step(now: number, target: PlaybackTarget): MediaFollowerState {
    if (now - this.#steppedAt >= this.#options.stepSeconds) {
      this.#steppedAt = now
      return this.#park(now, target.seconds, 'stepping')
    }
    this.#controls.pause()
    this.#errorSeconds = this.#errorAt(target.seconds)
    return this.#errorSeconds === undefined ? 'loading' : 'stepping'
  }

  #run(now: number, target: PlaybackTarget): MediaFollowerState {
    this.#parkedAt = undefined
    if (this.#media.paused || this.#controls.isUnsupported()) return this.#begin(now, target)
    this.#controls.unblock()
    if (!this.#setRate(now, target.speed)) return this.#step(now, target)
    const error = this.#errorAt(target.seconds)
    if (error !== undefined && !this.#controls.settled(now)) return 'seeking'
    if (error === undefined || !canAdvance(this.#media)) {
      this.#startAfresh()
      return 'loading'
    }
    this.#window.add(error)
    return this.#correct(now, target)
  }

  #begin(now: number, target: PlaybackTarget): MediaFollowerState {
    this.#startAfresh()
    if (this.#controls.blocked) return 'blocked'
    const unsupported = this.#controls.isUnsupported()
    if (!this.#controls.mayPlay(now)) return unsupported ? 'unsupported' : 'loading'
    if (!this.#setRate(now, target.speed)) return this.#step(now, target)
    const error = this.#errorAt(target.seconds)
    if (error !== undefined && Math.abs(error) > this.#scaled(this.#options.seekThresholdSeconds, target))
      this.#seekAhead(now, target)
    // Even where the position is not known: some players load nothing before they are told to play.
    this.#controls.play(now)
    if (unsupported) return 'unsupported'
    return error === undefined ? 'loading' : 'seeking'
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
    if (size > this.#scaled(this.#options.seekThresholdSeconds, target) && this.#seekHoldOff.allows(now)) {
      this.#seekAhead(now, target)
      return 'seeking'
    }
    this.#adjustBend(now, error, target)
    const tolerance = this.#scaled(this.#options.toleranceSeconds, target)
    return size <= tolerance * (this.#state === 'locked' ? 1 : LOCK_WITHIN) ? 'locked' : 'adjusting'
  }

  #adjustBend(now: number, error: number, target: PlaybackTarget): void {
    const size = Math.abs(error)
    const tolerance = this.#scaled(this.#options.toleranceSeconds, target)
    const isSmall = size <= Math.max(tolerance * CORRECT_PAST, this.#window.spread * CORRECT_PAST_SPREAD)
    if (this.#bend !== 0) {
      if (size <= tolerance * CORRECT_TO || Math.sign(error) === Math.sign(this.#bend)) this.#unbend(now)
      else if (Math.abs(chooseBend(error / target.speed, this.#options)) > 2 * Math.abs(this.#bend))
        this.#bendFor(now, error, target)
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

  #bendFor(now: number, error: number, target: PlaybackTarget): void {
    this.#bend = chooseBend(error / target.speed, this.#options)
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
      this.#tell.rate({ rate, speed, bend: this.#bend, errorSeconds: this.#errorSeconds })
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
    this.#tell.seek({ fromSeconds, toSeconds, leadSeconds, errorSeconds: fromSeconds + leadSeconds - toSeconds })
    return true
  }

  /** Undefined while the player does not know where it is. */
  #errorAt(seconds: number): number | undefined {
    const position = positionOf(this.#media)
    return position === undefined ? undefined : position - seconds
  }

  /** What was measured holds no longer. */
  #startAfresh(): void {
    this.#window.clear()
    this.#errorSeconds = undefined
    this.#leadUsed = undefined
    this.#bend = 0
  }

  /** The same time of the wall is more of the media at a higher speed. */
  #scaled(seconds: number, target: PlaybackTarget): number {
    return seconds * Math.max(target.speed, 1)
  }
}
