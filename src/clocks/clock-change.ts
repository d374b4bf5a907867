import type { Clock } from './clock.js'

/** The property that changed. `correlationAndSpeed`: both, in one step. */
export type ClockChangeReason =
  | 'correlation'
  | 'speed'
  | 'correlationAndSpeed'
  | 'tickRate'
  | 'availability'
  | 'parent'
  | 'offset'

/** The argument of a change listener. It names the clock whose own property changed, which may be an ancestor. */
export interface ClockChange {
  /** The clock that changed: the observed clock or one of its ancestors. */
  readonly clock: Clock
  /** What has changed. */
  readonly reason: ClockChangeReason
}

/** Called after a clock has changed, with what has changed. */
export type ClockChangeListener = (change: ClockChange) => void

/**
 * The listeners of one clock's changes, and the audiences of the clocks derived from it.
 *
 * An audience is registered with that of the parent clock only while it has listeners. A parent therefore holds no reference to a
 * derived clock without listeners, which can be garbage-collected.
 */
export class ChangeAudience {
  readonly #owner: Clock
  readonly #findAbove: () => ChangeAudience | null
  readonly #listeners = new Set<ClockChangeListener>()
  readonly #below = new Set<ChangeAudience>()

  /** @param findAbove returns the audience of the owner's current parent; called on each registration and removal */
  constructor(owner: Clock, findAbove: () => ChangeAudience | null) {
    this.#owner = owner
    this.#findAbove = findAbove
  }

  get listenerCount(): number {
    return this.#listeners.size
  }

  get dependentCount(): number {
    return this.#below.size
  }

  add(listener: ClockChangeListener): void {
    this.#alter(() => this.#listeners.add(listener))
  }

  remove(listener: ClockChangeListener): void {
    this.#alter(() => this.#listeners.delete(listener))
  }

  /** Calls `assign`, which changes the owner's parent, and moves the registration to the new parent. */
  move(assign: () => void): void {
    if (!this.#isEmpty) this.#leave()
    assign()
    if (!this.#isEmpty) this.#join()
  }

  /**
   * Notifies each listener of the owner and of the clocks below it once. The set of listeners is fixed before the first call, except
   * that those removed meanwhile are skipped: a listener may change the tree.
   *
   * @param reaches returns false for a clock that the change does not affect; the clocks below it are skipped too
   * @throws the error of a listener, after all have been called; an AggregateError if several threw
   */
  announce(change: ClockChange, reaches: (clock: Clock) => boolean): void {
    const calls: [ChangeAudience, ClockChangeListener][] = []
    this.#collect(reaches, calls)
    const errors: unknown[] = []
    for (const [audience, listener] of calls) {
      if (!audience.#listeners.has(listener)) continue
      try {
        listener(change)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} clock change listeners threw`)
  }

  get #isEmpty(): boolean {
    return this.#listeners.size === 0 && this.#below.size === 0
  }

  #join(): void {
    const above = this.#findAbove()
    if (above !== null) above.#alter(() => above.#below.add(this))
  }

  #leave(): void {
    const above = this.#findAbove()
    if (above !== null) above.#alter(() => above.#below.delete(this))
  }

  #alter(change: () => void): void {
    const wasEmpty = this.#isEmpty
    change()
    if (wasEmpty === this.#isEmpty) return
    if (wasEmpty) this.#join()
    else this.#leave()
  }

  #collect(reaches: (clock: Clock) => boolean, calls: [ChangeAudience, ClockChangeListener][]): void {
    if (!reaches(this.#owner)) return
    for (const listener of this.#listeners) calls.push([this, listener])
    for (const dependent of this.#below) dependent.#collect(reaches, calls)
  }
}
