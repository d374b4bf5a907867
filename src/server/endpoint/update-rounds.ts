/** Milliseconds for which a round may hold the event loop before everything else that waits gets its turn, such as wall clock requests. */
const SLICE_MILLISECONDS = 1

/** Members between two looks at the time: reading the clock for each one would cost more than it is worth. */
const MEMBERS_PER_LOOK = 8

/** What a round brings up to date: one client of an endpoint. */
export interface RoundMember {
  /** Whether the member waits for its turn. Belongs to {@link UpdateRounds}. */
  queued: boolean
  /** Brings the member up to date. */
  wake(): void
}

export interface RoundHandlers {
  /** A slice of a round begins: what was true in the one before may have changed since. */
  sliceBegins?(): void
  /** A change came for a member that waited for its turn already: what it would have been sent is replaced before it was. */
  coalesced(): void
  /** A member has thrown; the round goes on with the next one. */
  failed(error: unknown): void
}

/**
 * Brings the clients of an endpoint up to date in rounds. All changes made in one turn of the event loop are served by one
 * round at the end of that turn, so that ten changes cost one message. A round of thousands runs in slices of about a millisecond.
 * A round that an update asks for comes after the present one: rounds do not nest.
 */
export class UpdateRounds {
  readonly #handlers: RoundHandlers
  /** The members of the present round, from `#next` on. */
  #round: RoundMember[] = []
  #next = 0
  /** The members of the round after it. */
  #waiting: RoundMember[] = []
  #scheduled = false
  #running = false
  /** Whether a round has run in this turn: the next one then waits for the next turn. */
  #hasRun = false

  constructor(handlers: RoundHandlers) {
    this.#handlers = handlers
  }

  /** Puts a member in the queue for the next round, unless it waits for its turn already. */
  add(member: RoundMember): void {
    if (member.queued) {
      this.#handlers.coalesced()
      return
    }
    member.queued = true
    this.#waiting.push(member)
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#hasRun) setImmediate(this.#run)
    else queueMicrotask(this.#run)
  }

  /** Brings a member up to date at once if it waits for its turn. */
  flush(member: RoundMember): void {
    if (member.queued) this.#update(member)
  }

  /** Whether a round is running now, so that a member that is being updated is what calls. */
  get running(): boolean {
    return this.#running
  }

  readonly #run = (): void => {
    this.#running = true
    if (!this.#hasRun) {
      this.#hasRun = true
      setImmediate(this.#turnIsOver)
    }
    if (this.#next === this.#round.length) {
      this.#round = this.#waiting
      this.#waiting = []
      this.#next = 0
    }
    this.#handlers.sliceBegins?.()
    const end = performance.now() + SLICE_MILLISECONDS
    while (this.#next < this.#round.length) {
      const member = this.#round[this.#next++] as RoundMember
      // A member that was flushed meanwhile has had its turn.
      if (member.queued) this.#update(member)
      if (this.#next % MEMBERS_PER_LOOK === 0 && performance.now() >= end) break
    }
    this.#running = false
    this.#scheduled = this.#next < this.#round.length || this.#waiting.length > 0
    if (this.#scheduled) {
      setImmediate(this.#run)
    } else {
      this.#round = []
      this.#next = 0
    }
  }

  readonly #turnIsOver = (): void => {
    this.#hasRun = false
  }

  #update(member: RoundMember): void {
    member.queued = false
    try {
      member.wake()
    } catch (error) {
      this.#handlers.failed(error)
    }
  }
}
