/** An IP address without its mapping into IPv6: `192.0.2.1` for `::ffff:192.0.2.1`. Other addresses are returned as they are. */
export function withoutMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/** An IPv6 address without its zone: `fe80::1` for `fe80::1%eth0`. Other addresses are returned as they are. */
export function withoutZone(address: string): string {
  return address.replace(/%.*$/, '')
}

/** Whether an address, or the host of a URL, is this machine alone: 127.0.0.0/8, `::1` or `localhost`. */
export function isLoopback(host: string): boolean {
  const address = withoutMapping(host.replace(/^\[(.*)\]$/, '$1'))
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address) || /^localhost\.?$/i.test(address)
}

/** Whether a server that is bound to an address accepts connections at every address of the machine. */
export function isEveryAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}
