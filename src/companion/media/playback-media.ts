import { checkOption, option } from '../../validation/index.js'
import { END_SECONDS } from './playback-constants.js'

/**
 * The player being synchronised: an HTMLMediaElement, or anything that behaves like one. Optional members are used if
 * present.
 */
export interface FollowedMedia {
  /** Seconds; NaN while unknown. Setting it seeks. */
  currentTime: number
  /** Speed of playback: 1 is normal speed. The follower sets it. */
  playbackRate: number
  /** Whether changes of the rate keep the pitch of the sound. Changed by the follower while the rate is near 1. */
  preservesPitch?: boolean
  /** Whether the player is paused, as opposed to playing or waiting for data. */
  readonly paused: boolean
  /** May return a promise, which rejects as that of a media element. */
  play(): unknown
  /** Pauses playback at the current position. */
  pause(): void
  /** Whether a seek is under way. */
  readonly seeking?: boolean | undefined
  /** Whether playback has stopped at the end of the media. */
  readonly ended?: boolean
  /** Whether the media restarts at its end. */
  readonly loop?: boolean
  /** As for a media element: 0 nothing, 1 metadata, 2 the current frame, 3 and 4 enough to play. */
  readonly readyState?: number
  /** Seconds; NaN while unknown, Infinity for live. */
  readonly duration?: number
  /** The ranges that can be sought, as in TimeRanges. */
  readonly seekable?: {
    /** Number of ranges. */
    readonly length: number
    /** Start of a range, in seconds of media time. */
    start(index: number): number
    /** End of a range, in seconds of media time. */
    end(index: number): number
  }
  /** Adds a listener for media events such as `seeked` and `timeupdate`. If absent, the follower only polls. */
  addEventListener?(type: string, listener: () => void): void
  /** Removes a listener that `addEventListener` added. */
  removeEventListener?(type: string, listener: () => void): void
}

const HAVE_METADATA = 1
const HAVE_FUTURE_DATA = 3

/** Events after which the position should be read before the next poll is due. */
const STATE_EVENTS = ['loadedmetadata', 'canplay', 'durationchange', 'seeked', 'play', 'playing', 'pause'] as const
/** Events that occur several times a second even in a hidden tab, where timers are late: they replace a late timer. */
const TICKING_EVENTS = ['timeupdate', 'progress'] as const
export type MediaEvent = (typeof STATE_EVENTS)[number] | (typeof TICKING_EVENTS)[number]

export function isTick(type: MediaEvent): boolean {
  return (TICKING_EVENTS as readonly string[]).includes(type)
}

const MEDIA_TYPE = option.objectWith<FollowedMedia>('play', 'pause')

/** @throws InvalidOptionError */
export function checkMedia(media: FollowedMedia): FollowedMedia {
  return checkOption('media', MEDIA_TYPE, media)
}

/** Position in seconds; undefined while unknown. */
export function positionOf(media: FollowedMedia): number | undefined {
  const position = media.currentTime
  return Number.isFinite(position) ? position : undefined
}

/** Whether it has data to play: false while it buffers. */
export function canAdvance(media: FollowedMedia): boolean {
  return (media.readyState ?? HAVE_FUTURE_DATA) >= HAVE_FUTURE_DATA
}

/** False before any data is loaded: a seek then takes as long as loading. */
export function hasMetadata(media: FollowedMedia): boolean {
  return (media.readyState ?? HAVE_METADATA) >= HAVE_METADATA
}

interface Range {
  readonly start: number
  readonly end: number
}

/** The duration in seconds; Infinity while unknown, and for live media. */
export function durationOf({ duration }: FollowedMedia): number {
  return duration !== undefined && duration > 0 ? duration : Number.POSITIVE_INFINITY
}

/** Seekable ranges in seconds, in ascending order. Never empty. */
function seekableRanges(media: FollowedMedia): [Range, ...Range[]] {
  const { seekable } = media
  const duration = durationOf(media)
  const ranges: Range[] = []
  for (let index = 0; index < (seekable?.length ?? 0); index++) {
    const start = seekable?.start(index) ?? Number.NaN
    const end = seekable?.end(index) ?? Number.NaN
    // A range that ends close to the end of the media ends there: the two are rounded differently.
    if (end > start) ranges.push({ start, end: Math.abs(end - duration) < END_SECONDS ? duration : end })
  }
  const [first, ...others] = ranges.sort((a, b) => a.start - b.start)
  // Empty for servers without byte ranges. It means that nothing is known, not that nothing can be played.
  return first === undefined ? [{ start: 0, end: duration }] : [first, ...others]
}

/**
 * A position relative to the seekable ranges:
 * - `inside`: it can be reached
 * - `before`: before the first range, for example because the start of a live window has moved past it
 * - `after`: at or after the last range, for example because a live window has not reached it yet
 * - `gap`: between two ranges
 */
export type MediaReach = 'inside' | 'before' | 'after' | 'gap'

export interface MediaPlace {
  readonly reach: MediaReach
  /** The position itself if it can be reached; otherwise the nearest that can, and in a gap the next. */
  readonly seconds: number
  /** End of the range around it, or of the last range: seeks cannot aim beyond it. */
  readonly endSeconds: number
  /** Whether the media itself ends before this position, and not only the seekable range. */
  readonly isPastDuration: boolean
  /** Whether the player has played to the end, and the position is at or past it. */
  readonly isOver: boolean
}

export function placeIn(media: FollowedMedia, wanted: number): MediaPlace {
  const duration = durationOf(media)
  const ranges = seekableRanges(media)
  const isOver = media.ended === true && wanted > duration - END_SECONDS
  const isPastDuration = wanted >= duration
  const around = ranges.find(({ start, end }) => wanted >= start && wanted < end)
  if (around !== undefined && !isPastDuration) {
    return { reach: 'inside', seconds: wanted, endSeconds: Math.min(around.end, duration), isPastDuration, isOver }
  }
  const endSeconds = Math.min(ranges.at(-1)?.end ?? duration, duration)
  const next = ranges.find(({ start }) => start > wanted)
  if (next === undefined) return { reach: 'after', seconds: endSeconds, endSeconds, isPastDuration, isOver }
  return { reach: next === ranges[0] ? 'before' : 'gap', seconds: next.start, endSeconds, isPastDuration, isOver }
}

/**
 * @returns a function that removes the listener
 * @throws what addEventListener throws; no listener remains then
 */
export function onMediaEvent(media: FollowedMedia, listener: (type: MediaEvent) => void): () => void {
  const listening: [MediaEvent, () => void][] = []
  const forget = () => {
    for (const [type, onEvent] of listening) media.removeEventListener?.(type, onEvent)
  }
  try {
    for (const type of [...STATE_EVENTS, ...TICKING_EVENTS]) {
      const onEvent = () => listener(type)
      media.addEventListener?.(type, onEvent)
      listening.push([type, onEvent])
    }
  } catch (error) {
    forget()
    throw error
  }
  return forget
}
