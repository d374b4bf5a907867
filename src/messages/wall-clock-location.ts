import type { Cii } from './cii.js'
import type { PrivateData } from './private-data.js'

/**
 * Type of the private data that announces a WebSocket wall clock to companions without UDP. `wcUrl` holds a single address, which
 * must be the UDP one for all other companions.
 */
export const WALL_CLOCK_WEBSOCKET_TYPE = 'urn:x-fastify-dvbcss:wall-clock-websocket'

/** The private data entry with that address. */
export function wallClockWebSocketLocation(wcUrl: string): PrivateData {
  return { type: WALL_CLOCK_WEBSOCKET_TYPE, wcUrl }
}

/** URL of the WebSocket wall clock from CII: `ws://…` or `wss://…`; undefined if CII does not have one. */
export function wallClockWebSocketUrl(cii: Cii): string | undefined {
  const candidates = [cii.wcUrl, ...(cii.private ?? []).filter(isLocation).map(({ wcUrl }) => wcUrl)]
  return candidates.find((url): url is string => typeof url === 'string' && /^wss?:\/\//i.test(url))
}

function isLocation({ type }: PrivateData): boolean {
  return type === WALL_CLOCK_WEBSOCKET_TYPE
}
