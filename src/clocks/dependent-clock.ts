import { checkOption, InvalidOptionError } from '../validation/index.js'
import { CLOCK_TYPE, Clock, type ClockOptions } from './clock.js'

/** A clock that is derived from a parent, which can be replaced. */
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

  /** @throws InvalidOptionError, also if the new parent is this clock or derived from it */
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
    // The reading of a stopped clock does not depend on the parent's error, even if that is infinite.
    if (this.speed === 0) return this.errorAt(this.#parent.now())
    const parentTicks = this.toParent(ticks)
    // The error of the parent is multiplied by the speed of this clock.
    return this.errorAt(parentTicks) + this.#parent.dispersionAt(parentTicks) * Math.abs(this.speed)
  }

  /** The contribution of this clock to the dispersion when the parent reads `parentTicks`, in seconds. */
  protected abstract errorAt(parentTicks: number): number
}
