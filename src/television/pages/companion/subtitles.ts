import { type ReadonlySignal, signal } from '@preact/signals'
import type { MediaSource } from '../../protocol/index.js'

/** The cues of a WebVTT file, which the browser loads and parses for a `<track>`. */
export class Subtitles {
  /** Browsers load a track only for a media element; this one plays nothing. */
  readonly #host = document.createElement('video')
  readonly #active = signal<readonly VTTCue[]>([])
  readonly #failed: () => void
  #url: string | undefined
  #track: HTMLTrackElement | undefined
  #failure: string | undefined

  /** @param failed called when the file cannot be loaded */
  constructor(failed: () => void) {
    this.#failed = failed
  }

  get isInUse(): boolean {
    return this.#url !== undefined
  }

  get isLoaded(): boolean {
    return this.#track?.readyState === HTMLTrackElement.LOADED
  }

  /** Why the cues cannot be shown; undefined if they can, or may. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** What is to be read now. */
  get active(): ReadonlySignal<readonly VTTCue[]> {
    return this.#active
  }

  /** Loads the first of these sources, unless it has it already. With none, nothing is shown. */
  load([source]: readonly MediaSource[]): void {
    if (source?.url === this.#url) return
    this.#url = source?.url
    this.#open()
  }

  /** Loads the file once more after a failure. */
  reload(): void {
    if (this.#failure !== undefined) this.#open()
  }

  /** Shows the cues of a position; undefined while it is unknown. */
  showAt(seconds: number | undefined): void {
    const cues = [...(this.#track?.track.cues ?? [])] as VTTCue[]
    const active = seconds === undefined ? [] : cues.filter((cue) => cue.startTime <= seconds && seconds < cue.endTime)
    const before = this.#active.peek()
    if (active.length !== before.length || active.some((cue, index) => cue !== before[index]))
      this.#active.value = active
  }

  #open(): void {
    this.#track?.remove()
    this.#track = undefined
    this.#failure = undefined
    this.#active.value = []
    if (this.#url === undefined) return
    const track = document.createElement('track')
    track.kind = 'subtitles'
    track.src = this.#url
    track.addEventListener('error', () => {
      if (track !== this.#track) return
      this.#failure = 'The file with the subtitles cannot be loaded, or is not WebVTT.'
      this.#failed()
    })
    this.#track = track
    this.#host.append(track)
    // Loaded only from now on: the mode is `disabled` at first.
    track.track.mode = 'hidden'
  }
}
