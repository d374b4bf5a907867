import type { Platform } from '../connections/index.js'
import { openNodeSocket } from './node-socket.js'
import { UdpWallClockTransport } from './udp-wall-clock-transport.js'

/** The transports in Node: WebSockets that report why they failed, and UDP. */
export const nodePlatform: Required<Platform> = {
  openSocket: openNodeSocket,
  createUdpTransport: (url) => new UdpWallClockTransport(url),
}
