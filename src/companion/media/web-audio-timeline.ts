/** From a time of the audio context on, the sound runs from a position at a rate; at rate 0 it stands still. */
export interface AudioSegment {
  /** Seconds of the context. */
  readonly at: number
  readonly positionSeconds: number
  readonly rate: number
}

/** Segments that ended longer ago than this are heard no more, whatever the latency of the output. */
const KEPT_SECONDS = 5

/** What is played when, as it was scheduled: an exact record of where the sound is at any time of its context. */
export class WebAudioTimeline {
  #segments: AudioSegment[] = [{ at: Number.NEGATIVE_INFINITY, positionSeconds: 0, rate: 0 }]

  /** The last segment that was scheduled. */
  get last(): AudioSegment {
    return this.#segments.at(-1) as AudioSegment
  }

  /** The position at a time of the context, without regard to loops. */
  positionAt(time: number): number {
    const { at, positionSeconds, rate } = this.#segments.findLast((segment) => segment.at <= time) ?? this.last
    return rate === 0 ? positionSeconds : positionSeconds + (time - at) * rate
  }

  /** Everything that was scheduled for this time or later is not played. */
  schedule(segment: AudioSegment): void {
    const before = this.#segments.filter(({ at }) => at < segment.at)
    const kept = before.findLastIndex(({ at }) => at < segment.at - KEPT_SECONDS)
    this.#segments = [...before.slice(Math.max(kept, 0)), segment]
  }
}
