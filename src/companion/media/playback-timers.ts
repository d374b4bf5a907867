import { HIDDEN_TIMER_SECONDS, LOOKS_REMEMBERED, TICKS_WITHIN_SECONDS } from './playback-constants.js'

/** How late timers are: some milliseconds in a visible tab, a second or a minute in a hidden one. */
export class PlaybackTimers {
  #latenesses: number[] = []
  #dueAt: number | undefined
  #lookedAt = 0
  #tickedAt = Number.NEGATIVE_INFINITY
  /** Whether the page is hidden. */
  isHidden = false

  /** The longest of the last looks, in seconds. */
  get latenessSeconds(): number {
    return Math.max(0, ...this.#latenesses)
  }

  /** How late the next look may be: in a hidden tab much later than the last ones, unless the media's events replace timers. */
  get fearedSeconds(): number {
    const hasTicks = this.#lookedAt - this.#tickedAt < TICKS_WITHIN_SECONDS
    return this.isHidden && !hasTicks ? Math.max(this.latenessSeconds, HIDDEN_TIMER_SECONDS) : this.latenessSeconds
  }

  /** The media emitted an event that it emits several times a second while it plays. */
  ticked(now: number): void {
    this.#tickedAt = now
  }

  /** Whether a look should have happened by now. */
  isOverdue(now: number): boolean {
    return this.#dueAt !== undefined && now >= this.#dueAt
  }

  due(at: number): void {
    this.#dueAt = at
  }

  /** A look takes place: by its timer, or earlier. */
  looked(now: number): void {
    this.#lookedAt = now
    if (this.#dueAt === undefined) return
    // A look before its time says nothing about timers.
    if (now >= this.#dueAt - 0.001) this.#add(Math.max(now - this.#dueAt, 0))
    this.#dueAt = undefined
  }

  forget(): void {
    this.#dueAt = undefined
  }

  #add(seconds: number): void {
    this.#latenesses.push(seconds)
    if (this.#latenesses.length > LOOKS_REMEMBERED) this.#latenesses.shift()
  }
}

/** Calls back with whether the page is hidden, now and whenever that changes. @returns the function that ends it */
export function onVisibility(listener: (isHidden: boolean) => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const onChange = () => listener(document.visibilityState === 'hidden')
  document.addEventListener('visibilitychange', onChange)
  onChange()
  return () => document.removeEventListener('visibilitychange', onChange)
}
