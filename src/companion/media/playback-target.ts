import type { Clock } from '../../clocks/index.js'
import { checkOption, type OptionType, option } from '../../validation/index.js'

/** What is needed of a timeline's clock. */
export type FollowedClock = Pick<Clock, 'now' | 'tickRate' | 'effectiveSpeed' | 'available' | 'on' | 'dispersionAt'>

/** Something that comes by its clock in time, and may change it: a companion, say. */
export interface ClockHolder {
  /** The clock to follow now; undefined while there is none. */
  readonly clock: FollowedClock | undefined
}

/** A moment of the content and where it is in the media, both in seconds: what live streams and excerpts differ by. */
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
  /** Seconds of media per second. */
  readonly speed: number
  /** How far off the timeline itself may be, in seconds. */
  readonly dispersionSeconds: number
  /** Set while the media loops: its duration, and `seconds` is within it. */
  readonly loopSeconds: number | undefined
}

/** The target in media that loops: the same moment of a later round. Before the first round there is none. */
export function inLoop(target: PlaybackTarget, loopSeconds: number): PlaybackTarget {
  if (!Number.isFinite(loopSeconds)) return target
  return { ...target, seconds: aheadInLoop(target.seconds, loopSeconds), loopSeconds }
}

export function aheadInLoop(seconds: number, loopSeconds: number | undefined): number {
  return loopSeconds === undefined || seconds < 0 ? seconds : seconds % loopSeconds
}

/** A difference of two positions: in a loop the shorter way round. */
export function differenceInLoop(seconds: number, loopSeconds: number | undefined): number {
  return loopSeconds === undefined ? seconds : seconds - Math.round(seconds / loopSeconds) * loopSeconds
}

/** @param leadSeconds by how much the media must run ahead, because it is heard or seen so much later */
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
  // A clock whose parents have no answer reads NaN; there is nothing to follow then.
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

/** The clock of whichever is followed, as of now. */
export function clockOf(source: FollowedClock | ClockHolder): FollowedClock | undefined {
  return 'now' in source ? source : source.clock
}
