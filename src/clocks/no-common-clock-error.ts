import { DvbcssError } from '../validation/index.js'
import type { Clock } from './clock.js'

/**
 * Two clocks have no common ancestor, so ticks of one cannot be converted to ticks of the other. The message names both clocks and
 * their roots. Code `DVBCSS_ERR_NO_COMMON_CLOCK`.
 */
export class NoCommonClockError extends DvbcssError {
  /** The clock that ticks were to be converted from. */
  readonly clock: Clock
  /** The clock that ticks were to be converted to. */
  readonly other: Clock

  constructor(clock: Clock, other: Clock) {
    super(
      'DVBCSS_ERR_NO_COMMON_CLOCK',
      `${clock.name} (root ${clock.root.name}) and ${other.name} (root ${other.root.name}) have no common ancestor`,
    )
    this.clock = clock
    this.other = other
  }
}
