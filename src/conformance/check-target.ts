/** What the command line asks for. */
export interface CheckRequest {
  /** A CII endpoint, or a wall clock alone. */
  readonly target: string
  readonly wcUrl?: string
  readonly tsUrl?: string
  readonly selector?: string
  readonly stem?: string
  readonly seconds: number
}

export interface UdpTarget {
  readonly host: string
  readonly port: number
}

/** Reads `udp://host:port`; undefined for anything else. */
export function parseUdpUrl(text: string): UdpTarget | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  if (protocol !== 'udp:' || hostname === '' || port === '') return undefined
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}

export function isWebSocketUrl(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol) && new URL(text).hash === ''
}
