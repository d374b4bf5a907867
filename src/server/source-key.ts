/** Bits of an IPv6 address that belong to one customer line; the rest he can choose as he likes. */
const IPV6_GROUPS_OF_A_SOURCE = 4

/**
 * What counts as one source: an IPv4 address, or the /64 of an IPv6 address.
 * @param address as the operating system writes it; a zone and a mapping of IPv4 into IPv6 are taken off.
 */
export function sourceKey(address: string): string {
  if (!address.includes(':')) return address
  const unmapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (unmapped !== undefined) return unmapped
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length + after < 8) groups.push('0')
  }
  return `${groups.slice(0, IPV6_GROUPS_OF_A_SOURCE).join(':')}::/64`.toLowerCase()
}
