export { LATENCY_BOUNDS, LatencyHistogram } from './latency-histogram.js'
export type { RecentClient } from './recent-clients.js'
export type { UdpRequestServerStatistics } from './request-counters.js'
export { DROP_REASONS, type DropReason, type RequestHandler } from './request-handler.js'
export {
  UDP_REQUEST_SERVER_OPTIONS,
  UdpRequestServer,
  type UdpRequestServerOptions,
  type UdpServerAddress,
} from './udp-request-server.js'
export {
  CLOCK,
  WALL_CLOCK_HANDLER_OPTIONS,
  WallClockHandler,
  type WallClockHandlerOptions,
} from './wall-clock-handler.js'
export {
  WALL_CLOCK_WEBSOCKET_OPTIONS,
  type WallClockHooks,
  WallClockWebSocketServer,
  type WallClockWebSocketServerOptions,
} from './wall-clock-websocket-server.js'
