export {
  type Clock,
  CorrelatedClock,
  type CorrelatedClockOptions,
  Correlation,
  type CorrelationOptions,
  OffsetClock,
  type ScheduledCall,
  type SleepOptions,
  SystemClock,
  type SystemClockOptions,
  TunableClock,
  type TunableClockOptions,
} from '../clocks/index.js'
export {
  type Cii,
  type ControlTimestamp,
  contentTicksAt,
  isAvailable,
  MessageError,
  type MessagePortLike,
  type PresentationTimestamp,
  type PresentationTimestamps,
  type PrivateData,
  type TimelineOption,
  type TimelineProperties,
  tickRateOf,
} from '../messages/index.js'
export type { BackoffOptions } from './backoff.js'
export { Candidate, type CandidateFields, type ClockLine } from './candidate.js'
export type { CandidateAlgorithm } from './candidate-algorithm.js'
export {
  type CandidateFilter,
  FilteredAlgorithm,
  LowestDispersionFilter,
  RoundTripFilter,
} from './candidate-filters.js'
export { type Implausible, type Measured, type MeasureOptions, measureCandidate } from './candidate-measurement.js'
export { CiiClient, type CiiClientEvents, type CiiClientOptions } from './cii-client.js'
export {
  type PresentationClocks,
  type PresentationTimestampsOptions,
  presentationTimestampsOf,
} from './clock-presentation-timestamps.js'
export { Companion } from './companion.js'
export type { CompanionEvents, CompanionSource, Unavailable, UnavailableReason } from './companion-events.js'
export type { AllowedHosts } from './companion-hosts.js'
export type { CompanionOptions } from './companion-options.js'
export { type CompanionPosition, positionOn } from './companion-position.js'
export { type CompanionTimeline, tickRateOfSelector } from './companion-timeline.js'
export { Emitter } from './emitter.js'
export { FilterAndPredictAlgorithm, type FilterAndPredictOptions } from './filter-and-predict-algorithm.js'
export { LowestDispersionAlgorithm } from './lowest-dispersion-algorithm.js'
export { MediaFollower } from './media-follower.js'
export type {
  MediaFollowerEvents,
  MediaFollowerState,
  MediaFollowerStatus,
  PlayerLimit,
} from './media-follower-events.js'
export type { MediaFollowerOptions, WhenUnavailable } from './media-follower-options.js'
export { overMessagePort } from './message-port-socket.js'
export { MostRecentAlgorithm } from './most-recent-algorithm.js'
export { NarrowestIntervalAlgorithm } from './narrowest-interval-algorithm.js'
export {
  type ConnectFailure,
  getPlatform,
  type OpenSocket,
  type Platform,
  type SocketEnd,
  type SocketHandlers,
  type SocketOptions,
  setPlatform,
  type Violation,
  type ViolationReason,
} from './platform.js'
export type { FollowedMedia, MediaReach } from './playback-media.js'
export type { ClockHolder, FollowedClock, MediaCorrelation } from './playback-target.js'
export type { ProtocolErrorEvent } from './reconnecting-client.js'
export type { ConnectionEvents, ReconnectingSocketOptions } from './reconnecting-socket.js'
export { TimelineUnwrapper, unwrapperFor } from './timeline-unwrapper.js'
export { TsClient, type TsClientEvents } from './ts-client.js'
export {
  TsClientConnection,
  type TsClientConnectionEvents,
  type TsClientConnectionOptions,
} from './ts-client-connection.js'
export type { TsClientOptions, TsClientSettings } from './ts-client-options.js'
export { WallClockClient } from './wall-clock-client.js'
export type { WallClockClientEvents } from './wall-clock-events.js'
export type { WallClockExchange } from './wall-clock-exchange.js'
export type { SlewOptions, WallClockClientOptions, WallClockTimers } from './wall-clock-options.js'
export type { WallClockStatus } from './wall-clock-status.js'
export type { WallClockTransport, WallClockTransportHandlers } from './wall-clock-transport.js'
export {
  type WallClockCarriage,
  WebSocketWallClockTransport,
  type WebSocketWallClockTransportOptions,
} from './websocket-wall-clock-transport.js'
