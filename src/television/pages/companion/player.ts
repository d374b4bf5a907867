import type { Companion } from '../../../companion/index.js'
import { MediaFollower, type MediaFollowerStatus } from '../../../companion/media/index.js'
import type { MediaSource } from '../../protocol/index.js'
import { onMediaFailure, setSources } from '../shared/index.js'

/** Measured to be best for media elements: steps of 0.01 overshoot, and are heard. */
const FOLLOWING = { toleranceSeconds: 0.004, rateStep: 0.002 }

/** A media element that follows the television. */
export class Player {
  readonly media: HTMLMediaElement
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

  get isPlaying(): boolean {
    return this.isInUse && !this.media.paused && !this.media.ended
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
    if (!this.isInUse) this.stop()
    setSources(this.media, sources)
  }

  /** Loads the media once more after a failure. */
  reload(): void {
    if (this.#failure === undefined) return
    this.#failure = undefined
    setSources(this.media, this.#sources)
  }

  /** Follows the companion, if there is something to play. */
  follow(companion: Companion, renderingLatencySeconds: number): void {
    if (!this.isInUse || this.#follower !== undefined) return
    this.#follower = new MediaFollower(this.media, companion, { ...FOLLOWING, renderingLatencySeconds })
    this.#follower.start()
  }

  /** Sets how much later the media is seen or heard than the element plays it. */
  calibrate(renderingLatencySeconds: number): void {
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
    this.release()
    this.media.pause()
  }
}
