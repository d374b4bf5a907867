import { TokenBucket } from '../../clocks/index.js'
import type { MediaFollowerOptions } from './media-follower-options.js'
import { PlaybackBendTrial } from './playback-bend-trial.js'
import {
  BEND_FAILURES,
  BEND_INTERVAL_SECONDS,
  BEND_OVERDUE,
  BEND_OVERSHOOT,
  BEND_SECONDS,
  BENDS_AT_ONCE,
  LARGE_BEND_SECONDS,
  LONGEST_BEND_SECONDS,
  LONGEST_RATE_DISTRUST_SECONDS,
  RATE_DISTRUST_SECONDS,
} from './playback-constants.js'
import type { PlaybackControls } from './playback-controls.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import type { FollowedMedia } from './playback-media.js'
import type { PlaybackReports } from './playback-reports.js'

/** The rate of a player: the speed of the timeline, bent a little while an error is corrected. */
export class PlaybackBending {
  readonly #media: FollowedMedia
  readonly #controls: PlaybackControls
  readonly #options: Required<MediaFollowerOptions>
  readonly #reports: PlaybackReports
  readonly #holdOff = new PlaybackHoldOff(1, 60)
  readonly #distrust = new PlaybackHoldOff(RATE_DISTRUST_SECONDS, LONGEST_RATE_DISTRUST_SECONDS)
  readonly #budget = new TokenBucket(BENDS_AT_ONCE, 1 / BEND_INTERVAL_SECONDS)
  #bend = 0
  #trial: PlaybackBendTrial | undefined
  #failures = 0

  constructor(
    media: FollowedMedia,
    controls: PlaybackControls,
    options: Required<MediaFollowerOptions>,
    reports: PlaybackReports,
  ) {
    this.#media = media
    this.#controls = controls
    this.#options = options
    this.#reports = reports
  }

  get bend(): number {
    return this.#bend
  }

  /** False while bends are known to have no effect on this player. */
  isTrusted(now: number): boolean {
    return this.#distrust.allows(now)
  }

  /** Whether the effect of the last bend has not been measured yet. */
  get isOnTrial(): boolean {
    return this.#trial?.isVoid === false
  }

  /** The bend for an error; 0 if a bend would have no effect, take too long, or end too late. */
  bendFor(now: number, errorSeconds: number, speed: number, latenessSeconds: number): number {
    if (!this.isTrusted(now)) return 0
    const overshootSeconds = this.#options.toleranceSeconds * BEND_OVERSHOOT
    const bend = chooseBend(errorSeconds / speed, this.#options, overshootSeconds / latenessSeconds)
    return Math.abs(errorSeconds) > Math.abs(bend) * speed * LONGEST_BEND_SECONDS ? 0 : bend
  }

  /** Seconds until the rate may be bent again. */
  waitSeconds(now: number): number {
    return Math.max(this.#holdOff.waitSeconds(now), this.#budget.waitSeconds(now))
  }

  begin(now: number, errorSeconds: number, uncertainSeconds: number, speed: number, bend: number): void {
    this.#holdOff.tried(now)
    this.#budget.take(now)
    this.#bend = bend
    this.#trial = new PlaybackBendTrial(now, errorSeconds, uncertainSeconds, bend * speed)
    this.setRate(now, speed, errorSeconds)
  }

  /** Returns to the speed of the timeline. */
  end(now: number, speed: number, errorSeconds: number | undefined): void {
    this.#bend = 0
    this.#trial?.end(now)
    this.setRate(now, speed, errorSeconds)
  }

  /** Whether a bend should have taken effect by now, or timers have become too slow to end it in time. */
  isOverdue(now: number, latenessSeconds: number): boolean {
    const { toleranceSeconds } = this.#options
    if (Math.abs(this.#bend) * latenessSeconds > 2 * BEND_OVERSHOOT * toleranceSeconds) return true
    const trial = this.#trial
    return trial !== undefined && trial.ageSeconds(now) > trial.plannedSeconds * BEND_OVERDUE + 1
  }

  /** Absolute error at the start of the current bend. */
  get startSeconds(): number {
    return Math.abs(this.#trial?.fromSeconds ?? 0)
  }

  /** By how much the current bend should have changed the error by now, in seconds. */
  dueSeconds(now: number): number {
    return Math.abs(this.#trial?.dueSeconds(now) ?? 0)
  }

  /**
   * Compares the error after or during a bend with the expected one.
   *
   * @returns false if the bend did not have the expected effect
   */
  judge(now: number, errorSeconds: number, uncertainSeconds: number): boolean {
    const trial = this.#trial
    if (trial === undefined || trial.isVoid) return true
    const verdict = trial.judge(now, errorSeconds, uncertainSeconds, this.#options.toleranceSeconds)
    const hasFailed = verdict !== 'works' && verdict !== 'unclear'
    if (hasFailed || this.#bend === 0) this.#trial = undefined
    if (hasFailed) {
      this.#failures++
      if (this.#failures >= BEND_FAILURES) this.#suspend(now, `rate-${verdict}`)
    } else if (verdict === 'works') {
      this.#failures = 0
      this.#distrust.reset()
      this.#reports.limitGone('rate-refused', 'rate-ignored', 'rate-costly', 'rate-inexact')
    }
    return !hasFailed
  }

  timelineMoved(jumpSeconds: number): void {
    this.#trial?.shift(-jumpSeconds)
  }

  /** The player was disturbed, so the error does not show the effect of the bend. */
  voidTrial(): void {
    if (this.#trial !== undefined) this.#trial.isVoid = true
  }

  /** Forgets the bend, because another rate is about to be set. */
  drop(): void {
    this.#bend = 0
    this.#trial = undefined
  }

  /** The error is small, so the last correction has worked. */
  succeeded(): void {
    this.#holdOff.reset()
  }

  loadedAnew(): void {
    this.#failures = 0
    this.#distrust.reset()
    this.#reports.limitGone('rate-refused', 'rate-ignored', 'rate-costly', 'rate-inexact')
  }

  /** @returns false if the player cannot play at that speed */
  setRate(now: number, speed: number, errorSeconds: number | undefined): boolean {
    const { minRate, maxRate } = this.#options
    const rate = Math.min(Math.max(speed * (1 + this.#bend), minRate), maxRate)
    const before = this.#controls.rate
    const outcome = this.#controls.setRate(rate, now)
    // Another party changed the rate and it was set again: what the player gained meanwhile is not an effect of the bend.
    if (outcome === 'set' && before === rate) this.voidTrial()
    if (outcome === 'set') this.#reports.rate({ rate, speed, bend: this.#bend, errorSeconds })
    if (outcome !== 'refused') return true
    if (this.#bend !== 0) {
      this.#bend = 0
      this.#trial = undefined
      this.#suspend(now, 'rate-refused')
      return true
    }
    // If the rate cannot be set, it may already be correct.
    return this.#media.playbackRate === speed
  }

  #suspend(now: number, limit: 'rate-refused' | 'rate-ignored' | 'rate-costly' | 'rate-inexact'): void {
    // After the pause, a single bend decides.
    this.#failures = BEND_FAILURES - 1
    this.#distrust.tried(now)
    this.#reports.limit(limit)
  }
}

interface BendLimits {
  /** The largest bend, as a fraction of the speed. */
  readonly maxRateChange: number
  /** Bends are whole multiples of this. */
  readonly rateStep: number
  readonly toleranceSeconds: number
}

/**
 * The fraction by which to run faster (positive) or slower to remove an error: at least one step of the player's rate, because
 * it ignores less, and at most the limits.
 *
 * @param errorSeconds position minus target, not 0
 * @param mostBend the limit for timers that are late
 * @returns 0 if even one step is too much
 */
function chooseBend(errorSeconds: number, limits: BendLimits, mostBend: number): number {
  const { maxRateChange, rateStep, toleranceSeconds } = limits
  const bendSeconds = Math.abs(errorSeconds) > toleranceSeconds ? LARGE_BEND_SECONDS : BEND_SECONDS
  const mostSteps = Math.floor(Math.min(maxRateChange, mostBend) / rateStep + 1e-9)
  const wantedSteps = Math.max(Math.round(Math.abs(errorSeconds) / bendSeconds / rateStep), 1)
  return -Math.sign(errorSeconds) * Math.min(wantedSteps, mostSteps) * rateStep
}
