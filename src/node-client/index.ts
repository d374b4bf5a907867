import { setPlatform } from '../client/platform.js'
import { nodePlatform } from './platform.js'

setPlatform(nodePlatform)

export * from '../client/index.js'
export type { LocalEndpoint } from '../udp/local-endpoint.js'
export {
  IGNORED_RESPONSES,
  UdpRequestResponseClient,
  type UdpRequestResponseClientStatistics,
  type UdpResponse,
} from '../udp/udp-request-client.js'
export type { UdpRequestOptions, UdpRequestResponseClientOptions } from '../udp/udp-request-options.js'
export { UdpWallClockTransport, type UdpWallClockTransportOptions } from '../udp/udp-wall-clock-transport.js'
export { nodePlatform } from './platform.js'
