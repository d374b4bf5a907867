import { type Clock, CorrelatedClock } from '../../clocks/index.js'
import type { SleepWatch } from './sleep-watch.js'

/**
 * The clock of a wall clock client. After the machine has slept, the first reading makes it unavailable, and its error bound covers
 * the sleep, so clocks derived from it do not rely on outdated measurements.
 */
export class WatchedClock extends CorrelatedClock {
  readonly #watch: SleepWatch
  readonly #slept: () => void

  /** @param slept called at every reading after sleep; it must not change this clock synchronously. */
  constructor(parent: Clock, name: string, watch: SleepWatch, slept: () => void) {
    super(parent, { available: false, name })
    this.#watch = watch
    this.#slept = slept
  }

  override now(): number {
    const millis = this.#watch.millis()
    const parentTicks = this.parent.now()
    if (this.#watch.hasSlept(millis, parentTicks)) this.#slept()
    return this.fromParent(parentTicks)
  }

  override get available(): boolean {
    if (!super.available) return false
    const slept = this.#watch.hasSlept()
    if (slept) this.#slept()
    return !slept
  }

  override set available(value: boolean) {
    super.available = value
  }

  protected override errorAt(parentTicks: number): number {
    return super.errorAt(parentTicks) + this.#watch.gapSeconds
  }
}
