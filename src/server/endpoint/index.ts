export { ADDRESS_FILTER_OPTIONS, AddressFilter, type AddressFilterOptions } from './address-filter.js'
export type { Admission, AdmissionOptions, Place, Refusal } from './admission-control.js'
export type {
  Authority,
  Connection,
  ConnectionHandlers,
  ConnectionSocket,
  Handshake,
  HandshakeRequest,
  /** @public Extended by declaration merging. */
  HandshakeRequests,
} from './connection.js'
export type { ConnectionStatistics, Dated } from './connection-statistics.js'
export { DEFAULTS } from './defaults.js'
export { type DefaultedEndpointOptions, ENDPOINT_OPTIONS, othersOf } from './endpoint-options.js'
export { EndpointServer, type EndpointServerOptions } from './endpoint-server.js'
export {
  type BadMessageReason,
  EndpointStatistics,
  type RefusalReason,
  type TimeoutReason,
} from './endpoint-statistics.js'
export { type EndpointHooks, isThenable, withHook } from './hooks.js'
export { LogLimiter, writesLevel } from './log-limiter.js'
export type { Logger } from './logger.js'
export type { EndpointObserver } from './observers.js'
export {
  defaultPort,
  PUBLIC_URL,
  parseHostAndPort,
  parsePathPrefix,
  parsePublicUrl,
} from './public-address.js'
export { RateLimiter } from './rate-limiter.js'
export { type ServeMessagePortOptions, serveMessagePort } from './serve-message-port.js'
export { sourceKey } from './source-key.js'
export { type StateComposer, StateSender } from './state-sender.js'
export { UpdateRounds } from './update-rounds.js'
