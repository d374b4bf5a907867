import type { Cii } from './cii.js'
import type { PrivateData } from './private-data.js'

/**
 * Type of the private data in which CII tells companions without UDP where the wall clock is. `wcUrl` has room for one address, and
 * that is the UDP one, because all other companions look there.
 */
export const WALL_CLOCK_WEBSOCKET_TYPE = 'urn:x-fastify-dvbcss:wall-clock-websocket'

/** The private data that says so. */
export function wallClockWebSocketLocation(wcUrl: string): PrivateData {
  return { type: WALL_CLOCK_WEBSOCKET_TYPE, wcUrl }
}

/** Where the wall clock is to be asked over a WebSocket: `ws://…` or `wss://…`, or undefined where CII does not say. */
export function wallClockWebSocketUrl(cii: Cii): string | undefined {
  const candidates = [cii.wcUrl, ...(cii.private ?? []).filter(isLocation).map(({ wcUrl }) => wcUrl)]
  return candidates.find((url): url is string => typeof url === 'string' && /^wss?:\/\//i.test(url))
}

function isLocation({ type }: PrivateData): boolean {
  return type === WALL_CLOCK_WEBSOCKET_TYPE
}
