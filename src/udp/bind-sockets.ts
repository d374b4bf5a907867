import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIPv6, SocketAddress } from 'node:net'
import { withoutMapping } from '../validation/index.js'
import { UdpBindError } from './bind-error.js'

/** One socket of a server. A server on several addresses has one for each, all on the same port. */
interface BindTarget {
  readonly address: string
  readonly family: 4 | 6
  /** Whether this address may be skipped if the machine does not have it. */
  readonly optional: boolean
}

const EVERY_IPV4: BindTarget = { address: '0.0.0.0', family: 4, optional: true }
const EVERY_IPV6: BindTarget = { address: '::', family: 6, optional: true }
/** Attempts to find a port that is free in both address families. */
const FREE_PORT_TRIES = 10
/** System errors for an address that the machine does not have, or for a family that it does not have. */
const MISSING_ADDRESS: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT'])

/**
 * Binds a socket for each address that a host stands for, all on one port.
 *
 * No host stands for every address of the machine, of whichever families it has; `::` for the same, but IPv6 must be available;
 * a name for those of its addresses that are this machine's.
 *
 * @param prepare called with each socket before it can receive.
 * @returns at least one socket; IPv4 first, except for the host `::`.
 * @throws UdpBindError. No socket is left open then.
 */
export async function bindSockets(
  host: string | undefined,
  port: number,
  prepare: (socket: Socket) => void,
): Promise<Socket[]> {
  let targets: BindTarget[]
  try {
    targets = await targetsOf(host)
  } catch (error) {
    throw new UdpBindError(String(host), port, error)
  }
  for (let tries = 1; ; tries += 1) {
    const sockets: Socket[] = []
    try {
      await bindEach(targets, sockets, host, port, prepare)
      return sockets
    } catch (error) {
      await closeSockets(sockets)
      const isTaken = error instanceof UdpBindError && error.systemCode === 'EADDRINUSE'
      if (!isTaken || port !== 0 || tries === FREE_PORT_TRIES) throw error
    }
  }
}

/** Resolves when all sockets are closed, including those that were already closed elsewhere. */
export async function closeSockets(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          try {
            socket.close(() => resolve())
          } catch {
            // A closed socket throws.
            resolve()
          }
        }),
    ),
  )
}

/**
 * IPv4 and IPv6 get separate sockets. A dual-stack socket serves IPv6 alone where `net.ipv6.bindv6only` is set, and on OpenBSD; and
 * it makes each IPv4 answer more expensive, because the system reports all addresses as IPv6.
 */
async function targetsOf(host: string | undefined): Promise<BindTarget[]> {
  if (host === undefined) return [EVERY_IPV4, EVERY_IPV6]
  const found = await lookup(host, { all: true })
  const addresses = new Set(found.map(({ address }) => unmapped(address)))
  if (addresses.has(EVERY_IPV6.address)) return [{ ...EVERY_IPV6, optional: false }, EVERY_IPV4]
  return [...addresses]
    .map((address): BindTarget => ({ address, family: isIPv6(address) ? 6 : 4, optional: addresses.size > 1 }))
    .sort((a, b) => a.family - b.family)
}

/**
 * An address that is IPv4 mapped into IPv6, as IPv4, so that it does not take a dual-stack socket. Any other is returned in its
 * canonical form.
 */
export function unmapped(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  return withoutMapping(canonical)
}

/** @param sockets receives the sockets that were bound, even if another cannot be. */
async function bindEach(
  targets: readonly BindTarget[],
  sockets: Socket[],
  host: string | undefined,
  port: number,
  prepare: (socket: Socket) => void,
): Promise<void> {
  let missing: Error | undefined
  for (const target of targets) {
    const samePort = sockets[0]?.address().port ?? port
    try {
      sockets.push(await bind(target, samePort, prepare))
    } catch (error) {
      const described = new UdpBindError(host ?? target.address, samePort, error)
      if (!target.optional || !MISSING_ADDRESS.has(described.systemCode)) throw described
      missing = described
    }
  }
  if (sockets.length === 0) throw missing
}

function bind({ address, family }: BindTarget, port: number, prepare: (socket: Socket) => void): Promise<Socket> {
  const lookup = addressAsItIs(family)
  const socket = createSocket(family === 6 ? { type: 'udp6', ipv6Only: true, lookup } : { type: 'udp4', lookup })
  return new Promise((resolve, reject) => {
    const onBindError = (error: Error): void => {
      socket.close()
      reject(error)
    }
    socket.once('error', onBindError)
    socket.bind({ address, port }, () => {
      socket.off('error', onBindError)
      prepare(socket)
      resolve(socket)
    })
  })
}

export type AddressLookup = (
  hostname: string,
  family: unknown,
  callback: (error: Error | null, address: string, family: number) => void,
) => void

/**
 * A look-up that takes the address for an address, at once. The one that sockets have defers each send by a tick even
 * for an address: the time in a message would be older, and a send dearer than that of a bare echo.
 */
export function addressAsItIs(family: number): AddressLookup {
  return (address, _family, callback) => callback(null, address, family)
}
