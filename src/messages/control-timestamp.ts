import { NANOS_PER_SECOND } from '../clocks/index.js'
import { decodeInteger, encodeInteger, readBigint } from './integer-string.js'
import { MessageError } from './message-error.js'
import { readFiniteNumber, requireObject } from './read-field.js'

/**
 * A control timestamp: relates content time to the wall clock (TS 103 286-2, clause 5.7). Content time and speed are both null
 * while the timeline is unavailable.
 */
export interface ControlTimestamp {
  /** Content time, in ticks of the timeline. */
  contentTime: bigint | null
  /** Wall clock time, in nanoseconds. */
  wallClockTime: bigint
  /** Playback speed: 1 is normal, 0 is paused. */
  timelineSpeedMultiplier: number | null
}

/** A control timestamp of an available timeline. */
export interface AvailableControlTimestamp extends ControlTimestamp {
  contentTime: bigint
  timelineSpeedMultiplier: number
}

/** Decodes a control timestamp from a parsed JSON value. @throws MessageError that names the invalid property. */
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
 * Validates a control timestamp set by an application.
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

/** Encodes a control timestamp as JSON. @throws MessageError if only one of content time and speed is null, or a type is wrong. */
export function encodeControlTimestamp(timestamp: ControlTimestamp): string {
  const { contentTime, wallClockTime, timelineSpeedMultiplier } = checkNulls(timestamp)
  const content = contentTime === null ? 'null' : encodeInteger('contentTime', contentTime)
  const wallClock = encodeInteger('wallClockTime', wallClockTime)
  const speed =
    timelineSpeedMultiplier === null ? null : readFiniteNumber('timelineSpeedMultiplier', timelineSpeedMultiplier)
  return `{"contentTime":${content},"wallClockTime":${wallClock},"timelineSpeedMultiplier":${speed}}`
}

/** Whether two control timestamps are equal. */
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
 * The content time at a wall clock time.
 * @param wallClockNanos In nanoseconds; a number may have a fraction.
 * @param tickRate Ticks per second at normal speed.
 * @returns Ticks of the timeline; NaN if it is unavailable or the time is not finite.
 */
export function contentTicksAt(timestamp: ControlTimestamp, wallClockNanos: bigint | number, tickRate: number): number {
  if (!isAvailable(timestamp)) return Number.NaN
  const elapsedNanos = nanosBetween(timestamp.wallClockTime, wallClockNanos)
  return (
    Number(timestamp.contentTime) + (elapsedNanos * tickRate * timestamp.timelineSpeedMultiplier) / NANOS_PER_SECOND
  )
}

// Subtract as integers: doubles represent nanoseconds exactly for about a hundred days only.
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
