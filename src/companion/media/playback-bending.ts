import type { MediaFollowerOptions } from './media-follower-options.js'
import { PlaybackBendTrial } from './playback-bend-trial.js'
import { PlaybackBudget } from './playback-budget.js'
import {
  BEND_FAILURES,
  BEND_INTERVAL_SECONDS,
  BEND_OVERDUE,
  BEND_OVERSHOOT,
  BEND_SECONDS,
  BENDS_AT_ONCE,
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
  readonly #budget = new PlaybackBudget(BENDS_AT_ONCE, BEND_INTERVAL_SECONDS)
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

  /** False while bends have turned out not to do what they should. */
  isTrusted(now: number): boolean {
    return this.#distrust.allows(now)
  }

  /** Whether the rate was bent lately, and the outcome is not known yet. */
  get isOnTrial(): boolean {
    return this.#trial?.isVoid === false
  }

  /** The bend for an error, or 0 when the rate must not be bent for it: in vain, for too long, or ended too late. */
  bendFor(now: number, errorSeconds: number, speed: number, latenessSeconds: number): number {
    if (!this.isTrusted(now)) return 0
    const overshootSeconds = this.#options.toleranceSeconds * BEND_OVERSHOOT
    const bend = chooseBend(errorSeconds / speed, this.#options, overshootSeconds / latenessSeconds)
    return Math.abs(errorSeconds) > Math.abs(bend) * speed * LONGEST_BEND_SECONDS ? 0 : bend
  }

  /** How long until the rate may be bent again, in seconds. */
  waitSeconds(now: number): number {
    return Math.max(this.#holdOff.waitSeconds(now), this.#budget.waitSeconds(now))
  }

  begin(now: number, errorSeconds: number, uncertainSeconds: number, speed: number, bend: number): void {
    this.#holdOff.tried(now)
    this.#budget.spend(now)
    this.#bend = bend
    this.#trial = new PlaybackBendTrial(now, errorSeconds, uncertainSeconds, bend * speed)
    this.setRate(now, speed, errorSeconds)
  }

  /** Back to the speed of the timeline. */
  end(now: number, speed: number, errorSeconds: number | undefined): void {
    this.#bend = 0
    this.#trial?.end(now)
    this.setRate(now, speed, errorSeconds)
  }

  /** True when a bend should have had its effect by now, or when timers have become too slow to end it in time. */
  isOverdue(now: number, latenessSeconds: number): boolean {
    const { toleranceSeconds } = this.#options
    if (Math.abs(this.#bend) * latenessSeconds > 2 * BEND_OVERSHOOT * toleranceSeconds) return true
    const trial = this.#trial
    return trial !== undefined && trial.ageSeconds(now) > trial.plannedSeconds * BEND_OVERDUE + 1
  }

  /** The error that the bend on trial started with, without its sign. */
  get startSeconds(): number {
    return Math.abs(this.#trial?.fromSeconds ?? 0)
  }

  /** By how much the bend on trial should have changed the error by now, in seconds. */
  dueSeconds(now: number): number {
    return Math.abs(this.#trial?.dueSeconds(now) ?? 0)
  }

  /**
   * Learns from what the error is after a bend, or has become during it.
   *
   * @returns false when the bend had another effect than it should
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

  /** Something else has happened to the player: the error says nothing about the bend. */
  voidTrial(): void {
    if (this.#trial !== undefined) this.#trial.isVoid = true
  }

  /** The rate is forgotten as bent: the player is about to be told another one. */
  drop(): void {
    this.#bend = 0
    this.#trial = undefined
  }

  /** The error is small: the last correction was not in vain. */
  succeeded(): void {
    this.#holdOff.reset()
  }

  loadedAnew(): void {
    this.#failures = 0
    this.#distrust.reset()
    this.#reports.limitGone('rate-refused', 'rate-ignored', 'rate-costly', 'rate-inexact')
  }

  /** @returns false when the player cannot play at that speed */
  setRate(now: number, speed: number, errorSeconds: number | undefined): boolean {
    const { minRate, maxRate } = this.#options
    const rate = Math.min(Math.max(speed * (1 + this.#bend), minRate), maxRate)
    const before = this.#controls.rate
    const outcome = this.#controls.setRate(rate, now)
    // Set again, since someone else had altered it: what the player gained meanwhile is not the bend's.
    if (outcome === 'set' && before === rate) this.voidTrial()
    if (outcome === 'set') this.#reports.rate({ rate, speed, bend: this.#bend, errorSeconds })
    if (outcome !== 'refused') return true
    if (this.#bend !== 0) {
      this.#bend = 0
      this.#trial = undefined
      this.#suspend(now, 'rate-refused')
      return true
    }
    // Where the rate cannot be set, it may be right as it is.
    return this.#media.playbackRate === speed
  }

  #suspend(now: number, limit: 'rate-refused' | 'rate-ignored' | 'rate-costly' | 'rate-inexact'): void {
    // The next bend after the pause decides alone.
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
}

/**
 * By which fraction to run faster (above 0) or slower, so that an error goes away: at least one step of the player's
 * rate, since less would be lost on it, and at most the limits.
 *
 * @param errorSeconds position less target, not 0
 * @param mostBend what late timers allow
 * @returns 0 when even one step is too much
 */
function chooseBend(errorSeconds: number, limits: BendLimits, mostBend: number): number {
  const { maxRateChange, rateStep } = limits
  const mostSteps = Math.floor(Math.min(maxRateChange, mostBend) / rateStep + 1e-9)
  const wantedSteps = Math.max(Math.round(Math.abs(errorSeconds) / BEND_SECONDS / rateStep), 1)
  return -Math.sign(errorSeconds) * Math.min(wantedSteps, mostSteps) * rateStep
}
