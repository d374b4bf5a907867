import { HIDDEN_TIMER_SECONDS, LOOKS_REMEMBERED, TICKS_WITHIN_SECONDS } from './playback-constants.js'

/** How late timers are: some milliseconds in a visible tab, a second or a minute in a hidden one. */
export class PlaybackTimers {
  #latenesses: number[] = []
  #dueAt: number | undefined
  #lookedAt = 0
  #tickedAt = Number.NEGATIVE_INFINITY
  /** Whether the page is hidden. */
  isHidden = false

  /** The largest lateness of recent polls, in seconds. */
  get latenessSeconds(): number {
    return Math.max(0, ...this.#latenesses)
  }

  /** How late the next poll may be: in a hidden tab much later than recent ones, unless media events replace timers. */
  get fearedSeconds(): number {
    const hasTicks = this.#lookedAt - this.#tickedAt < TICKS_WITHIN_SECONDS
    return this.isHidden && !hasTicks ? Math.max(this.latenessSeconds, HIDDEN_TIMER_SECONDS) : this.latenessSeconds
  }

  /** The media emitted one of the events that occur several times a second during playback. */
  ticked(now: number): void {
    this.#tickedAt = now
  }

  /** Whether a poll is overdue. */
  isOverdue(now: number): boolean {
    return this.#dueAt !== undefined && now >= this.#dueAt
  }

  due(at: number): void {
    this.#dueAt = at
  }

  /** Records a poll, by its timer or earlier. */
  looked(now: number): void {
    this.#lookedAt = now
    if (this.#dueAt === undefined) return
    // A poll that is early does not show how late timers are.
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

/** Calls back with whether the page is hidden, now and on each change. @returns a function that stops this */
export function onVisibility(listener: (isHidden: boolean) => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const onChange = () => listener(document.visibilityState === 'hidden')
  document.addEventListener('visibilitychange', onChange)
  onChange()
  return () => document.removeEventListener('visibilitychange', onChange)
}
