/** Milliseconds for which a round may hold the event loop before everything else that waits gets its turn, such as wall clock requests. */
const SLICE_MILLISECONDS = 1

/** Members between two looks at the time: reading the clock for each one would cost more than it is worth. */
const MEMBERS_PER_LOOK = 8

/** What a round brings up to date: one client of an endpoint. */
export interface RoundMember {
  /** Whether the member waits for its turn. Belongs to {@link UpdateRounds}. */
  queued: boolean
}

export interface RoundHandlers<Member> {
  /** Brings one member up to date. */
  update(member: Member): void
  /** A slice of a round begins: what was true in the one before may have changed since. */
  sliceBegins?(): void
  /** {@link update} has thrown; the round goes on with the next member. */
  failed(error: unknown): void
}

/**
 * Brings the clients of an endpoint up to date in rounds. All changes made in one turn of the event loop are served by one
 * round at the end of that turn, so that ten changes cost one message. A round of thousands runs in slices of about a millisecond.
 * A round that an update asks for comes after the present one: rounds do not nest.
 */
export class UpdateRounds<Member extends RoundMember> {
  readonly #handlers: RoundHandlers<Member>
  /** The members of the present round, from `#next` on. */
  #round: Member[] = []
  #next = 0
  /** The members of the round after it. */
  #waiting: Member[] = []
  #scheduled = false
  #running = false
  /** Whether a round has run in this turn: the next one then waits for the next turn. */
  #hasRun = false

  constructor(handlers: RoundHandlers<Member>) {
    this.#handlers = handlers
  }

  /** Puts a member in the queue for the next round, unless it waits for its turn already. */
  add(member: Member): void {
    if (member.queued) return
    member.queued = true
    this.#waiting.push(member)
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#hasRun) setImmediate(this.#run)
    else queueMicrotask(this.#run)
  }

  /** Brings a member up to date at once if it waits for its turn. */
  flush(member: Member): void {
    if (member.queued) this.#update(member)
  }

  /** Whether a round is running now, so that {@link RoundHandlers.update} is what calls. */
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
      const member = this.#round[this.#next++] as Member
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

  #update(member: Member): void {
    member.queued = false
    try {
      this.#handlers.update(member)
    } catch (error) {
      this.#handlers.failed(error)
    }
  }
}
