import { TokenBucket } from '../../clocks/index.js'
import {
  EXACT_PARK_INTERVAL_SECONDS,
  EXACT_PARKS_AT_ONCE,
  EXACT_SEEK_SECONDS,
  LONGEST_HOLD_SECONDS,
  LONGEST_RARE_SEEK_SECONDS,
  RARE_SEEK_SECONDS,
  SEEK_FAILURES,
  SEEKS_IN_A_ROW,
  WORTH_SEEKING,
} from './playback-constants.js'
import type { PlaybackControls } from './playback-controls.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import { type FollowedMedia, hasMetadata, type MediaPlace } from './playback-media.js'
import type { PlaybackReports } from './playback-reports.js'
import { PlaybackSeekLead } from './playback-seek-lead.js'
import { aheadInLoop, type PlaybackTarget } from './playback-target.js'

/** A seek whose result has not been measured yet. */
interface Pending {
  readonly leadSeconds: number
  readonly errorBefore: number
  readonly isMeasurable: boolean
}

/** Seeks of a player: how far they aim ahead, whether they are worthwhile, and how often they are allowed. */
export class PlaybackSeeking {
  readonly #media: FollowedMedia
  readonly #controls: PlaybackControls
  readonly #reports: PlaybackReports
  readonly #budget: TokenBucket
  readonly #lead = new PlaybackSeekLead()
  readonly #holdOff = new PlaybackHoldOff(0.5, 30)
  readonly #rare = new PlaybackHoldOff(RARE_SEEK_SECONDS, LONGEST_RARE_SEEK_SECONDS)
  readonly #exactParks = new TokenBucket(EXACT_PARKS_AT_ONCE, 1 / EXACT_PARK_INTERVAL_SECONDS)
  #inARow = 0
  #failures = 0
  #pending: Pending | undefined

  constructor(media: FollowedMedia, controls: PlaybackControls, reports: PlaybackReports, budget: TokenBucket) {
    this.#media = media
    this.#controls = controls
    this.#reports = reports
    this.#budget = budget
  }

  /** How far the next seek aims ahead, in seconds at speed 1. */
  get leadSeconds(): number {
    return this.#lead.seconds
  }

  /** Whether seeks are known to be exact. */
  get isExact(): boolean {
    const landed = this.#controls.landedSeconds
    return this.#lead.count > 0 && landed !== undefined && landed > -EXACT_SEEK_SECONDS && this.#lead.seconds < 1
  }

  /** Whether no seek has been timed yet. */
  get isUntimed(): boolean {
    return this.#lead.count === 0
  }

  /** @param spreadSeconds above this spread of seek durations, seeks aim too far ahead, and the player waits afterwards */
  #leadFor(spreadSeconds: number): number {
    const isWide = this.#lead.count >= 3 && this.#lead.deviationSeconds > spreadSeconds
    return isWide ? this.#lead.longestSeconds : this.#lead.seconds
  }

  /** Whether a seek is expected to remove enough of an error. */
  isWorth(errorSeconds: number, target: PlaybackTarget, place: MediaPlace, spreadSeconds: number): boolean {
    const { speed } = target
    const lead = this.#leadFor(spreadSeconds)
    const aheadSeconds = (this.#aim(target, place, lead) - target.seconds) / speed
    const size = Math.abs(errorSeconds) / speed
    // Landing ahead is fine if the player can wait. Otherwise, or if the seek cannot aim far enough, the distance counts.
    if (lead > this.#lead.seconds && aheadSeconds > lead - 1e-6) {
      return errorSeconds < 0 || size > Math.min(LONGEST_HOLD_SECONDS, 3 * lead)
    }
    const left = Math.abs(aheadSeconds - this.#lead.seconds)
    return left + (this.#lead.count < 3 ? 0 : this.#lead.deviationSeconds) < size * WORTH_SEEKING
  }

  /** Seconds until the next corrective seek is allowed. */
  waitSeconds(now: number): number {
    const isRare = this.#inARow >= SEEKS_IN_A_ROW || this.#failures >= SEEK_FAILURES
    return Math.max(
      this.#budget.waitSeconds(now),
      this.#holdOff.waitSeconds(now),
      isRare ? this.#rare.waitSeconds(now) : 0,
    )
  }

  /** Forgets the current seek, for a start at another place. */
  mayStart(now: number): boolean {
    return this.#budget.has(now)
  }

  /** Seeks to the expected position of the timeline at the end of the seek. */
  seekAhead(now: number, target: PlaybackTarget, place: MediaPlace, errorSeconds: number, spreadSeconds: number): void {
    const aim = this.#aim(target, place, this.#leadFor(spreadSeconds))
    const leadSeconds = aim - target.seconds
    this.#inARow++
    this.#holdOff.tried(now)
    if (this.#inARow >= SEEKS_IN_A_ROW || this.#failures >= SEEK_FAILURES) this.#rare.tried(now)
    // Before metadata is loaded, the duration would include loading.
    const pending = {
      leadSeconds: leadSeconds / target.speed,
      errorBefore: errorSeconds,
      isMeasurable: hasMetadata(this.#media),
    }
    if (this.seek(now, aheadInLoop(aim, target.loopSeconds), leadSeconds, errorSeconds)) this.#pending = pending
  }

  /** Seeks a paused player. @returns false if the player refused, or has been sought too often */
  park(now: number, seconds: number, errorSeconds: number, isNear: boolean): boolean {
    const budget = isNear ? this.#exactParks : this.#budget
    if (!budget.has(now)) return false
    budget.take(now)
    return this.seekUncounted(now, seconds, 0, errorSeconds)
  }

  /** @returns false if the player refused, or has been sought too often */
  seek(now: number, toSeconds: number, leadSeconds: number, errorSeconds: number): boolean {
    if (!this.#budget.has(now)) return false
    this.#budget.take(now)
    return this.seekUncounted(now, toSeconds, leadSeconds, errorSeconds)
  }

  /** Seeks without the limits, for callers that have their own. */
  seekUncounted(now: number, toSeconds: number, leadSeconds: number, errorSeconds: number): boolean {
    this.#pending = undefined
    const fromSeconds = this.#media.currentTime
    if (!this.#controls.seek(toSeconds, now)) return false
    this.#reports.seek({ fromSeconds, toSeconds, leadSeconds, errorSeconds })
    return true
  }

  /** Records the error after a seek. @param spreadSeconds the spread of the readings */
  measured(errorSeconds: number, spreadSeconds: number, speed: number): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending === undefined) return
    const { leadSeconds, errorBefore, isMeasurable } = pending
    const wanted = leadSeconds * speed - errorBefore
    const hasMoved = Math.abs(errorSeconds - errorBefore) > 0.1 * Math.abs(wanted) || Math.abs(wanted) < 1
    const landed = this.#controls.landedSeconds
    const isInexact = landed !== undefined && landed < -EXACT_SEEK_SECONDS - 2 * spreadSeconds
    if (hasMoved && isInexact) this.#reports.limit('seek-inexact')
    const isPlausible = isMeasurable && hasMoved ? this.#lead.learn(leadSeconds, errorSeconds / speed) : hasMoved
    if (isPlausible) {
      this.#failures = 0
      this.#reports.limitGone('seek-ignored')
    } else if (++this.#failures >= SEEK_FAILURES) this.#reports.limit('seek-ignored')
  }

  /** Discards the result of the last seek. */
  abandonPending(): void {
    this.#pending = undefined
  }

  /** The timeline jumped, so failures of earlier seeks no longer count. */
  jumped(): void {
    this.#pending = undefined
    this.succeeded()
  }

  /** The error is small, so the last correction has worked. */
  succeeded(): void {
    this.#holdOff.reset()
    this.#inARow = 0
    if (this.#failures === 0) this.#rare.reset()
  }

  loadedAnew(): void {
    this.#lead.forget()
    this.#failures = 0
    this.#rare.reset()
    this.#reports.limitGone('seek-ignored', 'seek-inexact')
  }

  #aim(target: PlaybackTarget, place: MediaPlace, leadSeconds: number): number {
    const ahead = target.seconds + leadSeconds * target.speed
    return target.loopSeconds === undefined ? Math.min(ahead, place.endSeconds) : ahead
  }
}
