import type { CompanionSource } from './companion-events.js'
import { CompanionPace } from './companion-pace.js'

export interface CompanionMovesHandlers {
  /** A postponed move is due: of several, only the last one counts. */
  retry(): void
  /** A move was postponed; called once until it is due. */
  postponed(source: CompanionSource, detail: string): void
}

/** The moves of a companion to other servers and timelines, and those that have to wait. */
export class CompanionMoves {
  readonly #handlers: CompanionMovesHandlers
  readonly #pace = new CompanionPace()
  #timer: ReturnType<typeof setTimeout> | undefined
  #waitingFor: string | undefined
  /** Whether the present wait was reported. */
  #isReported = false

  constructor(handlers: CompanionMovesHandlers) {
    this.#handlers = handlers
  }

  /** Why connections have to wait; undefined when none does. */
  get waitingFor(): string | undefined {
    return this.#waitingFor
  }

  /** @returns whether connections may be opened now. If not, `retry` is called when they may. */
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
    // A server may take the move back and name it again, hundreds of times during one wait.
    if (this.#isReported) return false
    this.#isReported = true
    this.#handlers.postponed(source, `${why}; the next connection is opened in ${waitSeconds.toFixed(1)} s`)
    return false
  }

  /** Nothing waits any more. */
  settle(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waitingFor = undefined
  }
}
