import {
  checkOption,
  checkOptions,
  InvalidOptionError,
  type OptionTable,
  type OptionType,
  option,
} from '../../validation/index.js'
import type { MediaCorrelation } from './playback-target.js'

/** Behaviour of the media while the timeline is unavailable. */
export type WhenUnavailable = 'run' | 'pause'

/** Options of a {@link MediaFollower}; all are optional. */
export interface MediaFollowerOptions {
  /** Relates content time to media time. Default: they are equal. */
  correlation?: MediaCorrelation
  /** The media is `locked` within this error, and corrected beyond 40 % of it, in seconds. Default 0.025. */
  toleranceSeconds?: number
  /** Larger errors are corrected by a seek instead of a rate change, in seconds. Default 0.25. */
  seekThresholdSeconds?: number
  /** Maximum bend, as a fraction of the speed. Default 0.04: two thirds of a semitone. Small errors are corrected by much smaller bends. */
  maxRateChange?: number
  /** Smallest change of rate that the player can make; bends are multiples of it. Default 0.01. */
  rateStep?: number
  /**
   * Whether bends keep the pitch of the sound. Default false: the pitch changes by the fraction of the bend. Chromium loses time at each
   * change of the rate if the pitch is kept, and nothing otherwise. At speeds of the timeline other than 1 the pitch is kept as the player
   * was set.
   */
  preservePitch?: boolean
  /** The lowest rate that the player can play. Default 0.0625, as in Chromium and Firefox. */
  minRate?: number
  /** The highest rate that the player can play. Default 16, as in Chromium and Firefox. */
  maxRate?: number
  /** Approximate polling interval of the media, in seconds, up to 2147483 (24 days). Default 0.1. */
  pollSeconds?: number
  /** Output latency of the media in seconds: currentTime is kept ahead of the timeline by this. Default 0. */
  renderingLatencySeconds?: number
  /** Interval of seeks along a timeline whose speed cannot be played, such as backwards, in seconds, up to 2147483 (24 days). Default 1. */
  stepSeconds?: number
  /**
   * Behaviour of the media when the timeline becomes unavailable. Default 'run': it keeps playing at the timeline's last speed, so that a
   * brief loss of connection is not audible, and 'status' informs the application. 'pause' pauses it. Either way, media that has not
   * started yet does not start.
   */
  onUnavailable?: WhenUnavailable
  /**
   * Whether the media loops: the target is then the position of the timeline modulo the duration. Default 'auto': if the player's own
   * `loop` is true. An element that must not stop between two rounds needs `loop` itself.
   */
  loop?: boolean | 'auto'
}

const CORRELATION_OPTIONS: OptionTable<MediaCorrelation> = {
  contentSeconds: option.number({}, 'seconds'),
  mediaSeconds: option.number({}, 'seconds'),
}
const CORRELATION_TYPE: OptionType<MediaCorrelation> = {
  expected: 'an object { contentSeconds, mediaSeconds }',
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  convert: (value, name) => {
    const { contentSeconds, mediaSeconds } = checkOptions(CORRELATION_OPTIONS, value, { within: name })
    return Object.freeze({
      contentSeconds: checkOption(`${name}.contentSeconds`, CORRELATION_OPTIONS.contentSeconds, contentSeconds),
      mediaSeconds: checkOption(`${name}.mediaSeconds`, CORRELATION_OPTIONS.mediaSeconds, mediaSeconds),
    })
  },
}
const SECONDS_TYPE = option.number({ above: 0 }, 'seconds')
const LATENCY_TYPE = option.number({}, 'seconds')
const RATE_TYPE = option.number({ above: 0 })

export const MEDIA_FOLLOWER_OPTIONS: OptionTable<MediaFollowerOptions, keyof MediaFollowerOptions> = {
  correlation: option.withDefault(CORRELATION_TYPE, Object.freeze({ contentSeconds: 0, mediaSeconds: 0 })),
  toleranceSeconds: option.withDefault(SECONDS_TYPE, 0.025),
  seekThresholdSeconds: option.withDefault(SECONDS_TYPE, 0.25),
  maxRateChange: option.withDefault(option.number({ above: 0, below: 1 }), 0.04),
  rateStep: option.withDefault(RATE_TYPE, 0.01),
  preservePitch: option.withDefault(option.boolean(), false),
  minRate: option.withDefault(RATE_TYPE, 0.0625),
  maxRate: option.withDefault(RATE_TYPE, 16),
  pollSeconds: option.withDefault(option.seconds({ above: 0 }), 0.1),
  renderingLatencySeconds: option.withDefault(LATENCY_TYPE, 0),
  stepSeconds: option.withDefault(option.seconds({ min: 0 }), 1),
  onUnavailable: option.withDefault(option.oneOf<WhenUnavailable>('run', 'pause'), 'run'),
  loop: option.withDefault(option.oneOf<boolean | 'auto'>(true, false, 'auto'), 'auto'),
}

/** @throws InvalidOptionError, UnknownOptionError */
export function checkMediaFollowerOptions(options: MediaFollowerOptions): Required<MediaFollowerOptions> {
  const checked = checkOptions(MEDIA_FOLLOWER_OPTIONS, options)
  const { minRate, maxRate, seekThresholdSeconds, toleranceSeconds, maxRateChange, rateStep } = checked
  if (minRate > maxRate) throw new InvalidOptionError('minRate', `a number up to maxRate (${maxRate})`, minRate)
  if (seekThresholdSeconds <= toleranceSeconds) {
    const expected = `a number of seconds above toleranceSeconds (${toleranceSeconds})`
    throw new InvalidOptionError('seekThresholdSeconds', expected, seekThresholdSeconds)
  }
  if (maxRateChange < rateStep) {
    throw new InvalidOptionError('maxRateChange', `a number from rateStep (${rateStep}) upward`, maxRateChange)
  }
  return checked
}

/** @throws InvalidOptionError, UnknownOptionError */
export function checkMediaCorrelation(value: MediaCorrelation): MediaCorrelation {
  return checkOption('correlation', CORRELATION_TYPE, value)
}

/** @throws InvalidOptionError */
export function checkRenderingLatencySeconds(value: number): number {
  return checkOption('renderingLatencySeconds', LATENCY_TYPE, value)
}
