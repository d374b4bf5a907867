import { type Cii, type TimelineOption, tickRateOf, tickRateOfSelector } from '../messages/index.js'

/** A timeline to follow. */
export interface CompanionTimeline {
  /** A URI, for example `urn:dvb:css:timeline:pts`. */
  readonly selector: string
  /** Ticks per second. */
  readonly tickRate: number
}

export interface TimelineWishes {
  readonly timelineSelector: string | undefined
  readonly tickRate: number | undefined
}

/**
 * Which timeline to follow. The one asked for, as soon as its tick rate is known: given, offered, or plain from the
 * selector. If none was asked for, the first one offered; and that is kept for as long as the television offers it, or
 * offers none at all, as it may for a moment while it changes channel.
 */
export function pickTimeline(
  { timelines }: Cii,
  { timelineSelector, tickRate }: TimelineWishes,
  current: CompanionTimeline | undefined,
): CompanionTimeline | undefined {
  const offered = timelines ?? []
  const optionFor = (selector: string): TimelineOption | undefined =>
    offered.find((option) => option.timelineSelector === selector)
  if (timelineSelector !== undefined) {
    const option = optionFor(timelineSelector)
    const rate = tickRate ?? (option && tickRateOf(option.timelineProperties)) ?? tickRateOfSelector(timelineSelector)
    // A rate that was known once is the best guess while the timeline is not offered.
    return rate === undefined ? current : { selector: timelineSelector, tickRate: rate }
  }
  const option = (current && optionFor(current.selector)) ?? offered[0]
  if (option === undefined) return current
  return { selector: option.timelineSelector, tickRate: tickRateOf(option.timelineProperties) }
}
