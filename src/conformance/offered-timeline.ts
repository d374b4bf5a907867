import { asObject, type JsonObject } from './values.js'

/** The timeline to ask for, and what is known of it. */
export interface ChosenTimeline {
  readonly selector: string
  /** Whether CII lists it; undefined without a CII. */
  readonly listed: boolean | undefined
  readonly tickRate: number | undefined
  readonly accuracySeconds: number | undefined
}

const PTS = 'urn:dvb:css:timeline:pts'
const PTS_TICKS_PER_SECOND = 90_000

/** The selector that was asked for; else the presentation timestamps if CII lists them, else the first that it lists. */
export function chooseTimeline(cii: JsonObject, asked: string | undefined): ChosenTimeline {
  const options = (Array.isArray(cii.timelines) ? cii.timelines : [])
    .map(asObject)
    .filter((option) => typeof option?.timelineSelector === 'string')
  const selectors = options.map((option) => option?.timelineSelector as string)
  const selector = asked ?? (selectors.includes(PTS) ? PTS : (selectors[0] ?? PTS))
  const listed = Object.keys(cii).length === 0 ? undefined : selectors.includes(selector)
  const properties = asObject(options[selectors.indexOf(selector)]?.timelineProperties)
  const { unitsPerSecond, unitsPerTick, accuracy } = properties ?? {}
  const stated = typeof unitsPerSecond === 'number' && typeof unitsPerTick === 'number' && unitsPerTick > 0
  return {
    selector,
    listed,
    tickRate: stated ? unitsPerSecond / unitsPerTick : rateOf(selector),
    accuracySeconds: typeof accuracy === 'number' ? accuracy : undefined,
  }
}

/** The tick rate that a selector itself tells. */
function rateOf(selector: string): number | undefined {
  if (selector === PTS) return PTS_TICKS_PER_SECOND
  const ticks = /^urn:dvb:css:timeline:mpd:period:rel:(\d+)(:|$)/.exec(selector)?.[1]
  return ticks === undefined ? undefined : Number(ticks)
}
