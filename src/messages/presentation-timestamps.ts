import { decodeInteger, encodeInteger } from './integer-string.js'
import { mistyped, readObject, requireObject, type UnknownObject } from './read-field.js'

/** Relates content time, in ticks of the timeline, to wall clock time, in nanoseconds. */
export interface PresentationTimestamp {
  /** Ticks of the timeline. */
  contentTime: bigint
  /** The wall clock at that tick, in nanoseconds. */
  wallClockTime: bigint
}

/** The earliest possible presentation; `minusinfinity` if there is no lower bound. */
export interface EarliestPresentationTimestamp {
  /** Ticks of the timeline. */
  contentTime: bigint
  /** The earliest time at which the companion can present that tick, in nanoseconds of the wall clock. */
  wallClockTime: bigint | 'minusinfinity'
}

/** The latest possible presentation; `plusinfinity` if there is no upper bound. */
export interface LatestPresentationTimestamp {
  /** Ticks of the timeline. */
  contentTime: bigint
  /** The latest time at which the companion can present that tick, in nanoseconds of the wall clock. */
  wallClockTime: bigint | 'plusinfinity'
}

/** A CSS-TS client's actual presentation and its earliest and latest possible ones (TS 103 286-2, clause 5.7). */
export interface PresentationTimestamps {
  /** The current presentation. Absent: not reported. */
  actual?: PresentationTimestamp
  /** The earliest presentation that the companion is capable of. */
  earliest: EarliestPresentationTimestamp
  /** The latest presentation that the companion is capable of. */
  latest: LatestPresentationTimestamp
}

type AnyPresentationTimestamp = PresentationTimestamp | EarliestPresentationTimestamp | LatestPresentationTimestamp

/** Decodes presentation timestamps from a parsed JSON value. @throws MessageError that names the invalid property. */
export function decodePresentationTimestamps(value: unknown): PresentationTimestamps {
  const source = requireObject('presentation timestamps', value)
  const timestamps: PresentationTimestamps = {
    earliest: decodeBound('earliest', source.earliest, 'minusinfinity'),
    latest: decodeBound('latest', source.latest, 'plusinfinity'),
  }
  const actual = source.actual
  if (actual !== undefined) timestamps.actual = decodeActual(actual)
  return timestamps
}

/** Encodes presentation timestamps as JSON. @throws MessageError if a time is neither a bigint nor the permitted infinity. */
export function encodePresentationTimestamps({ actual, earliest, latest }: PresentationTimestamps): string {
  const first = actual === undefined ? '' : `"actual":${encodeTimestamp('actual', actual, undefined)},`
  const bounds = `"earliest":${encodeTimestamp('earliest', earliest, 'minusinfinity')},"latest":${encodeTimestamp('latest', latest, 'plusinfinity')}`
  return `{${first}${bounds}}`
}

/** Whether two messages are equal. */
export function equalPresentationTimestamps(a: PresentationTimestamps, b: PresentationTimestamps): boolean {
  return (
    equalTimestamps(a.earliest, b.earliest) &&
    equalTimestamps(a.latest, b.latest) &&
    (a.actual === undefined || b.actual === undefined ? a.actual === b.actual : equalTimestamps(a.actual, b.actual))
  )
}

function decodeActual(value: unknown): PresentationTimestamp {
  const source = readObject('actual', value)
  return {
    contentTime: decodeContentTime('actual', source),
    wallClockTime: decodeInteger('actual.wallClockTime', source.wallClockTime),
  }
}

function decodeBound<Infinite extends string>(
  field: string,
  value: unknown,
  infinity: Infinite,
): { contentTime: bigint; wallClockTime: bigint | Infinite } {
  const source = readObject(field, value)
  const wallClockTime = source.wallClockTime
  return {
    contentTime: decodeContentTime(field, source),
    wallClockTime: wallClockTime === infinity ? infinity : decodeInteger(`${field}.wallClockTime`, wallClockTime),
  }
}

function decodeContentTime(field: string, source: UnknownObject): bigint {
  return decodeInteger(`${field}.contentTime`, source.contentTime)
}

function encodeTimestamp(field: string, timestamp: AnyPresentationTimestamp, infinity: string | undefined): string {
  const { contentTime, wallClockTime } = timestamp
  const content = encodeInteger(`${field}.contentTime`, contentTime)
  return `{"contentTime":${content},"wallClockTime":${encodeWallClockTime(field, wallClockTime, infinity)}}`
}

function encodeWallClockTime(field: string, time: bigint | string, infinity: string | undefined): string {
  if (typeof time === 'bigint') return `"${time}"`
  if (time === infinity) return `"${infinity}"`
  throw mistyped(`${field}.wallClockTime`, infinity === undefined ? 'a bigint' : `a bigint or "${infinity}"`, time)
}

function equalTimestamps(a: AnyPresentationTimestamp, b: AnyPresentationTimestamp): boolean {
  return a.contentTime === b.contentTime && a.wallClockTime === b.wallClockTime
}
