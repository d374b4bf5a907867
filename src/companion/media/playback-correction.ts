import { TokenBucket } from '../../clocks/index.js'
import type { MediaFollowerState } from './media-follower-events.js'
import type { MediaFollowerOptions } from './media-follower-options.js'
import { PlaybackBending } from './playback-bending.js'
import {
  CORRECT_ABOVE,
  CORRECT_DOWN_TO,
  JUDGE_BEND_PAST,
  LOCK_WITHIN,
  LONGEST_WAIT_SECONDS,
  PITCH_FREE_WITHIN,
  READINGS,
  READINGS_FOR_SMALL,
  SEEK_INTERVAL_SECONDS,
  SEEKS_AT_ONCE,
  SLOW_TIMER_SECONDS,
  WINDOW_READINGS,
  WINDOW_READINGS_COARSE,
} from './playback-constants.js'
import type { PlaybackControls } from './playback-controls.js'
import { PlaybackErrorWindow } from './playback-error-window.js'
import { PlaybackHold } from './playback-hold.js'
import type { FollowedMedia, MediaPlace } from './playback-media.js'
import type { PlaybackReports } from './playback-reports.js'
import { PlaybackSeeking } from './playback-seeking.js'
import type { PlaybackTarget } from './playback-target.js'
import type { PlaybackTimers } from './playback-timers.js'

/** Measures the error of a running player and chooses the correction: a bend, a seek or a hold. */
export class PlaybackCorrection {
  readonly bending: PlaybackBending
  readonly seeking: PlaybackSeeking
  readonly hold: PlaybackHold
  readonly #options: Required<MediaFollowerOptions>
  readonly #reports: PlaybackReports
  readonly #timers: PlaybackTimers
  readonly #window = new PlaybackErrorWindow()
  #errorSeconds: number | undefined

  constructor(
    media: FollowedMedia,
    controls: PlaybackControls,
    options: Required<MediaFollowerOptions>,
    reports: PlaybackReports,
    timers: PlaybackTimers,
  ) {
    const budget = new TokenBucket(SEEKS_AT_ONCE, 1 / SEEK_INTERVAL_SECONDS)
    this.bending = new PlaybackBending(media, controls, options, reports)
    this.seeking = new PlaybackSeeking(media, controls, reports, budget)
    this.hold = new PlaybackHold(controls, reports, budget)
    this.#options = options
    this.#reports = reports
    this.#timers = timers
  }

  /** Undefined while unknown. */
  get errorSeconds(): number | undefined {
    return this.#errorSeconds
  }

  set errorSeconds(value: number | undefined) {
    this.#errorSeconds = value
  }

  /** Adjusts earlier readings by what the player should have gained and by a jump of the timeline. */
  carry(gainSeconds: number, jumpSeconds: number): void {
    this.#window.shift(gainSeconds - jumpSeconds)
    this.bending.timelineMoved(jumpSeconds)
  }

  /** The timeline jumped. */
  jumped(): void {
    this.seeking.jumped()
    this.hold.cancel()
  }

  /** Discards all readings. */
  startAfresh(): void {
    this.#window.clear()
    this.#errorSeconds = undefined
    this.bending.drop()
    this.seeking.abandonPending()
    this.hold.cancel()
  }

  /** Ends a bend. The readings remain valid. */
  unbend(now: number, speed: number): void {
    if (this.bending.bend === 0) return
    this.#window.disturb()
    this.bending.end(now, speed, this.#errorSeconds)
  }

  /** The tolerance in media time: at a higher speed, the same time of the wall clock is more of the media. */
  scaled(seconds: number, target: PlaybackTarget): number {
    return seconds * Math.max(target.speed, 1)
  }

  seekAhead(now: number, target: PlaybackTarget, place: MediaPlace, errorSeconds: number): void {
    const spread = this.#spreadWorthWaiting(now)
    this.startAfresh()
    this.bending.setRate(now, target.speed, undefined)
    this.seeking.seekAhead(now, target, place, errorSeconds, spread)
  }

  /** Seconds until the next action is due. */
  dueInSeconds(now: number, speed: number): number {
    const { bend } = this.bending
    if (this.hold.isActive) return this.hold.dueInSeconds(now)
    if (bend === 0 || this.#errorSeconds === undefined) return Number.POSITIVE_INFINITY
    return Math.abs(this.#errorSeconds / (speed * bend))
  }

  /** Must be called with every reading of the position while the player runs. */
  correct(
    now: number,
    target: PlaybackTarget,
    place: MediaPlace,
    reading: number,
    repeats: boolean,
    previous: MediaFollowerState,
  ): MediaFollowerState {
    this.#window.isJittery = Math.abs(target.speed - 1) > PITCH_FREE_WITHIN
    this.#window.add(reading, repeats)
    const error = this.#window.estimate
    const wasRunning = previous === 'locked' || previous === 'adjusting' || previous === 'limited'
    if (error === undefined || this.#window.count < this.#readings(READINGS)) {
      return previous === 'limited' ? previous : wasRunning ? 'adjusting' : 'seeking'
    }
    this.#errorSeconds = error
    this.#noteCoarseness()
    if (!this.#isKnown(target, Math.abs(error))) return wasRunning ? previous : 'adjusting'
    this.seeking.measured(error, this.#window.spread, target.speed)
    this.hold.measured(error, target.speed)
    this.#judgeBend(now, target)
    if (this.#window.count === 0) return 'adjusting'
    const size = Math.abs(error)
    const tolerance = this.scaled(this.#options.toleranceSeconds, target)
    const isLocked = size <= tolerance * (previous === 'locked' ? 1 : LOCK_WITHIN)
    if (size > this.scaled(this.#options.seekThresholdSeconds, target)) {
      const state = this.#jump(now, target, place, error)
      if (state !== undefined) return state
    }
    const isUnderWay = this.#bend(now, error, target, tolerance)
    if (isUnderWay || isLocked) return isLocked ? 'locked' : 'adjusting'
    return this.#jump(now, target, place, error) ?? this.#without(now, target, place, error)
  }

  /** Seeks or holds, if that helps. */
  #jump(now: number, target: PlaybackTarget, place: MediaPlace, error: number): MediaFollowerState | undefined {
    const isWorth = this.seeking.isWorth(error, target, place, this.#spreadWorthWaiting(now))
    if (isWorth && this.seeking.waitSeconds(now) === 0) {
      this.#judgeBeforeSeek(now)
      this.seekAhead(now, target, place, error)
      return 'seeking'
    }
    if (isWorth || !this.hold.isFor(now, error, target.speed, this.#timers.fearedSeconds)) return undefined
    // A hold is audible and a bend is not, so holds are for errors that a bend would take long to remove.
    const bend = this.bending.bendFor(now, error, target.speed, this.#timers.fearedSeconds)
    if (bend !== 0 && Math.abs(error) <= this.scaled(this.#options.seekThresholdSeconds, target)) return undefined
    const { speed } = target
    this.startAfresh()
    this.bending.setRate(now, speed, error)
    this.hold.begin(now, error, speed)
    return 'adjusting'
  }

  /** Whether a correction will be possible soon, if none is now. */
  #without(now: number, target: PlaybackTarget, place: MediaPlace, error: number): MediaFollowerState {
    if (this.bending.bendFor(now, error, target.speed, this.#timers.fearedSeconds) !== 0) {
      if (this.bending.waitSeconds(now) <= LONGEST_WAIT_SECONDS) return 'adjusting'
    }
    const isWorth = this.seeking.isWorth(error, target, place, this.#spreadWorthWaiting(now))
    if (isWorth && this.seeking.waitSeconds(now) <= LONGEST_WAIT_SECONDS) return 'adjusting'
    return Math.abs(error) <= this.scaled(this.#options.toleranceSeconds, target) ? 'locked' : 'limited'
  }

  /** @returns whether the rate is bent, or will be after more readings */
  #bend(now: number, error: number, target: PlaybackTarget, tolerance: number): boolean {
    const { bending } = this
    const size = Math.abs(error)
    const lateness = this.#timers.fearedSeconds
    const isSmall =
      size <= Math.max(tolerance * CORRECT_ABOVE, Math.min(2 * this.#window.uncertainty, tolerance * LOCK_WITHIN))
    const wanted = bending.bendFor(now, error, target.speed, lateness)
    if (bending.bend !== 0) {
      if (
        size <= tolerance * CORRECT_DOWN_TO ||
        Math.sign(error) === Math.sign(bending.bend) ||
        bending.isOverdue(now, lateness)
      ) {
        this.unbend(now, target.speed)
      } else if (Math.abs(wanted) > 2 * Math.abs(bending.bend)) {
        this.#window.disturb()
        bending.begin(now, error, this.#window.uncertainty, target.speed, wanted)
      }
      return true
    }
    if (isSmall && this.#window.fresh >= this.#readings(READINGS_FOR_SMALL)) {
      bending.succeeded()
      this.seeking.succeeded()
    }
    if (isSmall) return size > tolerance
    if (this.#window.fresh < this.#readings(size > tolerance ? READINGS : READINGS_FOR_SMALL)) return true
    if (wanted === 0 || bending.waitSeconds(now) > 0) return false
    this.#window.disturb()
    bending.begin(now, error, this.#window.uncertainty, target.speed, wanted)
    return true
  }

  /** Judges a bend after enough readings, or during it if it should have had an effect by now. */
  #judgeBend(now: number, target: PlaybackTarget): void {
    const { bending } = this
    if (!bending.isOnTrial) return
    const isOver = bending.bend === 0
    const { isCoarse } = this.#window
    const wanted = isCoarse ? WINDOW_READINGS : isOver ? READINGS_FOR_SMALL : READINGS
    const latest = this.#window.latest(wanted)
    if (latest === undefined || this.#window.fresh < this.#readings(wanted)) return
    // Even with a coarse position, the error should have decreased.
    const isWorse = Math.abs(latest.errorSeconds) > bending.startSeconds + this.#options.seekThresholdSeconds
    if (!isOver && !isWorse && (isCoarse || bending.dueSeconds(now) < JUDGE_BEND_PAST * this.#options.toleranceSeconds))
      return
    if (bending.judge(now, latest.errorSeconds, latest.uncertainSeconds)) return
    this.unbend(now, target.speed)
    bending.voidTrial()
    // The readings were adjusted by what the bend should have gained.
    this.#window.clear()
  }

  /** Judges a bend before a seek hides its effect: the error became large during the bend or at its end. */
  #judgeBeforeSeek(now: number): void {
    const latest = this.#window.latest(READINGS)
    if (latest !== undefined) this.bending.judge(now, latest.errorSeconds, latest.uncertainSeconds)
  }

  /** Readings needed: more for a small error and a coarse position. */
  #isKnown(target: PlaybackTarget, size: number): boolean {
    const { seekThresholdSeconds, toleranceSeconds } = this.#options
    if (this.#window.uncertainty <= toleranceSeconds * CORRECT_ABOVE) return true
    if (this.#window.count >= WINDOW_READINGS_COARSE) return true
    return size > this.scaled(seekThresholdSeconds, target) * 2
  }

  #noteCoarseness(): void {
    if (this.#window.fresh < WINDOW_READINGS) return
    if (this.#window.isCoarse) this.#reports.limit('position-coarse')
    else this.#reports.limitGone('position-coarse')
  }

  /** The spread of seek durations above which it is better to aim too far ahead and wait. */
  #spreadWorthWaiting(now: number): number {
    if (!this.hold.isPossible(this.#timers.fearedSeconds)) return Number.POSITIVE_INFINITY
    const { seekThresholdSeconds, toleranceSeconds } = this.#options
    return this.bending.isTrusted(now) ? seekThresholdSeconds / 2 : toleranceSeconds / 2
  }

  /** Fewer readings must suffice if polls are rare. */
  #readings(wanted: number): number {
    const lateness = this.#timers.latenessSeconds
    return lateness < SLOW_TIMER_SECONDS ? wanted : lateness < 5 ? Math.ceil(wanted / 2) : 1
  }
}
