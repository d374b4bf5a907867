/** Host and port of `udp://host:port`. @throws TypeError */
export function parseUdpUrl(url: string): [host: string, port: number] {
  const match = /^udp:\/\/(?:\[([^\]/]+)\]|([^:/?#@]+)):(\d{1,5})\/?$/i.exec(url)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw new TypeError(`url: expected udp://host:port, got ${JSON.stringify(url)}`)
  return [host, checkServerPort(Number(match?.[3]))]
}

/** @throws TypeError */
export function checkServerPort(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new TypeError(`port: expected an integer from 1 to 65535, got ${String(port)}`)
}
