import type { MediaFollowerState } from './media-follower-events.js'
import type { MediaFollowerOptions } from './media-follower-options.js'
import {
  LIVE_EDGE_SECONDS,
  LONGEST_SPEED_DISTRUST_SECONDS,
  PARK_WITHIN_SECONDS,
  SPEED_DISTRUST_SECONDS,
} from './playback-constants.js'
import type { PlaybackControls } from './playback-controls.js'
import { PlaybackCorrection } from './playback-correction.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import {
  canAdvance,
  type FollowedMedia,
  type MediaPlace,
  type MediaReach,
  placeIn,
  positionOf,
} from './playback-media.js'
import type { PlaybackReports } from './playback-reports.js'
import { PlaybackSpeedCheck } from './playback-speed-check.js'
import { differenceInLoop, type PlaybackTarget } from './playback-target.js'
import type { PlaybackTimers } from './playback-timers.js'

/** Decides at each poll what the player must do: pause, start, step along the timeline, or run and be corrected. */
export class PlaybackSteering {
  readonly #media: FollowedMedia
  readonly #controls: PlaybackControls
  readonly #options: Required<MediaFollowerOptions>
  readonly #reports: PlaybackReports
  readonly #correction: PlaybackCorrection
  readonly #speedCheck = new PlaybackSpeedCheck()
  #state: MediaFollowerState = 'stopped'
  #reach: MediaReach | undefined
  #parkedAt: number | undefined
  #steppedAt = Number.NEGATIVE_INFINITY
  #refusedSpeed: number | undefined
  readonly #speedDistrust = new PlaybackHoldOff(SPEED_DISTRUST_SECONDS, LONGEST_SPEED_DISTRUST_SECONDS)
  #positionRead: number | undefined
  #last: { readonly at: number; readonly target: PlaybackTarget } | undefined

  constructor(
    media: FollowedMedia,
    controls: PlaybackControls,
    options: Required<MediaFollowerOptions>,
    reports: PlaybackReports,
    timers: PlaybackTimers,
  ) {
    this.#media = media
    this.#controls = controls
    this.#options = options
    this.#reports = reports
    this.#correction = new PlaybackCorrection(media, controls, options, reports, timers)
  }

  get errorSeconds(): number | undefined {
    return this.#correction.errorSeconds
  }

  get bend(): number {
    return this.#correction.bending.bend
  }

  get seekLeadSeconds(): number {
    return this.#correction.seeking.leadSeconds
  }

  /** As of the last poll. */
  get reach(): MediaReach | undefined {
    return this.#reach
  }

  /** Prepares for a new start. Keeps what is known about the player, and the limits on how often it is used. */
  reset(): void {
    this.forget()
    this.#state = 'stopped'
    this.#parkedAt = undefined
    this.#steppedAt = Number.NEGATIVE_INFINITY
    this.#refusedSpeed = undefined
  }

  /** Other media was loaded, so what is known about the player may no longer be true. */
  loadedAnew(): void {
    this.#correction.bending.loadedAnew()
    this.#correction.seeking.loadedAnew()
    this.#refusedSpeed = undefined
    this.#parkedAt = undefined
  }

  /** Must be called at every poll. @param now seconds of a monotonic clock */
  follow(now: number, target: PlaybackTarget | undefined): MediaFollowerState {
    this.#carryReadings(now, target)
    this.#state = target === undefined ? this.#followNothing(now) : this.#followTarget(now, target)
    return this.#state
  }

  /** Leaves the player at the timeline's speed while it cannot be steered. The readings remain valid. */
  ease(now: number): void {
    this.#correction.hold.cancel()
    this.#correction.errorSeconds = undefined
    this.#unbend(now)
  }

  /** Discards all measurements. */
  forget(): void {
    this.#correction.startAfresh()
    this.#last = undefined
  }

  /** Seconds until the next poll is due: the end of a bend or hold, or the moment when the timeline can be reached. */
  dueInSeconds(now: number, target: PlaybackTarget | undefined): number {
    if (target === undefined) return Number.POSITIVE_INFINITY
    if (this.#state === 'outside' && target.speed > 0) {
      const wait = (placeIn(this.#media, target.seconds).seconds - target.seconds) / target.speed
      if (wait > 0) return wait
    }
    return this.#correction.dueInSeconds(now, target.speed)
  }

  /** Adjusts earlier readings by a jump of the target and by what the bend has gained. */
  #carryReadings(now: number, target: PlaybackTarget | undefined): void {
    const last = this.#last
    this.#last = target === undefined ? undefined : { at: now, target }
    if (last === undefined || target === undefined) return
    const seconds = now - last.at
    const jump = differenceInLoop(
      target.seconds - (last.target.seconds + last.target.speed * seconds),
      target.loopSeconds,
    )
    this.#correction.carry(((this.#controls.rate ?? last.target.speed) - last.target.speed) * seconds, jump)
    if (target.speed !== last.target.speed) this.#correction.hold.cancel()
    if (Math.abs(jump) <= this.#options.toleranceSeconds) return
    this.#correction.jumped()
    this.#parkedAt = undefined
  }

  #followNothing(now: number): MediaFollowerState {
    this.#reach = undefined
    this.#unbend(now)
    this.#correction.startAfresh()
    if (this.#options.onUnavailable === 'pause') this.#controls.pause()
    return 'unavailable'
  }

  #followTarget(now: number, target: PlaybackTarget): MediaFollowerState {
    const place = placeIn(this.#media, target.seconds)
    this.#reach = place.reach
    if (target.speed === 0) return this.#park(now, place.seconds, target, 'paused')
    if (place.isOver && target.loopSeconds === undefined) {
      return this.#park(now, this.#media.currentTime, target, 'outside')
    }
    if (!this.#isReachable(target, place)) return this.#wait(now, target, place)
    return this.#canPlayAt(now, target.speed) ? this.#run(now, target, place) : this.#step(now, target, place)
  }

  #isReachable(target: PlaybackTarget, place: MediaPlace): boolean {
    if (place.isPastDuration) return false
    // A player that plays there is more reliable than the ranges it reports, which are updated only occasionally.
    const error =
      this.#state === 'locked' || this.#state === 'adjusting' ? this.#errorAt(target.seconds, target) : undefined
    const isThere = error !== undefined && Math.abs(error) <= this.#options.seekThresholdSeconds
    if (isThere && !this.#media.paused) return true
    if (place.reach !== 'inside') return false
    // At the very end of a live window nothing can be played yet.
    return target.speed < 0 || target.seconds < place.endSeconds - LIVE_EDGE_SECONDS || this.#endsFor(place)
  }

  /** Whether the range ends where the media does, and not at the moving end of a live window. */
  #endsFor(place: MediaPlace): boolean {
    return place.endSeconds === this.#media.duration
  }

  #canPlayAt(now: number, speed: number): boolean {
    if (speed < this.#options.minRate || speed > this.#options.maxRate) return false
    return speed !== this.#refusedSpeed || this.#speedDistrust.allows(now)
  }

  #refuseSpeed(now: number, speed: number): void {
    if (speed !== this.#refusedSpeed) this.#speedDistrust.reset()
    this.#refusedSpeed = speed
    this.#speedDistrust.tried(now)
  }

  /** Waits at the position that the timeline will reach, or as near as possible. Seeks there once, and does not chase a moving end. */
  #wait(now: number, target: PlaybackTarget, place: MediaPlace): MediaFollowerState {
    const isNew = this.#state !== 'outside'
    if (isNew) this.#parkedAt = undefined
    return this.#park(now, this.#parkedAt ?? place.seconds, target, 'outside')
  }

  /** Pauses at a position. Seeks there once; how close it lands depends on the player. */
  #park(now: number, seconds: number, target: PlaybackTarget, state: MediaFollowerState): MediaFollowerState {
    this.#correction.startAfresh()
    this.#speedCheck.interrupt()
    this.#controls.pause()
    const off = this.#errorAt(seconds, target)
    this.#correction.errorSeconds = state === 'outside' ? this.#errorAt(target.seconds, target) : off
    if (off === undefined) return 'loading'
    const isExact = state !== 'outside' && this.#correction.seeking.isExact
    const isThere = Math.abs(off) <= (isExact ? PARK_WITHIN_SECONDS : this.#options.toleranceSeconds)
    if (isThere || this.#parkedAt === seconds || this.#media.seeking === true) return state
    const { seeking } = this.#correction
    const hasSought =
      state === 'stepping'
        ? seeking.seekUncounted(now, seconds, 0, off)
        : seeking.park(now, seconds, off, Math.abs(off) <= this.#options.toleranceSeconds)
    if (hasSought) this.#parkedAt = seconds
    return state
  }

  #step(now: number, target: PlaybackTarget, place: MediaPlace): MediaFollowerState {
    // A player whose seeks take longer would never show anything.
    const stepSeconds = Math.max(this.#options.stepSeconds, 1.5 * this.seekLeadSeconds)
    if (now - this.#steppedAt >= stepSeconds) {
      this.#steppedAt = now
      this.#parkedAt = undefined
      return this.#park(now, place.seconds, target, 'stepping')
    }
    this.#controls.pause()
    this.#correction.startAfresh()
    this.#correction.errorSeconds = this.#errorAt(target.seconds, target)
    return this.errorSeconds === undefined ? 'loading' : 'stepping'
  }

  #run(now: number, target: PlaybackTarget, place: MediaPlace): MediaFollowerState {
    this.#parkedAt = undefined
    const { hold } = this.#correction
    if (hold.isActive && this.#media.paused) return this.#endHold(now)
    if (this.#media.paused || this.#controls.isUnsupported()) return this.#begin(now, target, place)
    hold.cancelActive()
    this.#controls.unblock()
    if (!this.#correction.bending.setRate(now, target.speed, this.errorSeconds)) {
      this.#refuseSpeed(now, target.speed)
      return this.#step(now, target, place)
    }
    const error = this.#errorAt(target.seconds, target)
    if (error !== undefined && !this.#controls.settled(now)) {
      this.#speedCheck.interrupt()
      return this.#state === 'adjusting' ? 'adjusting' : 'seeking'
    }
    if (error === undefined || !canAdvance(this.#media)) {
      this.#correction.startAfresh()
      this.#speedCheck.interrupt()
      return 'loading'
    }
    const rate = this.#controls.rate ?? target.speed
    if (!this.#speedCheck.isPlayed(now, this.#media.currentTime, target.speed, rate)) {
      this.#reports.limit('rate-ignored')
      this.#refuseSpeed(now, target.speed)
      return this.#step(now, target, place)
    }
    const repeats = this.#media.currentTime === this.#positionRead
    this.#positionRead = this.#media.currentTime
    return this.#correction.correct(now, target, place, error, repeats, this.#state)
  }

  #endHold(now: number): MediaFollowerState {
    const { hold } = this.#correction
    if (hold.dueInSeconds(now) > 0) return 'adjusting'
    hold.end()
    this.#controls.play(now)
    return 'adjusting'
  }

  #begin(now: number, target: PlaybackTarget, place: MediaPlace): MediaFollowerState {
    this.#correction.startAfresh()
    this.#speedCheck.interrupt()
    if (this.#controls.blocked) return 'blocked'
    const unsupported = this.#controls.isUnsupported()
    if (!this.#controls.mayPlay(now)) return unsupported ? 'unsupported' : 'loading'
    if (!this.#correction.bending.setRate(now, target.speed, undefined)) {
      this.#refuseSpeed(now, target.speed)
      return this.#step(now, target, place)
    }
    const error = this.#errorAt(target.seconds, target)
    const isFar =
      error !== undefined && Math.abs(error) > this.#correction.scaled(this.#options.seekThresholdSeconds, target)
    if (isFar || (error !== undefined && this.#losesAtStart(now)))
      this.#correction.seekAhead(now, target, place, error ?? 0)
    // Even if the position is unknown: some players load nothing before play().
    this.#controls.play(now)
    if (unsupported) return 'unsupported'
    return error === undefined ? 'loading' : 'seeking'
  }

  /**
   * Starts take about as long as seeks. If seeks are exact, it is best to aim ahead and start at once. After a pause, the first seek shows
   * whether they are, and how long they take: without it, each start would be late.
   */
  #losesAtStart(now: number): boolean {
    const { seeking } = this.#correction
    if (seeking.isUntimed) return this.#state === 'paused' && seeking.mayStart(now)
    return seeking.isExact && seeking.leadSeconds > this.#options.toleranceSeconds && seeking.mayStart(now)
  }

  #unbend(now: number): void {
    const speed = (this.#controls.rate ?? 1) / (1 + this.bend)
    this.#correction.unbend(now, this.#last?.target.speed ?? speed)
  }

  /** Undefined while the position of the player is unknown. */
  #errorAt(seconds: number, { loopSeconds }: PlaybackTarget): number | undefined {
    const position = positionOf(this.#media)
    return position === undefined ? undefined : differenceInLoop(position - seconds, loopSeconds)
  }
}
