/** How far back errors are kept. */
export const HISTORY_SECONDS = 60
/** Readings further apart than this are not joined by a line. */
const GAP_SECONDS = 1
/** The plot shows at least ± this. */
const LEAST_RANGE_SECONDS = 0.02
/** The range holds this part of the readings: a single jump must not flatten all others. */
const SHOWN_PART = 0.9

/** An error at a moment, in seconds. */
export interface ErrorReading {
  readonly at: number
  readonly errorSeconds: number
}

/** Adds a reading, if there is one, and forgets the old ones. */
export function withReading(
  readings: readonly ErrorReading[],
  at: number,
  errorSeconds: number | undefined,
): readonly ErrorReading[] {
  const recent = readings.filter((reading) => at - reading.at <= HISTORY_SECONDS)
  return errorSeconds === undefined ? recent : [...recent, { at, errorSeconds }]
}

/** The readings in pieces, parted where there was none for a while. */
export function piecesOf(readings: readonly ErrorReading[]): readonly (readonly ErrorReading[])[] {
  const pieces: ErrorReading[][] = []
  let last: ErrorReading | undefined
  for (const reading of readings) {
    if (last === undefined || reading.at - last.at > GAP_SECONDS) pieces.push([])
    pieces.at(-1)?.push(reading)
    last = reading
  }
  return pieces
}

/** How large an error the plot shows: 1, 2 or 5 times a power of ten. */
export function rangeOf(readings: readonly ErrorReading[]): number {
  const sizes = readings.map(({ errorSeconds }) => Math.abs(errorSeconds)).sort((a, b) => a - b)
  const typical = sizes[Math.floor(sizes.length * SHOWN_PART)] ?? 0
  const wanted = Math.max(LEAST_RANGE_SECONDS, typical * 1.2)
  const power = 10 ** Math.floor(Math.log10(wanted))
  return [1, 2, 5, 10].map((step) => step * power).find((range) => range >= wanted * 0.999) ?? wanted
}
