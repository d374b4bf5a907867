import type { Clock } from './clock.js'

/** What was altered. `correlationAndSpeed`: both, in one step. */
export type ClockChangeReason =
  | 'correlation'
  | 'speed'
  | 'correlationAndSpeed'
  | 'tickRate'
  | 'availability'
  | 'parent'
  | 'offset'

/** What a listener of a clock is told: not the clock it listens to, but the one whose own property was altered. */
export interface ClockChange {
  /** The clock that was altered: the one listened to, or one of its ancestors. */
  readonly clock: Clock
  readonly reason: ClockChangeReason
}

export type ClockChangeListener = (change: ClockChange) => void
