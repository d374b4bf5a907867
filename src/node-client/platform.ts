import type { Platform } from '../client/platform.js'
import { UdpWallClockTransport } from '../udp/udp-wall-clock-transport.js'
import { openNodeSocket } from './node-socket.js'

/** What a companion has in Node: sockets that tell why they failed, and UDP. */
export const nodePlatform: Platform = {
  openSocket: openNodeSocket,
  createUdpTransport: (url) => new UdpWallClockTransport(url),
}
