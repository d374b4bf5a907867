import { NANOS_PER_SECOND } from '../clocks/index.js'
import { describe, shorten } from './cii-message-rules.js'
import { isIntegerString, type JsonObject, readObject } from './json-values.js'
import { CLAUSE_TS, eachOf, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import {
  allTimestamps,
  connectionsOf,
  type Position,
  positionOf,
  type SetUpConnection,
  type TsObservations,
  timestampsOf,
} from './ts-observations.js'

const PROPERTIES = ['contentTime', 'wallClockTime', 'timelineSpeedMultiplier']
/** A control timestamp further in the future is not yet valid: a companion would have to wait for it. */
const AHEAD_SECONDS = 10
/** A control timestamp may be as old as the programme, but no programme plays for this long. */
const OLD_SECONDS = 24 * 3600
const OTHER_EPOCH_SECONDS = 30 * OLD_SECONDS
/** Factors by which a wall clock in other units than nanoseconds is wrong. */
const UNITS = [
  [1_000n, 'microseconds'],
  [1_000_000n, 'milliseconds'],
  [1_000_000_000n, 'seconds'],
] as const

/** The values of the properties, in all control timestamps. */
export const TS_TIMESTAMP_RULES: readonly Rule<TsObservations>[] = [
  {
    id: 'ts-json-text',
    title: 'a control timestamp is a JSON object in a text frame',
    source: CLAUSE_TS,
    judge: (observed) =>
      eachOf(
        connectionsOf(observed).flatMap(({ record }) => record.frames),
        ({ text, bytes }) => {
          if (text === undefined) return fail('a text frame', `a binary frame of ${bytes?.length} bytes`)
          return readObject(text) === undefined ? fail('a JSON object', shorten(text)) : undefined
        },
        'all are',
      ),
  },
  timestampRule('ts-properties', 'a control timestamp has all three properties', (timestamp) => {
    const missing = PROPERTIES.filter((name) => !(name in timestamp))
    return missing.length === 0 ? undefined : fail(PROPERTIES.join(', '), `${missing.join(', ')} missing`)
  }),
  timestampRule('ts-integers-in-strings', 'the times are decimal integers in strings', (timestamp) => {
    const { contentTime, wallClockTime } = timestamp
    if (contentTime !== null && !isIntegerString(contentTime)) {
      return fail('a contentTime such as "900000", or null', describe(contentTime))
    }
    return isIntegerString(wallClockTime)
      ? undefined
      : fail('a wallClockTime such as "900000"', describe(wallClockTime))
  }),
  timestampRule('ts-speed-finite', 'the speed is a finite number or null', ({ timelineSpeedMultiplier: speed }) =>
    speed === null || Number.isFinite(speed)
      ? undefined
      : fail('a finite number or null', typeof speed === 'number' ? `${speed}` : describe(speed)),
  ),
  timestampRule('ts-null-together', 'contentTime and timelineSpeedMultiplier are null together', (timestamp) => {
    const { contentTime, timelineSpeedMultiplier: speed } = timestamp
    return (contentTime === null) === (speed === null)
      ? undefined
      : fail(
          'both null, or neither',
          `contentTime ${describe(contentTime)}, timelineSpeedMultiplier ${describe(speed)}`,
        )
  }),
  {
    id: 'ts-wall-clock-time-near',
    title: 'wallClockTime is a time of the wall clock that CSS-WC serves',
    source: CLAUSE_TS,
    judge: (observed) => {
      const { wallClockOffsetNanos: offset } = observed
      if (offset === undefined) return skipped('no wall clock for comparison')
      const timed = allTimestamps(observed).filter(({ timestamp }) => isIntegerString(timestamp.wallClockTime))
      const seen = timed.map(({ timestamp, atNanos }) => {
        const stated = BigInt(timestamp.wallClockTime as string)
        const now = atNanos + offset
        return { stated, now, age: Number(now - stated) / NANOS_PER_SECOND }
      })
      // All of them must match, because a single one may have that age by chance.
      const unit = UNITS.find(([factor]) =>
        seen.every(({ stated, now }) => Math.abs(Number(stated * factor - now)) / NANOS_PER_SECOND < AHEAD_SECONDS),
      )
      return eachOf(
        seen,
        ({ stated, now, age }) => {
          const expected = `nanoseconds of the wall clock, whose time was ${now}`
          const got = `${stated}, ${Math.abs(age).toFixed(1)} s ${age > 0 ? 'before' : 'after'} that`
          if (unit !== undefined) return fail(expected, `${stated}, which is in ${unit[1]}`)
          if (age > OTHER_EPOCH_SECONDS || age < -AHEAD_SECONDS) return fail(expected, got)
          return age > OLD_SECONDS ? warn(expected, got) : undefined
        },
        `at most ${Math.max(...seen.map(({ age }) => age)).toFixed(3)} s old`,
      )
    },
  },
  {
    id: 'ts-drift',
    title: 'the timeline advances at its stated tick rate and speed',
    source: CLAUSE_TS,
    judge: drift,
  },
]

function timestampRule(
  id: string,
  title: string,
  problemWith: (timestamp: JsonObject) => Outcome | undefined,
): Rule<TsObservations> {
  return {
    id,
    title,
    source: CLAUSE_TS,
    judge: (observed) => {
      const timestamps = allTimestamps(observed).map(({ timestamp }) => timestamp)
      return eachOf(timestamps, problemWith, `in all of ${timestamps.length}`)
    },
  }
}

/** Used if the television states no accuracy: the granularity of reading a decoder's clock. */
const DEFAULT_ACCURACY_SECONDS = 0.01
/** Between the clock of the stream and the wall clock. */
const RELATIVE_FREQ_ERROR = 500e-6
/** Both positions are rounded. */
const ROUNDING_TICKS = 2

function drift(observed: TsObservations): Outcome {
  const { tickRate, accuracySeconds, first, last } = observed
  const positions = positionsOf(first)
  const from = positions[0]
  const to = positionsOf(last)[0]
  if (from === undefined || to === undefined) return skipped('the timeline was not available for two measurements')
  if (tickRate === undefined) return skipped('unknown tick rate: CII does not list the timeline')
  if (from.speed === 0) return skipped('the timeline was paused')
  if (positions.length > 1 || from.speed !== to.speed) return skipped('the timeline changed during the observation')
  const seconds = Number(to.wallClockTime - from.wallClockTime) / NANOS_PER_SECOND
  if (seconds === 0) return pass('same control timestamp both times')
  const ticks = Number(to.contentTime - from.contentTime)
  const expected = seconds * tickRate * from.speed
  const allowed =
    (accuracySeconds ?? DEFAULT_ACCURACY_SECONDS) * tickRate + Math.abs(expected) * RELATIVE_FREQ_ERROR + ROUNDING_TICKS
  const over = `in ${seconds.toFixed(3)} s at speed ${from.speed}`
  return Math.abs(ticks - expected) <= allowed
    ? pass(`${ticks} ticks ${over}, ${expected.toFixed(0)} expected`)
    : fail(`${expected.toFixed(0)} ± ${allowed.toFixed(0)} ticks ${over}`, `${ticks}`)
}

function positionsOf(connection: SetUpConnection | undefined): (Position | undefined)[] {
  return timestampsOf(connection).map(positionOf)
}
