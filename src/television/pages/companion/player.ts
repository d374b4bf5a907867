import type { Companion } from '../../../companion/index.js'
import { type FollowedMedia, MediaFollower, type MediaFollowerStatus } from '../../../companion/media/index.js'
import type { MediaSource } from '../../protocol/index.js'
import { onMediaFailure, setSources } from '../shared/index.js'

/** Measured to be best for media elements: steps of 0.01 overshoot, and are heard. */
const FOLLOWING = { toleranceSeconds: 0.004, rateStep: 0.002 }

/** For players whose position and changes are exact. */
const FOLLOWING_EXACTLY = { toleranceSeconds: 0.002, rateStep: 0.0002 }

/** What can play in place of the element. */
export type ExactMedia = FollowedMedia & { muted: boolean; close(): void }

/** A media element that follows the television. */
export class Player {
  readonly media: HTMLMediaElement
  #exact: ExactMedia | undefined
  #companion: Companion | undefined
  #renderingLatencySeconds = 0
  #sources: readonly MediaSource[] = []
  #failure: string | undefined
  #follower: MediaFollower | undefined

  /** @param failed called when the media cannot be played */
  constructor(media: HTMLMediaElement, failed: () => void) {
    this.media = media
    media.loop = true
    onMediaFailure(media, (detail) => {
      if (this.#sources.length === 0) return
      this.#failure = detail
      failed()
    })
    media.addEventListener('loadedmetadata', () => {
      this.#failure = undefined
    })
  }

  /** Whether it has something to play. */
  get isInUse(): boolean {
    return this.#sources.length > 0
  }

  /** Why the browser cannot play the media; undefined if it can, or may. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** What plays, for engineers; undefined if nothing does. */
  get playerName(): string | undefined {
    if (!this.isInUse) return undefined
    return this.#exact === undefined ? `<${this.media.localName}>` : 'Web Audio'
  }

  get isPlaying(): boolean {
    return this.isInUse && !this.#played.paused && this.#played.ended !== true
  }

  get #played(): FollowedMedia {
    return this.#exact ?? this.media
  }

  /** Undefined while it is unknown, and for live media. */
  get durationSeconds(): number | undefined {
    const { duration } = this.media
    return this.isInUse && Number.isFinite(duration) ? duration : undefined
  }

  /** Undefined while it does not follow. */
  status(): MediaFollowerStatus | undefined {
    return this.#follower?.status()
  }

  /** Loads these sources, unless it has them already. With none, nothing is played. */
  load(sources: readonly MediaSource[]): void {
    if (JSON.stringify(sources) === JSON.stringify(this.#sources)) return
    this.#sources = sources
    this.#failure = undefined
    this.replaceBy(undefined)
    if (!this.isInUse) this.stop()
    setSources(this.media, sources)
  }

  /** Plays by something more exact than the element, which has loaded the same; or by the element again. */
  replaceBy(exact: ExactMedia | undefined): void {
    if (exact === this.#exact) return
    const { muted } = this.media
    this.release()
    this.#played.pause()
    this.#exact?.close()
    this.#exact = exact
    if (exact !== undefined) exact.muted = muted
    if (this.#companion !== undefined) this.follow(this.#companion, this.#renderingLatencySeconds)
  }

  mute(isMuted: boolean): void {
    this.media.muted = isMuted
    if (this.#exact !== undefined) this.#exact.muted = isMuted
  }

  /** Loads the media once more after a failure. */
  reload(): void {
    if (this.#failure === undefined) return
    this.#failure = undefined
    setSources(this.media, this.#sources)
  }

  /** Follows the companion, if there is something to play. */
  follow(companion: Companion, renderingLatencySeconds: number): void {
    this.#companion = companion
    this.#renderingLatencySeconds = renderingLatencySeconds
    if (!this.isInUse || this.#follower !== undefined) return
    const options = this.#exact === undefined ? FOLLOWING : FOLLOWING_EXACTLY
    this.#follower = new MediaFollower(this.#played, companion, { ...options, renderingLatencySeconds })
    this.#follower.start()
  }

  /** Sets how much later the media is seen or heard than the element plays it. */
  calibrate(renderingLatencySeconds: number): void {
    this.#renderingLatencySeconds = renderingLatencySeconds
    if (this.#follower !== undefined) this.#follower.renderingLatencySeconds = renderingLatencySeconds
  }

  /** Plays after the browser refused to. Called by a gesture of the user. */
  retry(): void {
    this.#follower?.retryPlay()
  }

  /** Follows no more, but plays on. */
  release(): void {
    this.#follower?.stop()
    this.#follower = undefined
  }

  stop(): void {
    this.#companion = undefined
    this.release()
    this.#played.pause()
  }
}
