import type { Clock } from '../../clocks/index.js'
import type { ControlTimestamp } from '../../messages/index.js'
import { ClockTimelineSource } from '../../timelines/index.js'

/** A timeline that a television has to look for in the stream: found some time after it was first asked for, and forgotten when nobody wants it. */
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
