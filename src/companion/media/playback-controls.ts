import type { MediaFollowerOptions } from './media-follower-options.js'
import { LONGEST_LEAD_SECONDS, PITCH_FREE_WITHIN } from './playback-constants.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import { canAdvance, type FollowedMedia } from './playback-media.js'

/** Smaller changes of the rate are not made, unless the player has a finer step: some restart their audio at every change. */
const LEAST_RATE_DIFFERENCE = 0.001

/** How long to wait for a seek or a start before it counts as done. Longer than any seek that succeeds. */
const SETTLE_DEADLINE_SECONDS = LONGEST_LEAD_SECONDS + 5

/** Minimum time for which a player without `seeking` may still report its old position; longer after a longer seek. */
const OLD_POSITION_SECONDS = 3

/** A position this close to the one without the seek means that the player has not sought yet. */
const OLD_POSITION_TOLERANCE = 0.1

interface Settling {
  readonly since: number
  /** Position and rate before the seek. */
  readonly from: number
  readonly fromRate: number
  /** Above `fromRate` if the player was started at the same moment. */
  readonly startRate: number
  readonly aim: number
  last: number
  advances: number
  /** Distance from the aim when the seek was done: negative if before it; the player may have played on since. */
  landedSeconds: number | undefined
}

function newSettling(from: Pick<Settling, 'since' | 'from' | 'fromRate' | 'aim'>): Settling {
  return { ...from, startRate: from.fromRate, last: from.aim, advances: 0, landedSeconds: undefined }
}

export interface PlayRefusal {
  readonly error: unknown
  /**
   * - `gesture`: a user gesture is required (NotAllowedError)
   * - `unsupported`: the player cannot play this media (NotSupportedError)
   * - `other`: may be temporary
   */
  readonly kind: 'gesture' | 'unsupported' | 'other'
}

/**
 * Sends commands to a player, no more often than useful, and detects when they have been executed. Commands are sent between `take()`
 * and `letGo()` only; at other times callers have no effect on the player.
 */
export class PlaybackControls {
  readonly #media: FollowedMedia
  readonly #preservesPitch: boolean
  readonly #leastRateDifference: number
  readonly #onRefusal: (refusal: PlayRefusal) => void
  readonly #playHoldOff = new PlaybackHoldOff(1, 30)
  readonly #rateHoldOff = new PlaybackHoldOff(1, 30)
  #rate: number | undefined
  #rateAsRead: number | undefined
  #settling: Settling | undefined
  #landedSeconds: number | undefined
  #refusedRate: number | undefined
  #refusal: 'gesture' | 'unsupported' | undefined
  #isHeld = false
  /** Counts calls of `letGo()`, to ignore results of commands that were sent before the last one. */
  #holds = 0

  /** As it was before the follower changed it; undefined while it has not. */
  #preservedPitch: boolean | undefined

  constructor(
    media: FollowedMedia,
    { preservePitch, rateStep }: Pick<Required<MediaFollowerOptions>, 'preservePitch' | 'rateStep'>,
    onRefusal: (refusal: PlayRefusal) => void,
  ) {
    this.#media = media
    this.#preservesPitch = preservePitch
    this.#leastRateDifference = Math.min(LEAST_RATE_DIFFERENCE, rateStep / 2)
    this.#onRefusal = onRefusal
  }

  /** The last rate that was set. */
  get rate(): number | undefined {
    return this.#rate
  }

  /**
   * Minimum distance between the aim of the last seek and where it landed, in seconds; negative: before the aim. Undefined while unknown.
   */
  get landedSeconds(): number | undefined {
    return this.#landedSeconds
  }

  /** Whether play() was refused until there is a user gesture. */
  get blocked(): boolean {
    return this.#refusal === 'gesture'
  }

  /** Whether play() was refused because the media is not supported; until the player plays. */
  isUnsupported(): boolean {
    if (this.#refusal !== 'unsupported') return false
    // The app may have loaded and started other media.
    const { paused, readyState } = this.#media
    if (!paused && readyState !== undefined && canAdvance(this.#media)) this.#refusal = undefined
    return this.#refusal === 'unsupported'
  }

  take(): void {
    this.#isHeld = true
  }

  letGo(): void {
    this.#isHeld = false
    this.#holds++
    if (this.#preservedPitch === undefined) return
    try {
      this.#media.preservesPitch = this.#preservedPitch
    } catch {
      // Best effort: the media is no longer ours.
    }
    this.#preservedPitch = undefined
  }

  /** @returns 'refused' if the player cannot play at that rate, 'kept' if it already does */
  setRate(rate: number, now: number): 'set' | 'kept' | 'refused' {
    const media = this.#media
    if (!this.#isHeld) return 'kept'
    if (this.#rate !== undefined && Math.abs(rate - this.#rate) < this.#leastRateDifference * Math.min(rate, 1)) {
      // The rate may read back rounded, or late. Otherwise the app has changed it, or other media was loaded.
      if (media.playbackRate === this.#rate || media.playbackRate === this.#rateAsRead) return 'kept'
      if (!this.#rateHoldOff.allows(now)) return 'kept'
      this.#rateHoldOff.tried(now)
    }
    if (rate === this.#refusedRate) return 'refused'
    try {
      this.#adaptPitch(rate)
      media.playbackRate = rate
    } catch {
      this.#refusedRate = rate
      return 'refused'
    }
    this.#refusedRate = undefined
    this.#rate = rate
    this.#rateAsRead = media.playbackRate
    return 'set'
  }

  #adaptPitch(rate: number): void {
    const media = this.#media
    if (this.#preservesPitch || media.preservesPitch === undefined) return
    this.#preservedPitch ??= media.preservesPitch
    const isNear = Math.abs(rate - 1) <= PITCH_FREE_WITHIN
    media.preservesPitch = this.#preservedPitch && !isNear
  }

  /** @returns false if the player refused */
  seek(aim: number, now: number): boolean {
    if (!this.#isHeld) return false
    const from = this.#media.currentTime
    const fromRate = this.#media.paused ? 0 : this.#media.playbackRate
    try {
      this.#media.currentTime = aim
    } catch {
      return false
    }
    this.#settling = newSettling({ since: now, from, fromRate, aim })
    return true
  }

  mayPlay(now: number): boolean {
    return !this.blocked && this.#playHoldOff.allows(now)
  }

  play(now: number): void {
    if (!this.#isHeld) return
    this.#playHoldOff.tried(now)
    const at = this.#media.currentTime
    // Wait for a seek of a moment ago; an older one does not concern this start.
    const settling = this.#settling
    this.#settling =
      settling?.since === now
        ? { ...settling, startRate: this.#media.playbackRate }
        : newSettling({ since: now, from: at, fromRate: 0, aim: at })
    const hold = this.#holds
    const refused = (error: unknown) => {
      if (hold === this.#holds) this.#refused(error)
    }
    try {
      // Any thenable is accepted: a player may have its own promises.
      Promise.resolve(this.#media.play()).then(() => this.#started(hold), refused)
    } catch (error) {
      refused(error)
    }
  }

  pause(): void {
    if (!this.#isHeld) return
    this.#settling = undefined
    if (!this.#media.paused) this.#media.pause()
  }

  /** Forgets a refusal, because the player has been started or is about to be. */
  unblock(): void {
    if (this.#refusal === 'gesture') this.#refusal = undefined
  }

  /** New media was loaded, so earlier failures no longer apply. */
  loadedAnew(): void {
    this.#refusedRate = undefined
    this.#landedSeconds = undefined
    if (this.#refusal === 'unsupported') this.#playHoldOff.reset()
  }

  /** False between a seek or start and the moment when the player runs from there. */
  settled(now: number): boolean {
    const settling = this.#settling
    if (settling === undefined) return true
    if (now - settling.since < SETTLE_DEADLINE_SECONDS) {
      if (this.#media.seeking === true || this.#isAtOldPosition(settling, now)) return false
      const position = this.#media.currentTime
      if (this.#media.seeking === false) this.#landedSeconds = settling.landedSeconds ??= position - settling.aim
      if (position !== settling.last) settling.advances++
      settling.last = position
      // The first change may be the seek itself, to another place than the aim, rather than playback.
      if (settling.advances < 2) return false
      this.#playHoldOff.reset()
      this.#rateHoldOff.reset()
    }
    this.#settling = undefined
    return true
  }

  #isAtOldPosition({ since, from, fromRate, startRate, aim }: Settling, now: number): boolean {
    const waitSeconds = Math.max(OLD_POSITION_SECONDS, 3 * Math.abs(aim - from))
    if (this.#media.seeking !== undefined || now - since > Math.min(waitSeconds, LONGEST_LEAD_SECONDS)) return false
    const position = this.#media.currentTime
    // A player that was started together with the seek has run from its old position for part of this time.
    const [slow, fast] = [fromRate * (now - since), startRate * (now - since)]
    const old = Math.min(Math.max(position, from + slow), from + fast)
    return Math.abs(position - old) < OLD_POSITION_TOLERANCE && Math.abs(position - old) < Math.abs(position - aim)
  }

  #started(hold: number): void {
    if (hold === this.#holds && this.#refusal === 'unsupported') this.#refusal = undefined
  }

  #refused(error: unknown): void {
    const name = nameOf(error)
    // The app paused it or loaded other media before it had started.
    if (name === 'AbortError') return
    const kind = name === 'NotAllowedError' ? 'gesture' : name === 'NotSupportedError' ? 'unsupported' : 'other'
    // If it has started meanwhile, the refusal is outdated. But an element that fails while it loads does not report
    // itself as paused.
    if (kind !== 'unsupported' && !this.#isPaused()) return
    this.#settling = undefined
    this.#refusal = kind === 'other' ? undefined : kind
    this.#onRefusal({ error, kind })
  }

  /** Errors are caught here, because nobody else handles them after a promise was rejected. */
  #isPaused(): boolean {
    try {
      return this.#media.paused
    } catch {
      return true
    }
  }
}

/** Also for an error from another window, which is not an instance of this window's Error. */
function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined
}
