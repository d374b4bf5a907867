export { LATENCY_BOUNDS, LatencyHistogram } from './latency-histogram.js'
export type { UdpRequestServerStatistics } from './request-counters.js'
export { DROP_REASONS, type DropReason, type RequestHandler } from './request-handler.js'
export { UdpRequestServer, type UdpRequestServerOptions, type UdpServerAddress } from './udp-request-server.js'
export { WallClockHandler, type WallClockHandlerOptions } from './wall-clock-handler.js'
export {
  type WallClockHooks,
  WallClockWebSocketServer,
  type WallClockWebSocketServerOptions,
} from './wall-clock-websocket-server.js'
