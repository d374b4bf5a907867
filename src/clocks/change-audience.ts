import type { Clock } from './clock.js'
import type { ClockChange, ClockChangeListener } from './clock-change.js'

/**
 * Who must hear of a change of one clock: its own listeners, and the audiences of the clocks that depend on it.
 *
 * An audience joins that of the parent clock only while somebody is in it, and leaves with the last. So a parent
 * holds no reference to a dependent that nobody listens to, and such a clock can be collected when it is dropped.
 */
export class ChangeAudience {
  readonly #owner: Clock
  readonly #findAbove: () => ChangeAudience | null
  readonly #listeners = new Set<ClockChangeListener>()
  readonly #below = new Set<ChangeAudience>()

  /** @param findAbove the audience of the owner's present parent; asked whenever this one joins or leaves it */
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

  /** Gives the owner another parent by `assign`, and follows it there. */
  move(assign: () => void): void {
    if (!this.#isEmpty) this.#leave()
    assign()
    if (!this.#isEmpty) this.#join()
  }

  /**
   * Tells every listener of the owner and of the clocks below it, once each. Who is told is settled before the first
   * hears of it, less those that are removed meanwhile: a listener may alter the tree.
   *
   * @param reaches false for a clock that the change does not alter; nothing below it is told either
   * @throws what a listener threw, after all were told; an AggregateError when several did
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
