import { type ControlTimestamp, checkControlTimestamp, equalControlTimestamps } from '../messages/index.js'
import { checkOption, type OptionType, option } from '../validation/index.js'
import { TimelineSource } from './timeline-source.js'

type Recognises = (timelineSelector: string) => boolean

const SELECTOR: OptionType<string | Recognises> = option.either(option.string(), option.func<Recognises>())

/** A source whose control timestamp the app sets itself: for one timeline, or for all that a predicate accepts. */
export class FixedTimelineSource extends TimelineSource {
  readonly #recognises: Recognises
  #timestamp: ControlTimestamp | undefined

  /**
   * @param timelineSelector the selector, or a predicate for several that share the timestamp.
   * @param timestamp the control timestamp; undefined if it is not known yet, in which case clients are sent nothing.
   */
  constructor(timelineSelector: string | Recognises, timestamp?: ControlTimestamp) {
    super()
    checkOption('timelineSelector', SELECTOR, timelineSelector)
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

  /** The control timestamp that clients are sent. Setting it notifies them. */
  get timestamp(): ControlTimestamp | undefined {
    return this.#timestamp
  }

  /** @throws MessageError that names the property. */
  set timestamp(timestamp: ControlTimestamp | undefined) {
    const before = this.#timestamp
    this.#timestamp = timestamp === undefined ? undefined : checkControlTimestamp(timestamp)
    if (before && this.#timestamp && equalControlTimestamps(before, this.#timestamp)) return
    this.changed()
  }
}
