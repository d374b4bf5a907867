import type { CompanionSource } from './companion-events.js'
import { CompanionPace } from './companion-pace.js'

export interface CompanionMovesHandlers {
  /** The retry of the postponed move. A later one replaces it. */
  retry(): void
  /** Called when a move is postponed, once per waiting period. */
  postponed(source: CompanionSource, detail: string): void
}

/** Rate-limits a companion's moves to other servers and timelines, and postpones those over the limit. */
export class CompanionMoves {
  readonly #handlers: CompanionMovesHandlers
  readonly #pace = new CompanionPace()
  #timer: ReturnType<typeof setTimeout> | undefined
  #waitingFor: string | undefined
  /** Whether the current waiting period has been reported. */
  #isReported = false

  constructor(handlers: CompanionMovesHandlers) {
    this.#handlers = handlers
  }

  /** Why connections are postponed; undefined if none is. */
  get waitingFor(): string | undefined {
    return this.#waitingFor
  }

  /** @returns whether connections may be opened now. If not, `retry` is called once they may. */
  may(why: string, source: CompanionSource): boolean {
    const now = performance.now() / 1000
    const waitSeconds = this.#pace.waitSeconds(now)
    if (waitSeconds === 0) {
      this.settle()
      this.#pace.moved(now)
      this.#isReported = false
      return true
    }
    if (this.#timer !== undefined) return false
    this.#waitingFor = why
    this.#timer = setTimeout(() => {
      this.settle()
      this.#handlers.retry()
    }, waitSeconds * 1000)
    // A server may revoke and repeat a move hundreds of times during one waiting period.
    if (this.#isReported) return false
    this.#isReported = true
    this.#handlers.postponed(source, `${why}; the next connection is opened in ${waitSeconds.toFixed(1)} s`)
    return false
  }

  /** Cancels postponed moves. */
  settle(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waitingFor = undefined
  }
}
