import type { Clock } from '../clocks/index.js'
import type { ControlTimestamp } from '../messages/index.js'
import { ClockTimelineSource } from '../timelines/index.js'

/**
 * A timeline that the television must search for in the stream: available some time after the first client requests it,
 * and dropped when the last one leaves.
 */
export class SearchedTimelineSource extends ClockTimelineSource {
  readonly #searchMilliseconds: number
  #search: NodeJS.Timeout | undefined
  #found = false

  constructor(timelineSelector: string, wallClock: Clock, clock: Clock, searchMilliseconds: number) {
    super(timelineSelector, wallClock, clock)
    this.#searchMilliseconds = searchMilliseconds
  }

  override selectorNeeded(): void {
    this.#search = setTimeout(() => {
      this.#found = true
      this.changed()
    }, this.#searchMilliseconds)
  }

  override selectorNotNeeded(): void {
    clearTimeout(this.#search)
    this.#found = false
  }

  override controlTimestamp(timelineSelector: string): ControlTimestamp {
    return (this.#found ? super.controlTimestamp(timelineSelector) : undefined) as ControlTimestamp
  }
}
