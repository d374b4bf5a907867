import type { Socket } from 'node:dgram'
import { isIP } from 'node:net'

/** Where a socket of this machine is bound. */
export interface LocalEndpoint {
  readonly address: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
}

/** Who sent a request. On a dual-stack socket an IPv4 sender reads `::ffff:192.0.2.1`, family `IPv6`. */
export interface RemoteEndpoint {
  readonly address: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
}

export function localEndpointOf(socket: Socket): LocalEndpoint {
  const { address, port, family } = socket.address()
  return { address, port, family: family === 'IPv6' ? 'IPv6' : 'IPv4' }
}

/** @throws TypeError */
export function checkLocalAddress(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && isIP(value) !== 0)) return value as string | undefined
  throw new TypeError(`localAddress: expected an IP address, got ${JSON.stringify(value)}`)
}

/** @throws TypeError, RangeError */
export function checkLocalPort(value: unknown = 0): number {
  if (typeof value !== 'number') throw new TypeError(`localPort: expected a number, got ${JSON.stringify(value)}`)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw new RangeError(`localPort: expected an integer from 0 to 65535, got ${value}`)
}
