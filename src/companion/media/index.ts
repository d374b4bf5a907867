export { MediaFollower } from './media-follower.js'
export type {
  MediaFollowerEvents,
  MediaFollowerState,
  MediaFollowerStatus,
  PlayerLimit,
} from './media-follower-events.js'
export type { MediaFollowerOptions, WhenUnavailable } from './media-follower-options.js'
export type { FollowedMedia, MediaReach } from './playback-media.js'
export type { ClockHolder, FollowedClock, MediaCorrelation } from './playback-target.js'
export type { AudioBufferLike, AudioContextLike, AudioNodeLike } from './web-audio-context.js'
export { WebAudioPlayer, type WebAudioPlayerEvent, type WebAudioPlayerOptions } from './web-audio-player.js'
