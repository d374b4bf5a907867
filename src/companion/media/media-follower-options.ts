import { checkFinite, checkNotNegative, checkPositive, show } from '../../validation/index.js'
import type { MediaCorrelation } from './playback-target.js'

/** A timer can wait this long, in seconds, and no longer. */
const LONGEST_SECONDS = 2_147_483
const POLL_TAKES = `seconds, above 0 and at most ${LONGEST_SECONDS}`
const STEP_TAKES = `seconds, from 0 to ${LONGEST_SECONDS}`

/** While nobody knows where the timeline is. */
export type WhenUnavailable = 'run' | 'pause'

export interface MediaFollowerOptions {
  /** Where the content is in the media. Default: content time is media time. */
  correlation?: MediaCorrelation
  /** Within this the media counts as locked, and past 60 % of it is corrected, in seconds. Default 0.025. */
  toleranceSeconds?: number
  /** From this error on it seeks instead of bending the rate, in seconds. Default 0.25. */
  seekThresholdSeconds?: number
  /** By which fraction of the speed the rate may be bent. Default 0.04: with the pitch kept, few ears notice. */
  maxRateChange?: number
  /** The finest change of rate that the player can make; bends are multiples of it. Default 0.01. */
  rateStep?: number
  /** The rates that the player can play, above 0. Default 0.0625 and 16, as Chromium and Firefox have it. */
  minRate?: number
  maxRate?: number
  /** How often to look at the media, in seconds, about; at most 2147483, some 24 days. Default 0.1. */
  pollSeconds?: number
  /** How much later than its currentTime the media is heard or seen: it runs ahead by this, in seconds. Default 0. */
  renderingLatencySeconds?: number
  /** How often to seek along a timeline whose speed cannot be played: backwards, or too fast, in seconds; as long at most. Default 1. */
  stepSeconds?: number
  /**
   * What the media does when the timeline becomes unavailable. Default 'run': it plays on at the timeline's last speed,
   * because a connection that is lost for a moment should not be heard, and the application is told by 'status'.
   * 'pause' stops it. Either way media that has not started yet does not start.
   */
  onUnavailable?: WhenUnavailable
  /**
   * Whether the media starts again at its end while the timeline goes on: the target is then the position of the timeline
   * modulo the duration. Default 'auto': if the player's own `loop` is true. Set `loop` on an element that must not stop
   * between two rounds.
   */
  loop?: boolean | 'auto'
}

/** @throws TypeError, RangeError naming the option, what came and what it takes */
export function checkMediaFollowerOptions(options: MediaFollowerOptions): Required<MediaFollowerOptions> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options: expected an object, got ${show(options)}`)
  }
  const {
    correlation = { contentSeconds: 0, mediaSeconds: 0 },
    toleranceSeconds = 0.025,
    seekThresholdSeconds = 0.25,
    maxRateChange = 0.04,
    rateStep = 0.01,
    minRate = 0.0625,
    maxRate = 16,
    pollSeconds = 0.1,
    renderingLatencySeconds = 0,
    stepSeconds = 1,
    onUnavailable = 'run',
    loop = 'auto',
  } = options
  if (onUnavailable !== 'run' && onUnavailable !== 'pause') {
    throw new TypeError(`onUnavailable: expected 'run' or 'pause', got ${show(onUnavailable)}`)
  }
  if (loop !== 'auto' && typeof loop !== 'boolean') {
    throw new TypeError(`loop: expected true, false or 'auto', got ${show(loop)}`)
  }
  const checked = {
    correlation: checkMediaCorrelation(correlation),
    toleranceSeconds: checkPositive('toleranceSeconds', toleranceSeconds, 'seconds, above 0'),
    seekThresholdSeconds: checkPositive('seekThresholdSeconds', seekThresholdSeconds, 'seconds, above 0'),
    maxRateChange: checkPositive('maxRateChange', maxRateChange, 'a fraction, above 0'),
    rateStep: checkPositive('rateStep', rateStep, 'a difference of rates, above 0'),
    minRate: checkPositive('minRate', minRate, 'a rate, above 0'),
    maxRate: checkPositive('maxRate', maxRate, 'a rate, above 0'),
    pollSeconds: checkPositive('pollSeconds', pollSeconds, POLL_TAKES),
    renderingLatencySeconds: checkFinite('renderingLatencySeconds', renderingLatencySeconds, 'seconds'),
    stepSeconds: checkNotNegative('stepSeconds', stepSeconds, STEP_TAKES),
    onUnavailable,
    loop,
  }
  if (pollSeconds > LONGEST_SECONDS) throw new RangeError(`pollSeconds: expected ${POLL_TAKES}, got ${pollSeconds}`)
  if (stepSeconds > LONGEST_SECONDS) throw new RangeError(`stepSeconds: expected ${STEP_TAKES}, got ${stepSeconds}`)
  if (minRate > maxRate) throw new RangeError(`minRate: expected at most maxRate (${maxRate}), got ${minRate}`)
  if (seekThresholdSeconds <= toleranceSeconds) {
    throw new RangeError(
      `seekThresholdSeconds: expected more than toleranceSeconds (${toleranceSeconds}), got ${seekThresholdSeconds}`,
    )
  }
  if (maxRateChange >= 1) throw new RangeError(`maxRateChange: expected a fraction below 1, got ${maxRateChange}`)
  if (maxRateChange < rateStep) {
    throw new RangeError(`maxRateChange: expected at least rateStep (${rateStep}), got ${maxRateChange}`)
  }
  return checked
}

/** @throws TypeError, RangeError */
export function checkMediaCorrelation(value: MediaCorrelation): MediaCorrelation {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`correlation: expected { contentSeconds, mediaSeconds }, got ${show(value)}`)
  }
  return Object.freeze({
    contentSeconds: checkFinite('correlation.contentSeconds', value.contentSeconds, 'seconds, a finite number'),
    mediaSeconds: checkFinite('correlation.mediaSeconds', value.mediaSeconds, 'seconds, a finite number'),
  })
}
