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
  readonly reason: ClockChangeReason
}

export type ClockChangeListener = (change: ClockChange) => void
