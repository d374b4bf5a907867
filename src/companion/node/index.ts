export {
  CiiClient,
  Companion,
  TsClient,
  TsClientConnection,
  WallClockClient,
  WebSocketWallClockTransport,
} from './clients.js'
export { nodePlatform } from './platform.js'
export {
  IGNORED_RESPONSES,
  UdpRequestResponseClient,
  type UdpRequestResponseClientStatistics,
  type UdpResponse,
} from './udp-request-client.js'
export type { UdpRequestOptions, UdpRequestResponseClientOptions } from './udp-request-options.js'
export { UdpWallClockTransport, type UdpWallClockTransportOptions } from './udp-wall-clock-transport.js'
