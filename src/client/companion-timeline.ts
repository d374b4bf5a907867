import { type Cii, type TimelineOption, tickRateOf } from '../messages/index.js'

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

const PTS_SELECTOR = 'urn:dvb:css:timeline:pts'
const PTS_TICK_RATE = 90_000
/** PTS has 33 bits (ISO/IEC 13818-1, 2.4.3.7). */
const PTS_RANGE = 2 ** 33
const MPD_PERIOD_SELECTOR = /^urn:dvb:css:timeline:mpd:period:rel:([1-9]\d{0,14})(?::|$)/

/** Ticks per second that the selector itself stands for, as those of PTS and of DASH periods do. */
export function tickRateOfSelector(selector: string): number | undefined {
  if (selector === PTS_SELECTOR) return PTS_TICK_RATE
  const rate = MPD_PERIOD_SELECTOR.exec(selector)?.[1]
  return rate === undefined ? undefined : Number(rate)
}

/** After how many ticks a timeline begins at 0 again, as PTS does; undefined where it does not. */
export function rangeOfSelector(selector: string): number | undefined {
  return selector === PTS_SELECTOR ? PTS_RANGE : undefined
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
