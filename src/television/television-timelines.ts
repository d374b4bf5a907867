import { type Clock, CorrelatedClock } from '../clocks/index.js'
import type { TimelineOption } from '../messages/index.js'
import type { TsServer } from '../server/ts/index.js'
import { ClockTimelineSource } from '../timelines/index.js'
import type { TimelineState } from './protocol/index.js'
import { SearchedTimelineSource } from './searched-timeline-source.js'

/** The timelines of this television. */
export const TIMELINES = {
  /** The timeline of the programme: that of the media, in seconds from its beginning. */
  pts: { selector: 'urn:dvb:css:timeline:pts', ticksPerSecond: 90_000 },
  /** Derived from that of the programme. */
  temi: { selector: 'urn:dvb:css:timeline:temi:1:1', ticksPerSecond: 1000 },
  /** Available and unavailable in turn. */
  intermittent: { selector: 'urn:dvb:css:timeline:temi:1:2', ticksPerSecond: 1000 },
  /** Searched for when a companion first requests it. */
  searched: { selector: 'urn:dvb:css:timeline:mpd:period:rel:1000', ticksPerSecond: 1000 },
} as const

type TimelineName = keyof typeof TIMELINES

const NAMES = Object.keys(TIMELINES) as TimelineName[]

/** The timelines of a television, all derived from the position in the programme. Each can be made unavailable. */
export class TelevisionTimelines {
  readonly #clocks: Record<TimelineName, CorrelatedClock>

  /** @param programme the position in the programme, which its own timeline states; at {@link TIMELINES.pts}' tick rate */
  constructor(ts: TsServer, wallClock: Clock, programme: Clock, searchMilliseconds: number) {
    const derived = (name: TimelineName) =>
      new CorrelatedClock(programme, { tickRate: TIMELINES[name].ticksPerSecond, name })
    this.#clocks = {
      pts: derived('pts'),
      temi: derived('temi'),
      intermittent: derived('intermittent'),
      searched: derived('searched'),
    }
    for (const name of NAMES) {
      const { selector } = TIMELINES[name]
      const clock = this.#clocks[name]
      const source =
        name === 'searched'
          ? new SearchedTimelineSource(selector, wallClock, clock, searchMilliseconds)
          : new ClockTimelineSource(selector, wallClock, clock)
      ts.attachTimelineSource(source)
    }
  }

  /** @returns false if there is no such timeline */
  setAvailable(selector: string, available: boolean): boolean {
    const name = NAMES.find((each) => TIMELINES[each].selector === selector)
    if (name === undefined) return false
    this.#clocks[name].available = available
    return true
  }

  isAvailable(selector: string): boolean {
    return this.states.some((each) => each.selector === selector && each.available)
  }

  get states(): TimelineState[] {
    return NAMES.map((name) => ({
      selector: TIMELINES[name].selector,
      unitsPerSecond: TIMELINES[name].ticksPerSecond,
      available: this.#clocks[name].available,
    }))
  }

  /** Those that are available, as CSS-CII lists them. */
  get listed(): TimelineOption[] {
    return this.states
      .filter(({ available }) => available)
      .map(({ selector, unitsPerSecond }) => ({
        timelineSelector: selector,
        timelineProperties: { unitsPerTick: 1, unitsPerSecond },
      }))
  }
}
