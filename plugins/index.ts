export * from '../src/clocks/index.js'
export * from '../src/messages/index.js'
export type { AddressFilterOptions } from '../src/server/address-filter.js'
export type { Admission, AdmissionOptions } from '../src/server/admission-control.js'
export { CiiServer, type CiiServerOptions } from '../src/server/cii-server.js'
export type { Authority, Connection, ConnectionEvents, ConnectionSocket, Handshake } from '../src/server/connection.js'
export { EndpointServer, type EndpointServerOptions } from '../src/server/endpoint-server.js'
export {
  type BadMessageReason,
  EndpointStatistics,
  type RefusalReason,
  type TimeoutReason,
} from '../src/server/endpoint-statistics.js'
export { LATENCY_BOUNDS, LatencyHistogram } from '../src/server/latency-histogram.js'
export type { Logger } from '../src/server/logger.js'
export { type ServeMessagePortOptions, serveMessagePort } from '../src/server/message-port.js'
export {
  DROP_REASONS,
  type DropReason,
  type RemoteEndpoint,
  type RequestHandler,
} from '../src/server/request-handler.js'
export { type TsConnectionData, TsServer, type TsServerOptions } from '../src/server/ts-server.js'
export { WallClockHandler, type WallClockHandlerOptions } from '../src/server/wall-clock-handler.js'
export {
  WallClockWebSocketServer,
  type WallClockWebSocketServerOptions,
} from '../src/server/wall-clock-websocket-server.js'
export * from '../src/timelines/index.js'
export {
  IsolatedWallClockServer,
  type IsolatedWallClockServerOptions,
  type IsolatedWallClockServerStatistics,
} from '../src/udp/isolated-wall-clock-server.js'
export {
  UdpRequestServer,
  type UdpRequestServerOptions,
  type UdpRequestServerStatistics,
  type UdpServerAddress,
} from '../src/udp/udp-request-server.js'
export { type CiiPluginOptions, ciiPlugin } from './cii-plugin.js'
export { type EndpointPluginOptions, type EndpointServerClass, endpointPlugin } from './endpoint-plugin.js'
export { type MetricsPluginOptions, metricsPlugin, type PrometheusRegistry } from './metrics-plugin.js'
export { OptionError } from './options.js'
export { type TsPluginOptions, tsPlugin } from './ts-plugin.js'
export { type WallClockPluginOptions, wallClockPlugin } from './wall-clock-plugin.js'
export { type WallClockWebSocketPluginOptions, wallClockWebSocketPlugin } from './wall-clock-websocket-plugin.js'
export { UnsuitableAppError } from './websocket-server.js'
