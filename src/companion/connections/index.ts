export { BACKOFF_OPTIONS, Backoff, type BackoffOptions } from './backoff.js'
export { CiiClient, type CiiClientEvents, type CiiClientOptions } from './cii-client.js'
export {
  type PresentationClocks,
  type PresentationTimestampsOptions,
  presentationTimestampsOf,
} from './clock-presentation-timestamps.js'
export {
  CLOSE_TIMEOUT_SECONDS,
  DEFAULT_HOLD_SECONDS,
  MAX_CONTROL_FRAMES_PER_SECOND,
  MAX_FRAGMENTS,
} from './connection-limits.js'
export { overMessagePort } from './message-port-socket.js'
export { PAIRING_COMPLETED, pairedSocketOpener } from './paired-socket.js'
export {
  type ConnectFailure,
  type OpenSocket,
  PLATFORM_OPTIONS,
  type Platform,
  type SocketEnd,
  type SocketHandlers,
  type SocketOpener,
  type SocketOptions,
  type Violation,
  type ViolationReason,
} from './platform.js'
export {
  CLIENT_OPTIONS,
  type ClientStatistics,
  type ProtocolErrorEvent,
  ReconnectingClient,
  type ReconnectingClientEvents,
  type ReconnectingClientOptions,
} from './reconnecting-client.js'
export {
  type ConnectionEvents,
  checkSocketUrl,
  ReconnectingSocket,
  type ReconnectingSocketOptions,
  SOCKET_OPTIONS,
} from './reconnecting-socket.js'
export { openStandardSocket } from './standard-socket.js'
export { TimelineUnwrapper, unwrapperFor } from './timeline-unwrapper.js'
export { TsClient, type TsClientEvents } from './ts-client.js'
export {
  TsClientConnection,
  type TsClientConnectionEvents,
  type TsClientConnectionOptions,
} from './ts-client-connection.js'
export { TS_SETTINGS, type TsClientOptions, type TsClientSettings } from './ts-client-options.js'
export type { WallClockTransport, WallClockTransportHandlers } from './wall-clock-transport.js'
