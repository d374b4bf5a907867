export { addressAsItIs } from './address-lookup.js'
export { describeBindError } from './bind-error.js'
export { bindSockets, closeSockets } from './bind-sockets.js'
export { type HostAddress, HostAddresses } from './host-addresses.js'
export { OperationOrder } from './operation-order.js'
export {
  checkLocalAddress,
  checkLocalPort,
  type LocalEndpoint,
  localEndpointOf,
  type RemoteEndpoint,
} from './udp-endpoint.js'
export { checkServerPort, parseUdpUrl } from './udp-url.js'
