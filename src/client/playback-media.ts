/**
 * What is followed with: an HTMLMediaElement, or anything that behaves like one. What is optional here is used where it
 * is there.
 */
export interface FollowedMedia {
  /** Seconds. Setting it seeks. */
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

/** After these the position may be wanted or readable again sooner than the next look is due. */
const TELLING_EVENTS = ['loadedmetadata', 'canplay', 'seeked', 'play'] as const

/** Whether it has something to play: false while it buffers. */
export function canAdvance(media: FollowedMedia): boolean {
  return (media.readyState ?? HAVE_FUTURE_DATA) >= HAVE_FUTURE_DATA
}

/** From where to where it can be played, in seconds; the end is Infinity while unknown, and for live. */
export function playableRange(media: FollowedMedia): { start: number; end: number } {
  const { duration, seekable } = media
  const end = duration !== undefined && duration > 0 ? duration : Number.POSITIVE_INFINITY
  // An empty range is what a server without byte ranges makes of it: then nothing is known, not: nothing is playable.
  if (seekable === undefined || seekable.length === 0 || seekable.end(seekable.length - 1) <= seekable.start(0)) {
    return { start: 0, end }
  }
  return { start: seekable.start(0), end }
}

/** @returns the function that takes the listener away again */
export function onTellingEvent(media: FollowedMedia, listener: () => void): () => void {
  for (const type of TELLING_EVENTS) media.addEventListener?.(type, listener)
  return () => {
    for (const type of TELLING_EVENTS) media.removeEventListener?.(type, listener)
  }
}
