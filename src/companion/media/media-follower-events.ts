import type { MediaReach } from './playback-media.js'

/**
 * - `stopped`: not started, or stopped
 * - `unavailable`: the position of the timeline is unknown
 * - `paused`: the timeline is paused, and the media is paused at its position
 * - `outside`: the media cannot be sought to the position of the timeline; see `reach`
 * - `stepping`: the timeline runs at a speed that cannot be played; the media is paused and sought along it
 * - `blocked`: the player refused to play, as browsers do before a user's gesture
 * - `unsupported`: the player does not support the media
 * - `failing`: the player threw an error at the last poll
 * - `loading`: the player has not loaded any media yet, or does not know its position
 * - `seeking`: a seek is under way, or has not been measured yet
 * - `adjusting`: it plays, but is not within the tolerance yet
 * - `limited`: it plays outside the tolerance, as close as this player currently allows; see `limits`
 * - `locked`: it plays within the tolerance
 */
export type MediaFollowerState =
  | 'stopped'
  | 'unavailable'
  | 'paused'
  | 'outside'
  | 'stepping'
  | 'blocked'
  | 'unsupported'
  | 'failing'
  | 'loading'
  | 'seeking'
  | 'adjusting'
  | 'limited'
  | 'locked'

/**
 * Detected limitations of a player:
 * - `rate-refused`: it threw when its rate was to be changed a little
 * - `rate-ignored`: it accepted a rate and played on at the old one
 * - `rate-inexact`: it played at another rate than it was given
 * - `rate-costly`: it stopped for a moment at changes of its rate, so that they lost more than they gained
 * - `seek-ignored`: it stayed where it was when it was sought
 * - `seek-inexact`: it landed before where it was sought to, as on the key frame before
 * - `position-coarse`: its position moves in large steps
 * - `timers-slow`: timers are late, as in hidden tabs
 */
export type PlayerLimit =
  | 'rate-refused'
  | 'rate-ignored'
  | 'rate-inexact'
  | 'rate-costly'
  | 'seek-ignored'
  | 'seek-inexact'
  | 'position-coarse'
  | 'timers-slow'

/** A snapshot of a {@link MediaFollower}. Its counters start at zero with each start. */
export interface MediaFollowerStatus {
  /** What the follower is doing, or what prevents it from following. */
  readonly state: MediaFollowerState
  /** Where the timeline is with respect to what can be sought in the media; undefined while unavailable. */
  readonly reach: MediaReach | undefined
  /** Detected limitations of the player, in order of detection. */
  readonly limits: readonly PlayerLimit[]
  /** Seconds of media by which the media is ahead of the timeline; undefined while unknown. */
  readonly errorSeconds: number | undefined
  /** Where the media should be now, in media time; undefined while unavailable. */
  readonly targetSeconds: number | undefined
  /** Undefined while the player does not know. */
  readonly mediaSeconds: number | undefined
  /** The timeline's; undefined while unavailable. */
  readonly speed: number | undefined
  /** The playback rate that was last set. */
  readonly rate: number | undefined
  /** The part of the rate that corrects an error: 0.01 is one percent faster than the timeline. */
  readonly bend: number
  /** Error bound of the timeline itself, in seconds; undefined while unavailable. */
  readonly dispersionSeconds: number | undefined
  /** By how much the next seek will aim ahead, at speed 1. */
  readonly seekLeadSeconds: number
  /** Since start. */
  readonly seeks: number
  /** Number of changes of the playback rate since start. */
  readonly rateChanges: number
  /** Number of pauses since start that let the timeline catch up. */
  readonly holds: number
  /** Number of unexpected errors that the player threw since start. */
  readonly failures: number
}

/** Events of a {@link MediaFollower}, by name, with what their listeners receive. */
export interface MediaFollowerEvents {
  /** The player is told to seek. `leadSeconds`: by how much the aim is ahead of where the timeline is now. */
  seek: {
    /** Position of the media before the seek, in seconds. */
    fromSeconds: number
    /** Position that the player is told to seek to, in seconds of media time. */
    toSeconds: number
    /** Seconds by which the aim is ahead of the target, to allow for the duration of the seek. */
    leadSeconds: number
    /** Seconds of media by which the media was ahead of the timeline; negative if behind. */
    errorSeconds: number
  }
  /** The playback rate was changed. */
  rate: {
    /** The playback rate that was set. */
    rate: number
    /** Speed of the timeline: 1 is normal speed. */
    speed: number
    /** The part of the rate that corrects an error: 0.01 is one percent faster than the timeline. */
    bend: number
    /** Seconds of media by which the media is ahead of the timeline; undefined while unknown. */
    errorSeconds: number | undefined
  }
  /** The player is ahead and is paused for this long, until the timeline has caught up. */
  hold: {
    /** Duration of the pause, in seconds. */
    seconds: number
    /** Seconds of media by which the media is ahead of the timeline. */
    errorSeconds: number
  }
  /** A limitation of the player was detected. The follower uses other means from now on. */
  limit: {
    /** The limitation that was detected. */
    limit: PlayerLimit
  }
  /** The state changed. */
  status: MediaFollowerStatus & {
    /** The state before the change. */
    readonly previous: MediaFollowerState
  }
  /** play() was refused. With `willRetry` false nothing happens until `retryPlay()`, or until someone else starts it. */
  blocked: {
    /** The error that play() threw or rejected with. */
    error: unknown
    /** Whether the follower calls play() again by itself. */
    willRetry: boolean
  }
  /**
   * play() was refused with a NotSupportedError: the media cannot be loaded or decoded, and no gesture helps. It is tried
   * again less and less often, and at once when the player has loaded something else.
   */
  unsupported: {
    /** The NotSupportedError of play(). */
    error: unknown
  }
  /**
   * The player threw an error at a poll, for example from currentTime or pause(). The next poll follows after this many seconds; the
   * wait doubles with each consecutive failure, up to 30. `failures` counts since start.
   */
  failure: {
    /** The error that the player threw. */
    error: unknown
    /** Number of such errors since start. */
    failures: number
    /** Seconds until the next poll. */
    retryInSeconds: number
  }
}
