import type { TokenBucket } from '../../clocks/index.js'
import {
  FIRST_START_SECONDS,
  LONGEST_HOLD_SECONDS,
  SHORTEST_HOLD_SECONDS,
  SLOW_TIMER_SECONDS,
} from './playback-constants.js'
import type { PlaybackControls } from './playback-controls.js'
import type { PlaybackReports } from './playback-reports.js'
import { PlaybackSeekLead } from './playback-seek-lead.js'

/** Pauses a player that is ahead until the timeline has caught up, for players whose rate cannot be bent. */
export class PlaybackHold {
  readonly #controls: PlaybackControls
  readonly #reports: PlaybackReports
  readonly #budget: TokenBucket
  /** Duration of starts. */
  readonly #start = new PlaybackSeekLead(FIRST_START_SECONDS)
  #until: number | undefined
  #startSecondsUsed: number | undefined

  constructor(controls: PlaybackControls, reports: PlaybackReports, budget: TokenBucket) {
    this.#controls = controls
    this.#reports = reports
    this.#budget = budget
  }

  get isActive(): boolean {
    return this.#until !== undefined
  }

  /** Whether timers are precise enough for holds. */
  isPossible(latenessSeconds: number): boolean {
    return latenessSeconds < SLOW_TIMER_SECONDS
  }

  /** Whether a player that is this far ahead can be held. */
  isFor(now: number, errorSeconds: number, speed: number, latenessSeconds: number): boolean {
    if (!this.#budget.has(now)) return false
    const seconds = this.#secondsFor(errorSeconds, speed)
    return this.isPossible(latenessSeconds) && seconds >= SHORTEST_HOLD_SECONDS && seconds <= LONGEST_HOLD_SECONDS
  }

  begin(now: number, errorSeconds: number, speed: number): void {
    this.#budget.take(now)
    const seconds = this.#secondsFor(errorSeconds, speed)
    this.#until = now + seconds
    this.#controls.pause()
    this.#reports.hold({ seconds, errorSeconds })
  }

  /** Seconds until the player must start. */
  dueInSeconds(now: number): number {
    return this.#until === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#until - now, 0)
  }

  /** Records that the player is started now. */
  end(): void {
    this.#until = undefined
    this.#startSecondsUsed = this.#start.seconds
  }

  /** Another party has started the player. */
  cancelActive(): void {
    if (this.isActive) this.cancel()
  }

  cancel(): void {
    this.#until = undefined
    this.#startSecondsUsed = undefined
  }

  /** Records the error after the player has started. */
  measured(errorSeconds: number, speed: number): void {
    if (this.#startSecondsUsed === undefined) return
    this.#start.learn(this.#startSecondsUsed, errorSeconds / speed)
    this.#startSecondsUsed = undefined
  }

  #secondsFor(errorSeconds: number, speed: number): number {
    return errorSeconds / speed - this.#start.seconds
  }
}
