import { BlockList, isIP } from 'node:net'
import {
  ConflictingOptionError,
  checkOptions,
  describeValue,
  type OptionTable,
  type OptionType,
} from '../../validation/index.js'
import { formatAddress, type IpAddress, parseAddress } from './source-key.js'

/** Options that restrict which client addresses a server accepts. */
export interface AddressFilterOptions {
  /**
   * Addresses and networks (`192.168.1.0/24`, `2001:db8::/32`) that are served; all others are denied. Default: everyone
   * is served. Behind a trusted proxy the address is the one that the proxy names (`request.ip`).
   */
  readonly allow?: readonly string[] | undefined
  /** Addresses and networks that are not served, those in `allow` included. Default: none. */
  readonly deny?: readonly string[] | undefined
}

interface Network {
  readonly address: IpAddress
  readonly prefix: number
}

/** Bits before the IPv4 address in an IPv4-mapped IPv6 address. */
const MAPPED_PREFIX = 96

export const ADDRESS_FILTER_OPTIONS: OptionTable<AddressFilterOptions> = {
  // An empty list would serve nobody, which is unlikely to be intended.
  allow: networks({ nonEmpty: true }),
  deny: networks({ nonEmpty: false }),
}

/** Decides by address whether a client is served. */
export class AddressFilter {
  readonly #allow: NetworkList | undefined
  readonly #deny: NetworkList | undefined

  private constructor(allow: readonly Network[], deny: readonly Network[]) {
    this.#allow = allow.length === 0 ? undefined : new NetworkList(allow)
    this.#deny = deny.length === 0 ? undefined : new NetworkList(deny)
  }

  /**
   * @returns undefined when everyone is served.
   * @throws InvalidOptionError for an invalid entry, ConflictingOptionError if `deny` covers all of `allow`.
   */
  static of(options: AddressFilterOptions): AddressFilter | undefined {
    const { allow, deny } = checkOptions(ADDRESS_FILTER_OPTIONS, options, { others: 'any' })
    if (allow === undefined && (deny === undefined || deny.length === 0)) return undefined
    const [allowed, denied] = [networksOf(allow), networksOf(deny)]
    if (allowed.length > 0 && allowed.every((network) => denied.some((other) => contains(other, network)))) {
      const conflict = `must leave something of "allow" (${describeValue(allow)}); received ${describeValue(deny)}`
      throw new ConflictingOptionError('deny', conflict)
    }
    return new AddressFilter(allowed, denied)
  }

  /**
   * `deny` takes precedence, however small the network in `allow` is. An address that cannot be parsed (of a Unix socket, or invented
   * before a proxy) is in no network and is not served, because the lists cannot be applied to it.
   */
  isServed(address: string): boolean {
    const ip = parseAddress(address)
    if (ip === undefined || this.#deny?.has(ip)) return false
    return this.#allow?.has(ip) ?? true
  }
}

function networks({ nonEmpty }: { nonEmpty: boolean }): OptionType<readonly string[]> {
  const isNetwork = (entry: unknown) => parseNetwork(entry) !== undefined
  return {
    expected: `a ${nonEmpty ? 'non-empty ' : ''}list of IP addresses and networks, such as "192.0.2.1" or "2001:db8::/32"`,
    accepts: (value) => Array.isArray(value) && !(nonEmpty && value.length === 0) && value.every(isNetwork),
    rejected: (value) => {
      const index = Array.isArray(value) ? value.findIndex((entry) => !isNetwork(entry)) : -1
      return index === -1 ? value : (value as unknown[])[index]
    },
  }
}

function networksOf(entries: readonly string[] = []): Network[] {
  return entries.flatMap((entry) => parseNetwork(entry) ?? [])
}

/** Stricter than {@link parseAddress}, because configuration must be unambiguous. */
function parseNetwork(entry: unknown): Network | undefined {
  if (typeof entry !== 'string' || entry.includes('%')) return undefined
  const [text = '', bits, more] = entry.split('/')
  const family = isIP(text)
  const address = family === 0 ? undefined : parseAddress(text)
  if (address === undefined || more !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
  const written = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits)
  if (written > (family === 4 ? 32 : 128)) return undefined
  const isMapped = family === 6 && address.family === 'ipv4'
  const prefix = isMapped ? written - MAPPED_PREFIX : written
  return prefix < 0 ? undefined : { address, prefix }
}

function contains(outer: Network, inner: Network): boolean {
  if (outer.address.family !== inner.address.family || outer.prefix > inner.prefix) return false
  const list = new NetworkList([outer])
  return list.has(inner.address)
}

/** One list for each family: in a single BlockList, `::/0` would also cover IPv4. */
class NetworkList {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() }

  constructor(networks: readonly Network[]) {
    for (const { address, prefix } of networks) {
      this.#lists[address.family].addSubnet(formatAddress(address), prefix, address.family)
    }
  }

  has(address: IpAddress): boolean {
    return this.#lists[address.family].check(formatAddress(address), address.family)
  }
}
