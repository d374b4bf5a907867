import { show } from '../clocks/option-checks.js'

/**
 * What is followed with: an HTMLMediaElement, or anything that behaves like one. What is optional here is used where it
 * is there.
 */
export interface FollowedMedia {
  /** Seconds; NaN while unknown. Setting it seeks. */
  currentTime: number
  playbackRate: number
  readonly paused: boolean
  /** May return a promise; one that rejects is understood as an element does it. */
  play(): unknown
  pause(): void
  readonly seeking?: boolean | undefined
  readonly ended?: boolean
  /** As an element counts it: 0 nothing, 1 metadata, 2 this frame, 3 and 4 something to play. */
  readonly readyState?: number
  /** Seconds; NaN while unknown, Infinity for live. */
  readonly duration?: number
  readonly seekable?: { readonly length: number; start(index: number): number; end(index: number): number }
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
}

const HAVE_FUTURE_DATA = 3

/** So close to its end a player that has ended is done; playing it would begin anew. */
const END_SECONDS = 0.5

/** After these the position may be wanted or readable again sooner than the next look is due. */
const TELLING_EVENTS = ['loadedmetadata', 'canplay', 'seeked', 'play'] as const
export type TellingEvent = (typeof TELLING_EVENTS)[number]

/** @throws TypeError */
export function checkMedia(media: FollowedMedia): FollowedMedia {
  const isPlayer = typeof media === 'object' && typeof media?.play === 'function' && typeof media.pause === 'function'
  if (!isPlayer) throw new TypeError(`media: expected an object with play() and pause(), got ${show(media)}`)
  return media
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

/** From where to where it can be played, in seconds; the end is Infinity while unknown, and for live. */
export function playableRange(media: FollowedMedia): { start: number; end: number } {
  const { duration, seekable } = media
  const end = duration !== undefined && duration > 0 ? duration : Number.POSITIVE_INFINITY
  // An empty range is what a server without byte ranges makes of it: then nothing is known, not: nothing is playable.
  if (seekable === undefined || seekable.length === 0) return { start: 0, end }
  const start = seekable.start(0)
  return { start: Number.isFinite(start) && seekable.end(seekable.length - 1) > start ? start : 0, end }
}

/** Where in the media a wanted position is, in seconds: at its nearer end where it is not inside. */
export function placeIn(media: FollowedMedia, wanted: number): { seconds: number; isInside: boolean; isOver: boolean } {
  const { start, end } = playableRange(media)
  return {
    seconds: Math.min(Math.max(wanted, start), end),
    isInside: wanted >= start && wanted < end,
    isOver: media.ended === true && wanted > end - END_SECONDS,
  }
}

/**
 * @returns the function that takes the listener away again
 * @throws what addEventListener throws; then there is no listener left
 */
export function onTellingEvent(media: FollowedMedia, listener: (type: TellingEvent) => void): () => void {
  const listening: [TellingEvent, () => void][] = []
  const forget = () => {
    for (const [type, tell] of listening) media.removeEventListener?.(type, tell)
  }
  try {
    for (const type of TELLING_EVENTS) {
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
