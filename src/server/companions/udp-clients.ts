import type { RecentClient } from '../wall-clock/index.js'

/** A companion without a connection to the wall clock, which may request its time over UDP. */
export interface UdpCompanion {
  /** When it connected, in milliseconds of the epoch. */
  readonly connectedAt: number
  /** The port from which it sends its requests, as far as it is known. */
  udpPort: number | undefined
}

/** The UDP clients of one companion, and whether some of them may be those of others. */
export interface UdpShare {
  readonly clients: readonly RecentClient[]
  readonly isShared: boolean
}

/** A companion sends its first request soon after it has connected, or shortly before its connection is complete. */
const FIRST_REQUEST_MILLIS = { before: 200, after: 3000 }

/** After this time without a request a companion may have opened another socket: otherwise it sends one every few seconds. */
const SILENCE_MILLIS = 5000

/**
 * Assigns the UDP clients of one address to the companions there. UDP has no connections and no user agent; what is known of a client is
 * when its requests began and when the last one came.
 *
 * @param companions those without a connection to the wall clock. Their `udpPort` is set where a client is assigned for certain.
 */
export function assignUdpClients<Companion extends UdpCompanion>(
  companions: readonly Companion[],
  clients: readonly RecentClient[],
  nowMillis: number,
): Map<Companion, UdpShare> {
  const shares = new Map<Companion, UdpShare>()
  const free = new Set(clients)
  const take = (companion: Companion, client: RecentClient): void => {
    free.delete(client)
    companion.udpPort = client.port
    shares.set(companion, { clients: [client], isShared: false })
  }
  const first = (isLikely: (client: RecentClient) => boolean): RecentClient | undefined =>
    [...free].filter(isLikely).sort((one, other) => one.firstRequestAt - other.firstRequestAt)[0]

  const silent: Companion[] = []
  for (const companion of companions) {
    const known = clients.find(({ port }) => port === companion.udpPort)
    if (known === undefined) continue
    take(companion, known)
    if (nowMillis - known.lastRequestAt >= SILENCE_MILLIS) silent.push(companion)
  }
  for (const companion of companions) {
    if (shares.has(companion)) continue
    const { before, after } = FIRST_REQUEST_MILLIS
    const next = first(({ firstRequestAt }) => {
      const delay = firstRequestAt - companion.connectedAt
      return delay >= -before && delay <= after
    })
    if (next !== undefined) take(companion, next)
  }
  for (const companion of silent) {
    const known = shares.get(companion)?.clients[0]
    const next = first(({ firstRequestAt }) => known !== undefined && firstRequestAt > known.lastRequestAt)
    if (next !== undefined) take(companion, next)
  }

  const unknown = companions.filter((companion) => !shares.has(companion))
  for (const companion of unknown) {
    const likely = [...free].filter(({ lastRequestAt }) => lastRequestAt >= companion.connectedAt)
    shares.set(companion, { clients: likely, isShared: unknown.length > 1 && likely.length > 0 })
    if (unknown.length === 1 && likely.length === 1) companion.udpPort = likely[0]?.port
  }
  return shares
}
