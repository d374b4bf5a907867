import { sliceBegan, sliceEnded } from './message-time.js'

/** Milliseconds for which a round may occupy the event loop before other work, such as wall clock requests, gets its turn. */
const SLICE_MILLISECONDS = 1

/** Members between two readings of the time, because reading it for each member is too costly. */
const MEMBERS_PER_LOOK = 8

/** A client of an endpoint that rounds bring up to date. */
export interface RoundMember {
  /** Whether the member is queued. Managed by {@link UpdateRounds}. */
  queued: boolean
  /** Brings the member up to date. */
  wake(): void
}

export interface RoundHandlers {
  /** Called at the start of a slice: values from the previous slice may have changed. */
  sliceBegins?(): void
  /** Called for a change of a member that is already queued: the pending update is replaced before it was sent. */
  coalesced(): void
  /** Called when a member has thrown; the round continues with the next one. */
  failed(error: unknown): void
}

/**
 * Brings the clients of an endpoint up to date in rounds. All changes made in one turn of the event loop are served by one
 * round at the end of that turn, so that ten changes cost one message. A round of thousands runs in slices of about a millisecond.
 * A round that is requested during an update runs after the current one: rounds do not nest.
 */
export class UpdateRounds {
  readonly #handlers: RoundHandlers
  /** The members of the current round, from `#next` on. */
  #round: RoundMember[] = []
  #next = 0
  /** The members of the next round. */
  #waiting: RoundMember[] = []
  #scheduled = false
  #running = false
  /** Whether a round has run in this turn: the next one then waits for the next turn. */
  #hasRun = false

  constructor(handlers: RoundHandlers) {
    this.#handlers = handlers
  }

  /** Queues a member for the next round, unless it is already queued. */
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

  /** Brings a member up to date at once if it is queued. */
  flush(member: RoundMember): void {
    if (member.queued) this.#update(member)
  }

  /** Whether a round is in progress, so that the caller is a member that is being updated. */
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
    sliceBegan()
    try {
      while (this.#next < this.#round.length) {
        const member = this.#round[this.#next++] as RoundMember
        // A member that was flushed meanwhile is up to date.
        if (member.queued) this.#update(member)
        if (this.#next % MEMBERS_PER_LOOK === 0 && performance.now() >= end) break
      }
    } finally {
      sliceEnded()
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
