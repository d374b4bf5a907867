import { NANOS_PER_SECOND } from '../clocks/index.js'
import { describe, shorten } from './cii-message-rules.js'
import { isIntegerString, type JsonObject, readObject } from './json-values.js'
import { CLAUSE_TS, eachOf, fail, type Outcome, pass, type Rule, skipped, warn } from './rule.js'
import {
  allTimestamps,
  connectionsOf,
  latestTimestamps,
  positionOf,
  type TsObservations,
  timestampsOf,
} from './ts-observations.js'
import { deviation, isRateError } from './ts-position.js'

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
    severity: 'fault',
    harm: 'Every companion: it cannot read the message. pydvbcss and dvbcss-protocols throw an error.',
    step: 'ts-observation',
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
  timestampRule(
    'ts-properties',
    'a control timestamp has all three properties',
    'Every companion: pydvbcss rejects the message.',
    (timestamp) => {
      const missing = PROPERTIES.filter((name) => !(name in timestamp))
      return missing.length === 0 ? undefined : fail(PROPERTIES.join(', '), `${missing.join(', ')} missing`)
    },
  ),
  timestampRule(
    'ts-integers-in-strings',
    'the times are decimal integers in strings',
    'pydvbcss: it rejects times that are numbers. Times beyond 2^53 lose precision as numbers.',
    (timestamp) => {
      const { contentTime, wallClockTime } = timestamp
      // That a property is missing is the business of ts-properties.
      if (contentTime !== undefined && contentTime !== null && !isIntegerString(contentTime)) {
        return fail('a contentTime such as "900000", or null', describe(contentTime))
      }
      return wallClockTime === undefined || isIntegerString(wallClockTime)
        ? undefined
        : fail('a wallClockTime such as "900000"', describe(wallClockTime))
    },
  ),
  timestampRule(
    'ts-speed-finite',
    'the speed is a finite number or null',
    'Every companion: it cannot tell how fast the timeline runs.',
    ({ timelineSpeedMultiplier: speed }) =>
      speed === undefined || speed === null || Number.isFinite(speed)
        ? undefined
        : fail('a finite number or null', typeof speed === 'number' ? `${speed}` : describe(speed)),
  ),
  timestampRule(
    'ts-null-together',
    'contentTime and timelineSpeedMultiplier are null together',
    'Every companion: it cannot tell whether the timeline is available.',
    (timestamp) => {
      const { contentTime, timelineSpeedMultiplier: speed } = timestamp
      if (contentTime === undefined || speed === undefined) return undefined
      return (contentTime === null) === (speed === null)
        ? undefined
        : fail(
            'both null, or neither',
            `contentTime ${describe(contentTime)}, timelineSpeedMultiplier ${describe(speed)}`,
          )
    },
  ),
  {
    id: 'ts-wall-clock-time-near',
    title: 'wallClockTime is a time of the wall clock that CSS-WC serves',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Every companion: the position that it computes is wrong by the difference.',
    step: 'ts-observation',
    judge: wallClockTimeNear,
  },
  {
    id: 'ts-drift',
    title: 'the timeline advances at its stated tick rate and speed',
    source: CLAUSE_TS,
    severity: 'fault',
    harm: 'Every companion: it drifts from the television between two control timestamps.',
    step: 'ts-second-connection',
    judge: drift,
  },
]

function timestampRule(
  id: string,
  title: string,
  harm: string,
  problemWith: (timestamp: JsonObject) => Outcome | undefined,
): Rule<TsObservations> {
  return {
    id,
    title,
    source: CLAUSE_TS,
    severity: 'fault',
    harm,
    step: 'ts-observation',
    judge: (observed) => {
      const timestamps = allTimestamps(observed).map(({ timestamp }) => timestamp)
      return eachOf(timestamps, problemWith, `in all of ${timestamps.length}`)
    },
  }
}

function wallClockTimeNear(observed: TsObservations): Outcome {
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
  const oldest = Math.max(...seen.map(({ age }) => age))
  const outcome = eachOf(
    seen,
    ({ stated, now, age }) => {
      const expected = `nanoseconds of the wall clock, whose time was ${now}`
      const got = `${stated}, ${Math.abs(age).toFixed(1)} s ${age > 0 ? 'before' : 'after'} that`
      if (unit !== undefined) return fail(expected, `${stated}, which is in ${unit[1]}`)
      if (age > OTHER_EPOCH_SECONDS || age < -AHEAD_SECONDS) return fail(expected, got)
      return age > OLD_SECONDS ? warn(expected, got) : undefined
    },
    `at most ${oldest.toFixed(3)} s old`,
  )
  if (seen.length === 0) return outcome
  return { ...outcome, measurements: [{ name: 'age of the oldest control timestamp', value: oldest, unit: 's' }] }
}

function drift(observed: TsObservations): Outcome {
  const { tickRate, last } = observed
  const from = latestTimestamps(observed).at(-1)
  const [to] = timestampsOf(last)
  const speed = positionOf(from)?.speed
  if (speed === undefined || positionOf(to) === undefined) {
    return skipped('the timeline was not available for two measurements')
  }
  if (tickRate === undefined) return skipped('unknown tick rate: CII does not list the timeline')
  if (speed === 0) return skipped('the timeline was paused')
  const found = deviation(from, to, observed)
  if (found === undefined || speed !== positionOf(to)?.speed) return skipped('the speed changed during the observation')
  const { seconds, ticks, expectedTicks, allowedTicks, isWithin, isJitter } = found
  if (seconds === 0) return pass('same control timestamp both times')
  const over = `in ${seconds.toFixed(3)} s at speed ${speed}`
  const measurement = {
    name: 'deviation of the timeline',
    value: (ticks - expectedTicks) / tickRate,
    unit: 's',
  } as const
  if (!isWithin && wallClockTimeNear(observed).verdict === 'fail')
    return skipped('wallClockTime is not a time of the wall clock')
  if (isWithin) return pass(`${ticks} ticks ${over}, ${expectedTicks.toFixed(0)} expected`, measurement)
  if (!isRateError(observed)) return skipped('the timeline jumped between the two measurements')
  return (isJitter ? warn : fail)(
    `${expectedTicks.toFixed(0)} ± ${allowedTicks.toFixed(0)} ticks ${over}`,
    `${ticks}`,
    measurement,
  )
}
