export { AdaptiveWallClockTransport } from './adaptive-wall-clock-transport.js'
export { MIN_PRECISION_SECONDS } from './app2app-wall-clock-message.js'
export { Candidate, type CandidateAlgorithm, type CandidateFields, type ClockLine } from './candidate.js'
export {
  type CandidateFilter,
  FilteredAlgorithm,
  LowestDispersionFilter,
  RoundTripFilter,
} from './candidate-filters.js'
export { type Implausible, type Measured, type MeasureOptions, measureCandidate } from './candidate-measurement.js'
export { FilterAndPredictAlgorithm, type FilterAndPredictOptions } from './filter-and-predict-algorithm.js'
export { NarrowestIntervalAlgorithm } from './narrowest-interval-algorithm.js'
export { LowestDispersionAlgorithm, MostRecentAlgorithm } from './single-candidate-algorithms.js'
export { WallClockClient } from './wall-clock-client.js'
export type { WallClockClientEvents } from './wall-clock-events.js'
export type { WallClockExchange } from './wall-clock-exchange.js'
export {
  checkWallClockLimits,
  noUdpError,
  type SlewOptions,
  WALL_CLOCK_SETTINGS,
  type WallClockClientOptions,
  type WallClockTimers,
} from './wall-clock-options.js'
export type { WallClockStatus } from './wall-clock-status.js'
export {
  type WallClockEncoding,
  WebSocketWallClockTransport,
  type WebSocketWallClockTransportOptions,
} from './websocket-wall-clock-transport.js'
