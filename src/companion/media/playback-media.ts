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
  /** Whether the player is paused, as opposed to playing or waiting for data. */
  readonly paused: boolean
  /** May return a promise; one that rejects is understood as an element does it. */
  play(): unknown
  /** Pauses playback at the current position. */
  pause(): void
  /** Whether a seek is under way. */
  readonly seeking?: boolean | undefined
  /** Whether playback has stopped at the end of the media. */
  readonly ended?: boolean
  /** Whether it starts again at its end by itself. */
  readonly loop?: boolean
  /** As an element counts it: 0 nothing, 1 metadata, 2 this frame, 3 and 4 something to play. */
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

/** After these the position may be wanted or readable again sooner than the next look is due. */
const TELLING_EVENTS = ['loadedmetadata', 'canplay', 'durationchange', 'seeked', 'play', 'playing', 'pause'] as const
/** These come several times a second in a hidden tab too, where timers do not: they replace a late timer. */
const TICKING_EVENTS = ['timeupdate', 'progress'] as const
export type MediaEvent = (typeof TELLING_EVENTS)[number] | (typeof TICKING_EVENTS)[number]

export function isTick(type: MediaEvent): boolean {
  return (TICKING_EVENTS as readonly string[]).includes(type)
}

const MEDIA_TYPE = option.objectWith<FollowedMedia>('play', 'pause')

/** @throws InvalidOptionError */
export function checkMedia(media: FollowedMedia): FollowedMedia {
  return checkOption('media', MEDIA_TYPE, media)
}

/** In seconds; undefined while the player does not know. */
export function positionOf(media: FollowedMedia): number | undefined {
  const position = media.currentTime
  return Number.isFinite(position) ? position : undefined
}

/** Whether it has something to play: false while it buffers. */
export function canAdvance(media: FollowedMedia): boolean {
  return (media.readyState ?? HAVE_FUTURE_DATA) >= HAVE_FUTURE_DATA
}

/** False before it has loaded anything: a seek then takes as long as loading does. */
export function hasMetadata(media: FollowedMedia): boolean {
  return (media.readyState ?? HAVE_METADATA) >= HAVE_METADATA
}

interface Range {
  readonly start: number
  readonly end: number
}

/** The known duration in seconds, else Infinity: while it is unknown, and for live media. */
export function durationOf({ duration }: FollowedMedia): number {
  return duration !== undefined && duration > 0 ? duration : Number.POSITIVE_INFINITY
}

/** What can be sought, in seconds, in rising order. Never empty. */
function seekableRanges(media: FollowedMedia): [Range, ...Range[]] {
  const { seekable } = media
  const duration = durationOf(media)
  const ranges: Range[] = []
  for (let index = 0; index < (seekable?.length ?? 0); index++) {
    const start = seekable?.start(index) ?? Number.NaN
    const end = seekable?.end(index) ?? Number.NaN
    // What ends about where the media does ends there: the two are rounded differently.
    if (end > start) ranges.push({ start, end: Math.abs(end - duration) < END_SECONDS ? duration : end })
  }
  const [first, ...others] = ranges.sort((a, b) => a.start - b.start)
  // A server without byte ranges makes for an empty one. It means that nothing is known, not that nothing is playable.
  return first === undefined ? [{ start: 0, end: duration }] : [first, ...others]
}

/**
 * Where a position is, with respect to what can be sought:
 * - `inside`: it can be reached
 * - `before`: before the first of it, as when the start of a live window has moved past it
 * - `after`: at or after the end of it, as when a live window has not got there yet
 * - `gap`: between two ranges
 */
export type MediaReach = 'inside' | 'before' | 'after' | 'gap'

export interface MediaPlace {
  readonly reach: MediaReach
  /** The position itself when it can be reached, else the nearest that can; in a gap the next. */
  readonly seconds: number
  /** The end of the range around it, or of the last one: a seek cannot aim further. */
  readonly endSeconds: number
  /** Whether the media itself ends before this position, not only what can be sought. */
  readonly isPastDuration: boolean
  /** Whether the player has played to the end, and this is there or past it. */
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
 * @returns the function that takes the listener away again
 * @throws what addEventListener throws; then there is no listener left
 */
export function onMediaEvent(media: FollowedMedia, listener: (type: MediaEvent) => void): () => void {
  const listening: [MediaEvent, () => void][] = []
  const forget = () => {
    for (const [type, tell] of listening) media.removeEventListener?.(type, tell)
  }
  try {
    for (const type of [...TELLING_EVENTS, ...TICKING_EVENTS]) {
      const tell = () => listener(type)
      media.addEventListener?.(type, tell)
      listening.push([type, tell])
    }
  } catch (error) {
    forget()
    throw error
  }
  return forget
}
