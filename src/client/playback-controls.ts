import { PlaybackHoldOff } from './playback-hold-off.js'
import { canAdvance, type FollowedMedia } from './playback-media.js'

/** A smaller difference of rate is not worth telling the player: some restart their audio at every change. */
const LEAST_RATE_DIFFERENCE = 0.001

/** How long a player may take to go on from where it was put, before that is given up as an answer to wait for. */
const SETTLE_DEADLINE_SECONDS = 10

/** So long a player without `seeking` may go on showing the position it had. */
const OLD_POSITION_SECONDS = 3

/** So close to where it would have been without the seek, it has not sought yet. */
const OLD_POSITION_TOLERANCE = 0.1

interface Settling {
  readonly since: number
  /** Where it was, and how fast it went on from there. */
  readonly from: number
  readonly fromRate: number
  readonly aim: number
  last: number
  advances: number
}

export interface PlayRefusal {
  readonly error: unknown
  /**
   * - `gesture`: only the user can end it (NotAllowedError)
   * - `unsupported`: it cannot play the media that it was given (NotSupportedError)
   * - `other`: it may be over by itself
   */
  readonly kind: 'gesture' | 'unsupported' | 'other'
}

/**
 * Tells a player what to do, no more often than it helps, and knows when it has done it. It does so from `take()` to
 * `letGo()`; else the player is told nothing, whoever may still be about to.
 */
export class PlaybackControls {
  readonly #media: FollowedMedia
  readonly #onRefusal: (refusal: PlayRefusal) => void
  readonly #playHoldOff = new PlaybackHoldOff(1, 30)
  readonly #rateHoldOff = new PlaybackHoldOff(1, 30)
  #rate: number | undefined
  #rateAsRead: number | undefined
  #settling: Settling | undefined
  #refusal: 'gesture' | 'unsupported' | undefined
  #isHeld = false
  /** Counts how often it was let go of: an answer to what was told before is none to what is told now. */
  #holds = 0

  constructor(media: FollowedMedia, onRefusal: (refusal: PlayRefusal) => void) {
    this.#media = media
    this.#onRefusal = onRefusal
  }

  /** What the player was last told. */
  get rate(): number | undefined {
    return this.#rate
  }

  /** True after a refusal that only the user can end. */
  get blocked(): boolean {
    return this.#refusal === 'gesture'
  }

  /** True after a refusal for what it was given to play, until it plays. */
  isUnsupported(): boolean {
    if (this.#refusal !== 'unsupported') return false
    // Someone may have given it something else, and started it.
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
  }

  /** @returns 'refused' when the player cannot play at that rate, 'kept' when it does so already */
  setRate(rate: number, now: number): 'set' | 'kept' | 'refused' {
    const media = this.#media
    if (!this.#isHeld) return 'kept'
    if (this.#rate !== undefined && Math.abs(rate - this.#rate) < LEAST_RATE_DIFFERENCE) {
      // A player may read back less exactly than it was told, or later; else someone altered it, or it was loaded anew.
      if (media.playbackRate === this.#rate || media.playbackRate === this.#rateAsRead) return 'kept'
      if (!this.#rateHoldOff.allows(now)) return 'kept'
      this.#rateHoldOff.tried(now)
    }
    try {
      media.playbackRate = rate
    } catch {
      return 'refused'
    }
    this.#rate = rate
    this.#rateAsRead = media.playbackRate
    return 'set'
  }

  /** @returns false when the player would not */
  seek(aim: number, now: number): boolean {
    if (!this.#isHeld) return false
    const from = this.#media.currentTime
    const fromRate = this.#media.paused ? 0 : this.#media.playbackRate
    try {
      this.#media.currentTime = aim
    } catch {
      return false
    }
    this.#settling = { since: now, from, fromRate, aim, last: aim, advances: 0 }
    return true
  }

  mayPlay(now: number): boolean {
    return !this.blocked && this.#playHoldOff.allows(now)
  }

  play(now: number): void {
    if (!this.#isHeld) return
    this.#playHoldOff.tried(now)
    const at = this.#media.currentTime
    // A seek that was told a moment ago is what to wait for; an older one says nothing of this start.
    if (this.#settling?.since !== now) {
      this.#settling = { since: now, from: at, fromRate: 0, aim: at, last: at, advances: 0 }
    }
    const hold = this.#holds
    const refused = (error: unknown) => {
      if (hold === this.#holds) this.#refused(error)
    }
    try {
      // Whatever has a then() is understood: a player may bring promises of its own kind.
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

  /** Lets go of a refusal: someone has started the player, or is about to. */
  unblock(): void {
    if (this.#refusal === 'gesture') this.#refusal = undefined
  }

  /** It has got something else to play: what it could not play before says nothing of this. */
  loadedAnew(): void {
    if (this.#refusal === 'unsupported') this.#playHoldOff.reset()
  }

  /** False between a seek or a start and the moment when the player runs on from there. */
  settled(now: number): boolean {
    const settling = this.#settling
    if (settling === undefined) return true
    if (now - settling.since < SETTLE_DEADLINE_SECONDS) {
      if (this.#media.seeking === true || this.#isAtOldPosition(settling, now)) return false
      const position = this.#media.currentTime
      if (position !== settling.last) settling.advances++
      settling.last = position
      // The first may be no advance, but that the player chose another place than it was told.
      if (settling.advances < 2) return false
      this.#playHoldOff.reset()
      this.#rateHoldOff.reset()
    }
    this.#settling = undefined
    return true
  }

  #isAtOldPosition({ since, from, fromRate, aim }: Settling, now: number): boolean {
    if (this.#media.seeking !== undefined || now - since > OLD_POSITION_SECONDS) return false
    const old = from + fromRate * (now - since)
    const position = this.#media.currentTime
    return Math.abs(position - old) < OLD_POSITION_TOLERANCE && Math.abs(position - old) < Math.abs(position - aim)
  }

  #started(hold: number): void {
    if (hold === this.#holds && this.#refusal === 'unsupported') this.#refusal = undefined
  }

  #refused(error: unknown): void {
    const name = nameOf(error)
    // It was paused or loaded anew before it had started; whoever did that knows.
    if (name === 'AbortError') return
    const kind = name === 'NotAllowedError' ? 'gesture' : name === 'NotSupportedError' ? 'unsupported' : 'other'
    // Where it has started meanwhile, the refusal is an old one. But an element that finds out while it loads that it
    // cannot play does not call itself paused.
    if (kind !== 'unsupported' && !this.#isPaused()) return
    this.#settling = undefined
    this.#refusal = kind === 'other' ? undefined : kind
    this.#onRefusal({ error, kind })
  }

  /** Nobody is there to catch what it throws when a promise has been rejected. */
  #isPaused(): boolean {
    try {
      return this.#media.paused
    } catch {
      return true
    }
  }
}

/** Also of an error that comes from another window, which is no Error here. */
function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined
}
