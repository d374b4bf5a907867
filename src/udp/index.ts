export { UdpBindError } from './bind-error.js'
export { addressAsItIs, bindSockets, closeSockets } from './bind-sockets.js'
export { type HostAddress, HostAddresses } from './host-addresses.js'
export { OperationOrder } from './operation-order.js'
export {
  LOCAL_ADDRESS_TYPE,
  type LocalEndpoint,
  localEndpointOf,
  type RemoteEndpoint,
} from './udp-endpoint.js'
