import type { Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { type OptionType, option } from '../validation/index.js'

/** The local address and port that a socket is bound to. */
export interface LocalEndpoint {
  /** The IP address. */
  readonly address: string
  /** The UDP port. */
  readonly port: number
  /** The family of the address. */
  readonly family: 'IPv4' | 'IPv6'
}

/** The sender of a request. On a dual-stack socket an IPv4 sender reads `::ffff:192.0.2.1`, family `IPv6`. */
export interface RemoteEndpoint {
  /** The IP address. */
  readonly address: string
  /** The UDP port. */
  readonly port: number
  /** The family of the address. */
  readonly family: 'IPv4' | 'IPv6'
}

export function localEndpointOf(socket: Socket): LocalEndpoint {
  const { address, port, family } = socket.address()
  return { address, port, family: family === 'IPv6' ? 'IPv6' : 'IPv4' }
}

/** An address of this machine, to bind to. */
export const LOCAL_ADDRESS_TYPE: OptionType<string> = option.custom(
  'an IP address',
  (value) => typeof value === 'string' && isIP(value) !== 0,
)
