import { asObject, type JsonObject } from './json-values.js'

/** The timeline to request, and its known properties. */
export interface ChosenTimeline {
  readonly selector: string
  /** Whether CII lists it; undefined without a CII. */
  readonly listed: boolean | undefined
  readonly tickRate: number | undefined
  readonly accuracySeconds: number | undefined
}

const PTS = 'urn:dvb:css:timeline:pts'
const PTS_TICKS_PER_SECOND = 90_000

/** The requested selector; else PTS if CII lists it, else the first that CII lists. */
export function chooseTimeline(cii: JsonObject, requested: string | undefined): ChosenTimeline {
  const options = (Array.isArray(cii.timelines) ? cii.timelines : [])
    .map(asObject)
    .filter((option) => typeof option?.timelineSelector === 'string')
  const selectors = options.map((option) => option?.timelineSelector as string)
  const selector = requested ?? (selectors.includes(PTS) ? PTS : (selectors[0] ?? PTS))
  const listed = Object.keys(cii).length === 0 ? undefined : selectors.includes(selector)
  const properties = asObject(options[selectors.indexOf(selector)]?.timelineProperties)
  const { unitsPerSecond, unitsPerTick, accuracy } = properties ?? {}
  const isStated =
    typeof unitsPerSecond === 'number' && typeof unitsPerTick === 'number' && unitsPerSecond > 0 && unitsPerTick > 0
  return {
    selector,
    listed,
    tickRate: isStated ? unitsPerSecond / unitsPerTick : rateOf(selector),
    accuracySeconds: typeof accuracy === 'number' ? accuracy : undefined,
  }
}

/** The tick rate that the selector itself defines. */
function rateOf(selector: string): number | undefined {
  if (selector === PTS) return PTS_TICKS_PER_SECOND
  const ticks = /^urn:dvb:css:timeline:mpd:period:rel:(\d+)(:|$)/.exec(selector)?.[1]
  return ticks === undefined ? undefined : Number(ticks)
}
