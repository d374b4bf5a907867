/** Number of 16-bit groups (a /64) that identify an IPv6 subscriber, who can choose the rest freely. */
const IPV6_GROUPS_OF_A_SOURCE = 4

/** Maximum length of an IP address in any notation, including its zone and port. */
const MAX_ADDRESS_CHARACTERS = 100

/** The common source of everything that is not an IP address, so that invented addresses do not get limits of their own. */
const UNKNOWN_SOURCE = 'unknown'

export interface IpAddress {
  readonly family: 'ipv4' | 'ipv6'
  /** The four bytes, or the eight groups of 16 bits. */
  readonly parts: readonly number[]
}

/**
 * Parses every notation of an IP address that systems and proxies use: leading zeros (decimal), upper case, `::`, a zone, brackets, a
 * port. An IPv4-mapped IPv6 address is an IPv4 address.
 * @returns undefined for anything else.
 */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > MAX_ADDRESS_CHARACTERS) return undefined
  const bytes = parseIpv4(text)
  if (bytes !== undefined) return { family: 'ipv4', parts: bytes }
  const [, bracketed, beforePort] = /^(?:\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text) ?? []
  if (beforePort !== undefined) return parseAddress(beforePort)
  const groups = parseIpv6(bracketed ?? text)
  if (groups === undefined) return undefined
  const isMapped = groups.every((group, index) => index > 5 || group === (index === 5 ? 0xffff : 0))
  if (!isMapped) return { family: 'ipv6', parts: groups }
  const [high = 0, low = 0] = groups.slice(6)
  return { family: 'ipv4', parts: [high >> 8, high & 0xff, low >> 8, low & 0xff] }
}

/** @returns the address in full, as `192.0.2.1` or `2001:db8:0:0:0:0:0:1`. */
export function formatAddress({ family, parts }: IpAddress): string {
  return family === 'ipv4' ? `${parts[0]}.${parts[1]}.${parts[2]}.${parts[3]}` : hex(parts)
}

/**
 * What counts as one source: an IPv4 address, the /64 of an IPv6 address, or everything that is neither. The key is a
 * new and short string: a part of a header, as proxies write addresses, would keep the whole header in memory.
 */
export function sourceKey(address: string): string {
  const ip = parseAddress(address)
  if (ip === undefined) return UNKNOWN_SOURCE
  return ip.family === 'ipv4' ? formatAddress(ip) : `${hex(ip.parts.slice(0, IPV6_GROUPS_OF_A_SOURCE))}::/64`
}

function hex(groups: readonly number[]): string {
  let text = ''
  for (const group of groups) text += text === '' ? group.toString(16) : `:${group.toString(16)}`
  return text
}

// By character, because this runs for each datagram if there are limits, and regular expressions take ten times as long.
const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const COLON = 0x3a

function parseIpv4(text: string, start = 0, end = text.length): number[] | undefined {
  const bytes: number[] = []
  let byte = 0
  let digits = 0
  for (let index = start; index <= end; index += 1) {
    const code = index === end ? DOT : text.charCodeAt(index)
    if (code >= ZERO && code <= NINE) {
      byte = byte * 10 + code - ZERO
      digits += 1
    } else if (code === DOT && digits >= 1 && digits <= 3 && byte <= 0xff) {
      bytes.push(byte)
      byte = 0
      digits = 0
    } else return undefined
  }
  return bytes.length === 4 ? bytes : undefined
}

/** RFC 4291, 2.2: eight groups, `::` once for those that are zero, the last two in decimal if the writer likes; and a zone. */
function parseIpv6(text: string): number[] | undefined {
  const zone = text.indexOf('%')
  if (zone !== -1 && zone === text.length - 1) return undefined
  const end = zone === -1 ? text.length : zone
  const groups: number[] = []
  let gap = -1
  let index = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined
    gap = 0
    index = 2
  }
  while (index < end) {
    if (groups.length === 8) return undefined
    let stop = index
    while (stop < end && text.charCodeAt(stop) !== COLON) stop += 1
    const bytes = stop === end && groups.length <= 6 ? parseIpv4(text, index, end) : undefined
    if (bytes !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = bytes
      groups.push((a << 8) | b, (c << 8) | d)
      break
    }
    const group = parseHex(text, index, stop)
    if (group === undefined) return undefined
    groups.push(group)
    if (stop === end) break
    index = stop + 1
    if (index < end && text.charCodeAt(index) === COLON) {
      if (gap !== -1) return undefined
      gap = groups.length
      index += 1
    } else if (index === end) return undefined
  }
  if (gap === -1) return groups.length === 8 ? groups : undefined
  if (groups.length === 8) return undefined
  return [...groups.slice(0, gap), ...new Array<number>(8 - groups.length).fill(0), ...groups.slice(gap)]
}

function parseHex(text: string, start: number, end: number): number | undefined {
  if (end === start || end - start > 4) return undefined
  let group = 0
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index)
    const lower = code | 0x20
    if (code >= ZERO && code <= NINE) group = group * 16 + code - ZERO
    else if (lower >= 0x61 && lower <= 0x66) group = group * 16 + lower - 0x57
    else return undefined
  }
  return group
}
