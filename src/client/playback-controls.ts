import { PlaybackHoldOff } from './playback-hold-off.js'
import type { FollowedMedia } from './playback-media.js'

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
  /** False for a refusal that only the user can end. */
  readonly willRetry: boolean
}

/** Tells a player what to do, no more often than it helps, and knows when it has done it. */
export class PlaybackControls {
  readonly #media: FollowedMedia
  readonly #onRefusal: (refusal: PlayRefusal) => void
  readonly #playHoldOff = new PlaybackHoldOff(1, 30)
  readonly #rateHoldOff = new PlaybackHoldOff(1, 30)
  #rate: number | undefined
  #rateAsRead: number | undefined
  #settling: Settling | undefined
  #blocked = false

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
    return this.#blocked
  }

  /** @returns 'refused' when the player cannot play at that rate, 'kept' when it does so already */
  setRate(rate: number, now: number): 'set' | 'kept' | 'refused' {
    const media = this.#media
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
    return !this.#blocked && this.#playHoldOff.allows(now)
  }

  play(now: number): void {
    this.#playHoldOff.tried(now)
    const at = this.#media.currentTime
    // A seek that was told a moment ago is what to wait for; an older one says nothing of this start.
    if (this.#settling?.since !== now) {
      this.#settling = { since: now, from: at, fromRate: 0, aim: at, last: at, advances: 0 }
    }
    try {
      const started = this.#media.play()
      if (started instanceof Promise) started.catch((error: unknown) => this.#refused(error))
    } catch (error) {
      this.#refused(error)
    }
  }

  pause(): void {
    this.#settling = undefined
    if (!this.#media.paused) this.#media.pause()
  }

  /** Lets go of a refusal: someone has started the player, or is about to. */
  unblock(): void {
    this.#blocked = false
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

  #refused(error: unknown): void {
    const name = error instanceof Error ? error.name : undefined
    // It was paused or loaded anew before it had started; whoever did that knows.
    if (name === 'AbortError') return
    // Where it has started meanwhile, the refusal is an old one.
    if (!this.#media.paused) return
    this.#settling = undefined
    this.#blocked = name === 'NotAllowedError'
    this.#onRefusal({ error, willRetry: !this.#blocked })
  }
}
