import { type ControlTimestamp, checkControlTimestamp, equalControlTimestamps } from '../messages/index.js'
import { describeValue } from '../validation/index.js'
import { TimelineSource } from './timeline-source.js'

/** A source whose control timestamp the app sets itself: for one timeline, or for all that a predicate accepts. */
export class FixedTimelineSource extends TimelineSource {
  readonly #recognises: (timelineSelector: string) => boolean
  #timestamp: ControlTimestamp | undefined

  /**
   * @param timelineSelector the selector, or a predicate for several that share the timestamp.
   * @param timestamp what to say; undefined for "not known yet".
   */
  constructor(timelineSelector: string | ((timelineSelector: string) => boolean), timestamp?: ControlTimestamp) {
    super()
    if (typeof timelineSelector !== 'string' && typeof timelineSelector !== 'function') {
      throw new TypeError(
        `FixedTimelineSource: timelineSelector: expected a string or a function, got ${describeValue(timelineSelector)}`,
      )
    }
    this.#recognises =
      typeof timelineSelector === 'function' ? timelineSelector : (selector) => selector === timelineSelector
    this.#timestamp = timestamp === undefined ? undefined : checkControlTimestamp(timestamp)
  }

  override recognises(timelineSelector: string): boolean {
    return this.#recognises(timelineSelector)
  }

  override controlTimestamp(_timelineSelector: string): ControlTimestamp | undefined {
    return this.#timestamp
  }

  /** What clients are told. Setting it tells them at once. */
  get timestamp(): ControlTimestamp | undefined {
    return this.#timestamp
  }

  /** @throws TypeError that names the property. */
  set timestamp(timestamp: ControlTimestamp | undefined) {
    const before = this.#timestamp
    this.#timestamp = timestamp === undefined ? undefined : checkControlTimestamp(timestamp)
    if (before && this.#timestamp && equalControlTimestamps(before, this.#timestamp)) return
    this.changed()
  }
}
