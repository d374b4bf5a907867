import { LONGEST_LEAD_SECONDS } from './playback-constants.js'
import { PlaybackHoldOff } from './playback-hold-off.js'
import { canAdvance, type FollowedMedia } from './playback-media.js'

/** A smaller difference of rate is not worth telling the player: some restart their audio at every change. */
const LEAST_RATE_DIFFERENCE = 0.001

/** How long a seek or a start is waited for; then the player is where it is. Longer than any seek that works. */
const SETTLE_DEADLINE_SECONDS = LONGEST_LEAD_SECONDS + 5

/** A player without `seeking` may show its old position for this time at least; longer after a longer seek. */
const OLD_POSITION_SECONDS = 3

/** So close to where it would have been without the seek, it has not sought yet. */
const OLD_POSITION_TOLERANCE = 0.1

interface Settling {
  readonly since: number
  /** Where it was, and how fast it went on from there. */
  readonly from: number
  readonly fromRate: number
  /** Above `fromRate` if it was started at that moment. */
  readonly startRate: number
  readonly aim: number
  last: number
  advances: number
  /** How far from the aim it was when the seek was done: before it, since it may have played on. */
  landedSeconds: number | undefined
}

function newSettling(from: Pick<Settling, 'since' | 'from' | 'fromRate' | 'aim'>): Settling {
  return { ...from, startRate: from.fromRate, last: from.aim, advances: 0, landedSeconds: undefined }
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
  #landedSeconds: number | undefined
  #refusedRate: number | undefined
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

  /** How far from its aim the last seek landed, at least, in seconds; below 0: before it. Undefined while not known. */
  get landedSeconds(): number | undefined {
    return this.#landedSeconds
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
    if (rate === this.#refusedRate) return 'refused'
    try {
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
    // A seek that was told a moment ago is what to wait for; an older one says nothing of this start.
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

  /** New media was loaded, so earlier failures no longer apply. */
  loadedAnew(): void {
    this.#refusedRate = undefined
    this.#landedSeconds = undefined
    if (this.#refusal === 'unsupported') this.#playHoldOff.reset()
  }

  /** False between a seek or a start and the moment when the player runs on from there. */
  settled(now: number): boolean {
    const settling = this.#settling
    if (settling === undefined) return true
    if (now - settling.since < SETTLE_DEADLINE_SECONDS) {
      if (this.#media.seeking === true || this.#isAtOldPosition(settling, now)) return false
      const position = this.#media.currentTime
      if (this.#media.seeking === false) this.#landedSeconds = settling.landedSeconds ??= position - settling.aim
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

  #isAtOldPosition({ since, from, fromRate, startRate, aim }: Settling, now: number): boolean {
    const waitSeconds = Math.max(OLD_POSITION_SECONDS, 3 * Math.abs(aim - from))
    if (this.#media.seeking !== undefined || now - since > Math.min(waitSeconds, LONGEST_LEAD_SECONDS)) return false
    const position = this.#media.currentTime
    // A player that was started with the seek has run from its old position for some of this time.
    const [slow, fast] = [fromRate * (now - since), startRate * (now - since)]
    const old = Math.min(Math.max(position, from + slow), from + fast)
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
