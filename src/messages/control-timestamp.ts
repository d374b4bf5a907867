import { NANOS_PER_SECOND } from '../clocks/index.js'
import { decodeInteger, encodeInteger, readBigint } from './integer-string.js'
import { MessageError } from './message-error.js'
import { readFiniteNumber, requireObject } from './read-field.js'

/** Where the content is, on the wall clock. Content time and speed are null together: no timeline at present. */
export interface ControlTimestamp {
  /** In ticks of the timeline. */
  contentTime: bigint | null
  /** In nanoseconds of the wall clock. */
  wallClockTime: bigint
  /** 1 at normal speed, 0 while paused. */
  timelineSpeedMultiplier: number | null
}

/** A control timestamp of a timeline that is available. */
export interface AvailableControlTimestamp extends ControlTimestamp {
  contentTime: bigint
  timelineSpeedMultiplier: number
}

/** Reads a control timestamp from a parsed JSON value. @throws MessageError that names the property. */
export function decodeControlTimestamp(value: unknown): ControlTimestamp {
  const { contentTime, wallClockTime, timelineSpeedMultiplier } = requireObject('control timestamp', value)
  return checkNulls({
    contentTime: contentTime === null ? null : decodeInteger('contentTime', contentTime),
    wallClockTime: decodeInteger('wallClockTime', wallClockTime),
    timelineSpeedMultiplier:
      timelineSpeedMultiplier === null ? null : readFiniteNumber('timelineSpeedMultiplier', timelineSpeedMultiplier),
  })
}

/**
 * Checks what an application sets.
 * @returns A frozen copy.
 * @throws MessageError if a time is not a bigint, the speed is not finite, or only one of content time and speed is null.
 */
export function checkControlTimestamp(value: unknown): ControlTimestamp {
  const { contentTime, wallClockTime, timelineSpeedMultiplier } = requireObject('control timestamp', value)
  const timestamp = {
    contentTime: contentTime === null ? null : readBigint('contentTime', contentTime),
    wallClockTime: readBigint('wallClockTime', wallClockTime),
    timelineSpeedMultiplier:
      timelineSpeedMultiplier === null ? null : readFiniteNumber('timelineSpeedMultiplier', timelineSpeedMultiplier),
  }
  return Object.freeze(checkNulls(timestamp))
}

/** Writes a control timestamp. @throws MessageError if only one of content time and speed is null, or a type is wrong. */
export function encodeControlTimestamp(timestamp: ControlTimestamp): string {
  const { contentTime, wallClockTime, timelineSpeedMultiplier } = checkNulls(timestamp)
  const content = contentTime === null ? 'null' : encodeInteger('contentTime', contentTime)
  const wallClock = encodeInteger('wallClockTime', wallClockTime)
  const speed =
    timelineSpeedMultiplier === null ? null : readFiniteNumber('timelineSpeedMultiplier', timelineSpeedMultiplier)
  return `{"contentTime":${content},"wallClockTime":${wallClock},"timelineSpeedMultiplier":${speed}}`
}

/** Whether two control timestamps say exactly the same. */
export function equalControlTimestamps(a: ControlTimestamp, b: ControlTimestamp): boolean {
  return (
    a.contentTime === b.contentTime &&
    a.wallClockTime === b.wallClockTime &&
    a.timelineSpeedMultiplier === b.timelineSpeedMultiplier
  )
}

/** Whether the timeline is available. */
export function isAvailable(timestamp: ControlTimestamp): timestamp is AvailableControlTimestamp {
  return timestamp.contentTime !== null && timestamp.timelineSpeedMultiplier !== null
}

/**
 * Where the content is at a time of the wall clock.
 * @param wallClockNanos In nanoseconds; a number may have a fraction.
 * @param tickRate Ticks per second at normal speed.
 * @returns Ticks of the timeline; NaN if it is not available or the time is not finite.
 */
export function contentTicksAt(timestamp: ControlTimestamp, wallClockNanos: bigint | number, tickRate: number): number {
  if (!isAvailable(timestamp)) return Number.NaN
  const elapsedNanos = nanosBetween(timestamp.wallClockTime, wallClockNanos)
  return (
    Number(timestamp.contentTime) + (elapsedNanos * tickRate * timestamp.timelineSpeedMultiplier) / NANOS_PER_SECOND
  )
}

// Subtracted as integers: a float holds nanoseconds exactly for about a hundred days only, and a clock may count on.
function nanosBetween(from: bigint, to: bigint | number): number {
  if (typeof to === 'bigint') return Number(to - from)
  if (!Number.isFinite(to)) return Number.NaN
  const whole = Math.floor(to)
  return Number(BigInt(whole) - from) + (to - whole)
}

function checkNulls(timestamp: ControlTimestamp): ControlTimestamp {
  const { contentTime, timelineSpeedMultiplier: speed } = timestamp
  if (contentTime === null && speed !== null) {
    throw new MessageError('invalid-value', 'timelineSpeedMultiplier', 'null beside a contentTime of null', speed)
  }
  if (contentTime !== null && speed === null) {
    throw new MessageError('invalid-value', 'timelineSpeedMultiplier', 'a number beside a contentTime', speed)
  }
  return timestamp
}
