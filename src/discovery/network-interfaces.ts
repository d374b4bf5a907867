import { BlockList, isIP, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isLoopback, withoutMapping } from '../validation/index.js'

/** An address of an interface of this machine. */
export interface InterfaceAddress {
  /** The interface, for example `eth0`. */
  readonly name: string
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
  readonly isInternal: boolean
  /** Whether an address is in the network of this one. */
  contains(address: string): boolean
}

/** A place to send multicast from: one address of IPv4, or an interface with IPv6. */
export interface MulticastInterface {
  readonly family: 'IPv4' | 'IPv6'
  /** For `addMembership` and `setMulticastInterface`: `192.0.2.1`, or `::%eth0`. */
  readonly address: string
  readonly name: string
}

/**
 * The addresses of this machine that are selected.
 *
 * @param selected names or addresses of interfaces. Undefined: all that are not loopback, or loopback where there is no other.
 */
export function interfaceAddresses(selected: readonly string[] | undefined): InterfaceAddress[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, family, internal, cidr }) =>
      interfaceAddress(name, address, family, internal, cidr),
    ),
  )
  if (selected !== undefined) {
    return all.filter(({ name, address, isInternal }) =>
      selected.some(
        (each) => each === name || each === address || (isInternal && isLoopback(each) && isLoopback(address)),
      ),
    )
  }
  const external = all.filter(({ isInternal }) => !isInternal)
  return external.length > 0 ? external : all
}

/** Where multicast is sent from and received on, one entry for each IPv4 address and each interface with IPv6. */
export function multicastInterfaces(addresses: readonly InterfaceAddress[]): MulticastInterface[] {
  const found = new Map<string, MulticastInterface>()
  for (const { name, address, family } of addresses) {
    const multicastAddress = family === 'IPv4' ? address : `::%${name}`
    found.set(multicastAddress, { family, address: multicastAddress, name })
  }
  return [...found.values()]
}

/**
 * The addresses of this machine at which a peer can reach it: those of the interface whose network the peer is in, with the one in
 * the peer's network first. Empty: the peer is in none of these networks.
 */
export function addressesNear(peer: string, addresses: readonly InterfaceAddress[]): InterfaceAddress[] {
  const [bare = '', zone] = withoutMapping(peer).split('%')
  const nearest = addresses.find(({ name, contains }) => (zone === undefined || zone === name) && contains(bare))
  if (nearest === undefined) return []
  const others = addresses.filter(({ name, family }) => name === nearest.name && family === nearest.family)
  return [nearest, ...others.filter((each) => each !== nearest)]
}

function interfaceAddress(
  name: string,
  address: string,
  family: 'IPv4' | 'IPv6',
  isInternal: boolean,
  cidr: string | null,
): InterfaceAddress {
  const network = new BlockList()
  const type = family === 'IPv4' ? 'ipv4' : 'ipv6'
  // All of 127.0.0.0/8 is loopback, whatever its mask says.
  const prefix = isInternal && family === 'IPv4' ? 8 : Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128))
  network.addSubnet(address, prefix, type)
  const contains = (peer: string) =>
    isIP(peer) !== 0 && isIPv6(peer) === (family === 'IPv6') && network.check(peer, type)
  return { name, address, family, isInternal, contains }
}
