import type { MediaReach } from './playback-media.js'

/**
 * - `stopped`: not started, or stopped
 * - `unavailable`: nobody knows where the timeline is
 * - `paused`: the timeline stands still, and so does the media, at its position
 * - `outside`: the timeline is where the media cannot be sought to: `reach` says where
 * - `stepping`: the timeline runs at a speed that cannot be played; the media is paused and sought along it
 * - `blocked`: the player refused to play, as browsers do before a user's gesture
 * - `unsupported`: the player cannot play what it was given
 * - `failing`: the player threw when it was last looked at
 * - `loading`: the player has nothing to play yet, or does not know where it is
 * - `seeking`: a seek is under way, or has not been measured yet
 * - `adjusting`: it plays, and is not within the tolerance yet
 * - `limited`: it plays outside the tolerance, as close as this player can be brought for now: `limits` says why
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
 * What a player turned out not to do:
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

export interface MediaFollowerStatus {
  readonly state: MediaFollowerState
  /** Where the timeline is with respect to what can be sought in the media; undefined while unavailable. */
  readonly reach: MediaReach | undefined
  /** What the player was found not to do, in the order in which it was found. */
  readonly limits: readonly PlayerLimit[]
  /** How far the media is ahead of the timeline, in seconds of media; undefined while that is not known. */
  readonly errorSeconds: number | undefined
  /** Where the media should be now, in media time; undefined while unavailable. */
  readonly targetSeconds: number | undefined
  /** Undefined while the player does not know. */
  readonly mediaSeconds: number | undefined
  /** The timeline's; undefined while unavailable. */
  readonly speed: number | undefined
  /** What the player was last told. */
  readonly rate: number | undefined
  /** The part of the rate that corrects an error: 0.01 is one percent faster than the timeline. */
  readonly bend: number
  /** How far off the timeline itself may be, in seconds; undefined while unavailable. */
  readonly dispersionSeconds: number | undefined
  /** By how much the next seek will aim ahead, at speed 1. */
  readonly seekLeadSeconds: number
  /** Since start. */
  readonly seeks: number
  readonly rateChanges: number
  readonly holds: number
  /** How often the player threw where it should not, since start. */
  readonly failures: number
}

export interface MediaFollowerEvents {
  /** The player is told to seek. `leadSeconds`: by how much the aim is ahead of where the timeline is now. */
  seek: { fromSeconds: number; toSeconds: number; leadSeconds: number; errorSeconds: number }
  /** The player is told another rate. */
  rate: { rate: number; speed: number; bend: number; errorSeconds: number | undefined }
  /** A player that is ahead is paused for so long, until the timeline has caught up. */
  hold: { seconds: number; errorSeconds: number }
  /** The player was found not to do something. Other means are used from now on. */
  limit: { limit: PlayerLimit }
  /** The state is another. */
  status: MediaFollowerStatus & { readonly previous: MediaFollowerState }
  /** play() was refused. With `willRetry` false nothing happens until `retryPlay()`, or until someone else starts it. */
  blocked: { error: unknown; willRetry: boolean }
  /**
   * play() was refused with a NotSupportedError: the media cannot be loaded or decoded, and no gesture helps. It is tried
   * again less and less often, and at once when the player has loaded something else.
   */
  unsupported: { error: unknown }
  /**
   * The player threw when it was looked at: when currentTime was read, say, or by pause(). It is looked at again in so
   * many seconds: twice as long after every failure in a row, up to 30. `failures` counts since start.
   */
  failure: { error: unknown; failures: number; retryInSeconds: number }
}
