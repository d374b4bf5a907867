import { type Cii, type TimelineOption, tickRateOf, tickRateOfSelector } from '../messages/index.js'

/** A timeline that a companion follows. */
export interface CompanionTimeline {
  /** Timeline selector: a URI, for example `urn:dvb:css:timeline:pts`. */
  readonly selector: string
  /** Ticks per second. */
  readonly tickRate: number
}

export interface TimelineWishes {
  readonly timelineSelector: string | undefined
  readonly tickRate: number | undefined
}

/**
 * Selects the timeline to follow. A requested timeline is followed once its tick rate is known: from the options, from CII or from
 * the selector itself. Otherwise it is the first timeline that CII lists. That one is kept for as long as CII lists it, or lists
 * none at all, which can happen briefly during a channel change.
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
    // While CII does not list the timeline, use its last known tick rate.
    return rate === undefined ? current : { selector: timelineSelector, tickRate: rate }
  }
  const option = (current && optionFor(current.selector)) ?? offered[0]
  if (option === undefined) return current
  return { selector: option.timelineSelector, tickRate: tickRateOf(option.timelineProperties) }
}
