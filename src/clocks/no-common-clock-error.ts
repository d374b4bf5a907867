import type { Clock } from './clock.js'

/** Two clocks have no ancestor in common, so ticks of the one say nothing about the other. The message names both. */
export class NoCommonClockError extends Error {
  override readonly name: string = 'NoCommonClockError'
  readonly clock: Clock
  readonly other: Clock

  constructor(clock: Clock, other: Clock) {
    super(`${clock.name} (root ${clock.root.name}) and ${other.name} (root ${other.root.name}) have no common ancestor`)
    this.clock = clock
    this.other = other
  }
}
