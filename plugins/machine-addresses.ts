import { networkInterfaces } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { isEveryAddress, isLoopback, withoutMapping, withoutZone } from '../src/validation/index.js'

export type NetworkInterfaces = ReturnType<typeof networkInterfaces>

/** An address that a server is bound to, over TCP or UDP. */
export interface BoundAddress {
  readonly address: string
}

/**
 * An IP address as a URL has it: IPv4 without its mapping into IPv6, IPv6 in brackets. Null for a link-local IPv6 address. It means
 * nothing without its zone, no URL has room for a zone (WHATWG URL, host parsing), and a zone has a meaning on one machine alone.
 */
export function hostOfAddress(address: string): string | null {
  const plain = withoutMapping(address)
  if (!plain.includes(':')) return plain
  return isLinkLocal(plain) ? null : `[${withoutZone(plain)}]`
}

/** fe80::/10. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address)
}

/** Whether one of the servers receives what is sent to an address of this machine. One on `::` is taken for IPv6 alone. */
export function isServed(bound: readonly BoundAddress[], address: string): boolean {
  const plain = withoutMapping(address)
  const every = plain.includes(':') ? '::' : '0.0.0.0'
  return bound.some((each) => each.address === every || each.address === plain)
}

/** Where an app listens over TCP. On `::` it takes IPv4 too; a Unix socket has no address. */
export function addressesOfApp(app: FastifyInstance): (BoundAddress & { readonly port: number })[] {
  const bound = app.addresses().filter((each) => typeof each !== 'string')
  const dualStack = bound.find(({ address }) => address === '::')
  return dualStack === undefined ? bound : [{ address: '0.0.0.0', port: dualStack.port }, ...bound]
}

/** What an app listens on to be reached at every address of the machine. */
export function everyAddress(interfaces: NetworkInterfaces = networkInterfaces()): '::' | '0.0.0.0' {
  const hasIPv6 = Object.values(interfaces).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'))
  return hasIPv6 ? '::' : '0.0.0.0'
}

/**
 * The other addresses of the interface that has an address, those of its own family first: whoever has reached the one is on the same
 * link as the others. Without link-local IPv6 addresses, which are of no use in a URL.
 */
export function neighboursOf(address: string, interfaces: NetworkInterfaces = networkInterfaces()): string[] {
  const plain = withoutMapping(address)
  const bare = withoutZone(plain)
  const zone = plain.slice(bare.length + 1)
  const isIts = (name: string, each: { address: string; internal: boolean; scopeid?: number }): boolean =>
    // Linux and macOS write the interface's name into a zone, Windows its number. All of 127.0.0.0/8 is loopback.
    zone !== ''
      ? name === zone || (each.address === bare && String(each.scopeid) === zone)
      : each.address === bare || (each.internal && isLoopback(bare))
  const family = (each: string) => Number(each.includes(':') !== plain.includes(':'))
  return Object.entries(interfaces)
    .filter(([name, addresses]) => addresses?.some((each) => isIts(name, each)))
    .flatMap(([, addresses]) => (addresses ?? []).map((each) => each.address))
    .filter((each) => each !== bare && !isLinkLocal(each))
    .sort((a, b) => family(a) - family(b))
}

/** The addresses, fit for a URL, at which a server that is bound to an address can be reached: many, if it is bound to all. */
export function hostsOf(bound: string, interfaces: NetworkInterfaces = networkInterfaces()): string[] {
  const family = bound === '::' ? 'IPv6' : 'IPv4'
  const addresses = isEveryAddress(bound)
    ? Object.values(interfaces)
        .flatMap((each) => each ?? [])
        .filter((each) => each.family === family)
        .map(({ address }) => address)
    : [bound]
  return addresses.map(hostOfAddress).filter((host) => host !== null)
}
