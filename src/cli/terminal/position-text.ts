import type { CompanionPosition } from '../../companion/index.js'
import type { WallClockClient } from '../../companion/wall-clock/index.js'
import type { ControlTimestamp } from '../../messages/index.js'
import { clockText, millisText, offsetText } from './time-text.js'

/** Interval between updates of the live line on a terminal, in seconds. */
export const REDRAW_SECONDS = 0.1

/** `0:01:40.123  ×1  ±0.213 ms  wc +0.000001 s, 0.131 ms`. */
export function positionText(position: CompanionPosition, wallClock: WallClockClient | undefined): string {
  const { seconds, speed, errorSeconds } = position
  const status = wallClock?.status()
  const wc = `wc ${offsetText(status?.offsetSeconds)}, round trip ${millisText(status?.roundTripSeconds)}`
  return `${clockText(seconds)}  ×${speed}  ±${millisText(errorSeconds)}  ${wc}`
}

/** For JSON, in which Infinity becomes null. */
export function positionFields(position: CompanionPosition, wallClock: WallClockClient | undefined): object {
  const status = wallClock?.status()
  return {
    ...position,
    offsetSeconds: status?.offsetSeconds,
    roundTripSeconds: status?.roundTripSeconds,
    dispersionSeconds: status?.dispersionSeconds,
  }
}

/** For JSON: times as on the wire. */
export function timingFields(timestamp: ControlTimestamp, changeSeconds: number): object {
  return { ...timestamp, changeSeconds }
}
