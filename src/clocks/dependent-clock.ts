import { checkOption, InvalidOptionError } from '../validation/index.js'
import { CLOCK_TYPE, Clock, type ClockOptions } from './clock.js'

/** A clock that is derived from a parent, which may be exchanged. */
export abstract class DependentClock extends Clock {
  #parent: Clock

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(parent: Clock, options: ClockOptions = {}) {
    super(options)
    this.#parent = checkOption('parent', CLOCK_TYPE, parent)
  }

  override get parent(): Clock {
    return this.#parent
  }

  /** @throws InvalidOptionError, also when the new parent is this clock or derived from it */
  override set parent(value: Clock) {
    if (checkOption('parent', CLOCK_TYPE, value) === this.#parent) return
    if (value.ancestry.includes(this)) {
      throw new InvalidOptionError('parent', `a clock that is not derived from ${this.name}`, value.name)
    }
    this.moveBy(() => {
      this.#parent = value
    })
    this.announce('parent')
  }

  override now(): number {
    return this.fromParent(this.#parent.now())
  }

  override dispersionAt(ticks: number): number {
    // A clock that stands still reads the same whatever the time is, and 0 times an error without bound is none.
    if (this.speed === 0) return this.errorAt(this.#parent.now())
    const parentTicks = this.toParent(ticks)
    // A parent that is off by a moment is off by more of this clock's time the faster this clock runs.
    return this.errorAt(parentTicks) + this.#parent.dispersionAt(parentTicks) * Math.abs(this.speed)
  }

  /** What this clock alone adds to the dispersion, in seconds, when the parent reads `parentTicks`. */
  protected abstract errorAt(parentTicks: number): number
}
