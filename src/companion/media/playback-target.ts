import type { Clock } from '../../clocks/index.js'
import { checkOption, type OptionType, option } from '../../validation/index.js'

/** The members of a clock that a follower uses. */
export type FollowedClock = Pick<Clock, 'now' | 'tickRate' | 'effectiveSpeed' | 'available' | 'on' | 'dispersionAt'>

/** An object with a clock that may be absent at first and may be replaced, such as a companion. */
export interface ClockHolder {
  /** The clock to follow now; undefined while there is none. */
  readonly clock: FollowedClock | undefined
  /**
   * Where the holder wants to know it: called at the start with a function that returns by how many seconds the media is ahead of the
   * clock, or undefined while it presents nothing.
   */
  present?(reader: () => number | undefined): {
    /** The media has changed otherwise than with the clock. */
    changed(): void
    /** The media is no longer followed. */
    end(): void
  }
}

/** A moment of the content and its position in the media, both in seconds. They differ for live streams and excerpts. */
export interface MediaCorrelation {
  /** The moment on the timeline of the content, in seconds. */
  readonly contentSeconds: number
  /** The position of that moment in the media, in seconds of media time. */
  readonly mediaSeconds: number
}

/** Where the media should be now. */
export interface PlaybackTarget {
  /** Media time, in seconds. */
  readonly seconds: number
  /** Speed of the timeline: seconds of media per second. */
  readonly speed: number
  /** Error bound of the timeline itself, in seconds. */
  readonly dispersionSeconds: number
  /** Duration of looped media; `seconds` is then within it. Undefined otherwise. */
  readonly loopSeconds: number | undefined
}

/** The target in looped media: the same moment in a later round. Before the first round it is unchanged. */
export function inLoop(target: PlaybackTarget, loopSeconds: number): PlaybackTarget {
  if (!Number.isFinite(loopSeconds)) return target
  return { ...target, seconds: aheadInLoop(target.seconds, loopSeconds), loopSeconds }
}

export function aheadInLoop(seconds: number, loopSeconds: number | undefined): number {
  return loopSeconds === undefined || seconds < 0 ? seconds : seconds % loopSeconds
}

/** The difference of two positions; in a loop by the shorter way round. */
export function differenceInLoop(seconds: number, loopSeconds: number | undefined): number {
  return loopSeconds === undefined ? seconds : seconds - Math.round(seconds / loopSeconds) * loopSeconds
}

/** @param leadSeconds how far the media must run ahead to compensate for its output latency */
export function playbackTarget(
  clock: FollowedClock | undefined,
  correlation: MediaCorrelation,
  leadSeconds: number,
): PlaybackTarget | undefined {
  if (clock?.available !== true) return undefined
  const ticks = clock.now()
  const speed = clock.effectiveSpeed
  const { contentSeconds, mediaSeconds } = correlation
  const seconds = ticks / clock.tickRate - contentSeconds + mediaSeconds + leadSeconds * speed
  // A clock whose ancestors are unknown reads NaN, and cannot be followed.
  if (!Number.isFinite(seconds) || !Number.isFinite(speed)) return undefined
  return { seconds, speed, dispersionSeconds: clock.dispersionAt(ticks), loopSeconds: undefined }
}

const SOURCE_TYPE: OptionType<FollowedClock | ClockHolder> = option.custom(
  'a clock, or an object with a clock',
  (value) => typeof value === 'object' && value !== null && ('now' in value || 'clock' in value),
)

/** @throws InvalidOptionError */
export function checkSource(source: FollowedClock | ClockHolder): FollowedClock | ClockHolder {
  return checkOption('source', SOURCE_TYPE, source)
}

/** The current clock of the source. */
export function clockOf(source: FollowedClock | ClockHolder): FollowedClock | undefined {
  return 'now' in source ? source : source.clock
}
