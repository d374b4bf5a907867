const PTS_SELECTOR = 'urn:dvb:css:timeline:pts'
const PTS_TICK_RATE = 90_000
/** PTS has 33 bits (ISO/IEC 13818-1, 2.4.3.7). */
const PTS_RANGE = 2 ** 33
const MPD_PERIOD_SELECTOR = /^urn:dvb:css:timeline:mpd:period:rel:([1-9]\d{0,14})(?::|$)/

/** Ticks per second that the selector itself defines, as for PTS and DASH periods; undefined for others. */
export function tickRateOfSelector(selector: string): number | undefined {
  if (selector === PTS_SELECTOR) return PTS_TICK_RATE
  const rate = MPD_PERIOD_SELECTOR.exec(selector)?.[1]
  return rate === undefined ? undefined : Number(rate)
}

/** Number of ticks after which the timeline wraps to 0, as for PTS; undefined if it does not wrap. */
export function rangeOfSelector(selector: string): number | undefined {
  return selector === PTS_SELECTOR ? PTS_RANGE : undefined
}
