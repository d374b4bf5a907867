import { type ReadonlySignal, signal } from '@preact/signals'

/** What the browser lets the page do before the user has touched it. */
export type SoundState = 'on' | 'muted-by-browser' | 'blocked'

/** Plays without sound where the browser does not allow it yet. */
export class Sound {
  readonly #media: HTMLMediaElement
  readonly #state = signal<SoundState>('on')

  constructor(media: HTMLMediaElement) {
    this.#media = media
    media.addEventListener('volumechange', () => {
      if (!media.muted && this.#state.peek() === 'muted-by-browser') this.#state.value = 'on'
    })
    media.addEventListener('playing', () => {
      if (this.#state.peek() === 'blocked') this.#state.value = media.muted ? 'muted-by-browser' : 'on'
    })
  }

  get state(): ReadonlySignal<SoundState> {
    return this.#state
  }

  /** The browser has refused to play. @param retry plays once more, now without sound */
  refused(retry: () => void): void {
    if (this.#media.muted) {
      this.#state.value = 'blocked'
      return
    }
    this.#media.muted = true
    this.#state.value = 'muted-by-browser'
    retry()
  }

  /** Called by a gesture of the user. @returns whether nothing has played before */
  allow(): boolean {
    const wasBlocked = this.#state.peek() === 'blocked'
    this.#media.muted = false
    this.#state.value = 'on'
    return wasBlocked
  }
}
