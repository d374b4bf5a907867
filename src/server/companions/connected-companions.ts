import { withoutMapping, withoutZone } from '../../validation/index.js'
import type { Connection, EndpointServer } from '../endpoint/index.js'
import type { RecentClient } from '../wall-clock/index.js'
import type { WallClockUdpServer } from '../wall-clock/isolated/index.js'
import { assignUdpClients } from './udp-clients.js'

/** The servers of one television. Those that it does not have are left out. */
export interface CompanionServers {
  /** Serves CSS-CII: `app.cii`. */
  readonly cii?: EndpointServer | undefined
  /** Serves CSS-TS: `app.ts`. */
  readonly ts?: EndpointServer | undefined
  /** Serves the wall clock over WebSocket: `app.wallClockWebSocket`. */
  readonly wallClockWebSocket?: EndpointServer | undefined
  /** Serves the wall clock over UDP: `app.wallClockServer`. It lists its clients only with `maxRecentClients`. */
  readonly wallClockServer?: Pick<WallClockUdpServer, 'recentClients'> | undefined
}

/** The connections that are taken to be one companion's. */
export interface ConnectedCompanion {
  /** Unique in the process, and the same as long as the companion has a connection. */
  readonly key: string
  /** The address of its connections, without its mapping into IPv6. */
  readonly remoteAddress: string
  /** The header `User-Agent` of its connections, as it was received; undefined if there is none. */
  readonly userAgent: string | undefined
  /** When its first connection was opened, in milliseconds of the epoch. */
  readonly connectedAt: number
  /** Its connection to CSS-CII. */
  readonly cii: Connection | undefined
  /** Its connection to CSS-TS. */
  readonly ts: Connection | undefined
  /** Its connection to the wall clock over WebSocket. */
  readonly wallClock: Connection | undefined
  /**
   * Its clients of the wall clock over UDP that have sent a request within the last minute. Empty if it has a connection to the wall clock:
   * companions use one or the other.
   */
  readonly udp: readonly RecentClient[]
  /** Whether the clients in `udp` may be other companions', which then have the same ones in theirs. */
  readonly isUdpShared: boolean
  /**
   * Whether other companions have the same address and user agent, so that some of the connections may be theirs: two tabs of a browser,
   * or two devices behind one proxy.
   */
  readonly isAmbiguous: boolean
}

type Kind = 'cii' | 'ts' | 'wallClock'

/** After this time without a request a client over UDP counts as gone: companions send one at least every few seconds. */
const UDP_SILENCE_MILLIS = 60_000

/** The time within which a companion opens its next connection, unless something keeps it from it. */
const NEXT_CONNECTION_MILLIS = 2000

let keysGiven = 0

class Companion {
  readonly key: string
  readonly remoteAddress: string
  readonly userAgent: string | undefined
  readonly connectedAt: number
  cii: Connection | undefined
  ts: Connection | undefined
  wallClock: Connection | undefined
  /** Whether it has ever had a connection to CSS-CII. */
  hadCii = false
  /** When its latest connection was opened. */
  latestAt: number
  udpPort: number | undefined

  constructor(remoteAddress: string, userAgent: string | undefined, connectedAt: number) {
    keysGiven += 1
    this.key = `companion-${keysGiven}`
    this.remoteAddress = remoteAddress
    this.userAgent = userAgent
    this.connectedAt = connectedAt
    this.latestAt = connectedAt
  }
}

/**
 * Tells which connections to the servers of a television are one companion's. The protocols do not say it, so it is inferred: a
 * companion has one address, one user agent and at most one connection of each kind; it opens the one to CII first, and the others
 * soon after it. Connections from different addresses or with different user agents are never assigned to one companion; for several companions
 * with the same ones the result is a good guess: see {@link ConnectedCompanion.isAmbiguous}.
 *
 * Made early, it sees the connections in the order in which they are opened; those that are open before are sorted by their times.
 */
export class ConnectedCompanions {
  readonly #servers: CompanionServers
  readonly #byAddress = new Map<string, Companion[]>()
  readonly #ofConnection = new Map<Connection, Companion>()
  readonly #removers: (() => void)[] = []

  constructor(servers: CompanionServers) {
    this.#servers = servers
    const endpoints: [Kind, EndpointServer | undefined][] = [
      ['cii', servers.cii],
      ['wallClock', servers.wallClockWebSocket],
      ['ts', servers.ts],
    ]
    for (const [kind, server] of endpoints) {
      const open = [...(server?.connections.keys() ?? [])]
      open.sort((one, other) => one.statistics.openedAt - other.statistics.openedAt)
      for (const connection of open) this.#connected(kind, connection)
      const remove = server?.observe({
        connected: (connection) => this.#connected(kind, connection),
        disconnected: (connection) => this.#disconnected(kind, connection),
      })
      if (remove !== undefined) this.#removers.push(remove)
    }
  }

  /** The companions that have a connection now, in the order in which they connected. */
  list(): ConnectedCompanion[] {
    const now = Date.now()
    const udpClients = this.#recentUdpClients(now)
    const all = [...this.#byAddress].flatMap(([address, companions]) => {
      const clients = udpClients.filter((client) => addressOf(client.address) === address)
      const overUdp = companions.filter(({ wallClock }) => wallClock === undefined)
      const shares = assignUdpClients(overUdp, clients, now)
      const withUserAgent = new Map<string | undefined, number>()
      for (const { userAgent } of companions) withUserAgent.set(userAgent, (withUserAgent.get(userAgent) ?? 0) + 1)
      return companions.map((companion) => {
        const { key, remoteAddress, userAgent, connectedAt, cii, ts, wallClock } = companion
        const share = shares.get(companion)
        return {
          key,
          remoteAddress,
          userAgent,
          connectedAt,
          cii,
          ts,
          wallClock,
          udp: share?.clients ?? [],
          isUdpShared: share?.isShared ?? false,
          isAmbiguous: (withUserAgent.get(userAgent) ?? 0) > 1,
        }
      })
    })
    return all.sort((one, other) => one.connectedAt - other.connectedAt)
  }

  /** The key of the companion that has this connection; undefined for a connection that is not open. */
  keyOf(connection: Connection): string | undefined {
    return this.#ofConnection.get(connection)?.key
  }

  #connected(kind: Kind, connection: Connection): void {
    const companion = this.#companionFor(kind, connection)
    companion[kind] = connection
    companion.hadCii ||= kind === 'cii'
    companion.latestAt = Math.max(companion.latestAt, connection.statistics.openedAt)
    this.#ofConnection.set(connection, companion)
  }

  #companionFor(kind: Kind, connection: Connection): Companion {
    const { openedAt } = connection.statistics
    const address = addressOf(connection.remoteAddress)
    const userAgent = userAgentOf(connection)
    let atAddress = this.#byAddress.get(address)
    if (atAddress === undefined) {
      atAddress = []
      this.#byAddress.set(address, atAddress)
    }
    const lacking = atAddress.filter((each) => each.userAgent === userAgent && each[kind] === undefined)
    // The connection to CII is the first of a companion, or replaces one that was lost.
    const known = kind === 'cii' ? lacking.find(({ hadCii }) => hadCii) : nextToOpen(lacking, openedAt)
    if (known !== undefined) return known
    const companion = new Companion(withoutMapping(connection.remoteAddress), userAgent, openedAt)
    atAddress.push(companion)
    return companion
  }

  #disconnected(kind: Kind, connection: Connection): void {
    const companion = this.#ofConnection.get(connection)
    if (companion === undefined) return
    this.#ofConnection.delete(connection)
    companion[kind] = undefined
    if (companion.cii !== undefined || companion.ts !== undefined || companion.wallClock !== undefined) return
    const address = addressOf(companion.remoteAddress)
    const others = (this.#byAddress.get(address) ?? []).filter((other) => other !== companion)
    if (others.length === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, others)
  }

  #recentUdpClients(now: number): RecentClient[] {
    const since = now - UDP_SILENCE_MILLIS
    const clients = this.#servers.wallClockServer?.recentClients() ?? []
    return clients.filter(({ lastRequestAt }) => lastRequestAt >= since)
  }

  /** Stops observing the servers. */
  close(): void {
    for (const remove of this.#removers.splice(0)) remove()
    this.#byAddress.clear()
    this.#ofConnection.clear()
  }
}

/**
 * The companion that a connection is most likely of: of those that have just opened another one the first, because all take about as
 * long; otherwise the one that has opened another one last, because the others have had their time.
 */
function nextToOpen(companions: readonly Companion[], openedAt: number): Companion | undefined {
  const before = companions.filter(({ latestAt }) => latestAt <= openedAt)
  const opening = before.find(({ latestAt }) => openedAt - latestAt <= NEXT_CONNECTION_MILLIS)
  if (opening !== undefined) return opening
  const [first, ...others] = before.length > 0 ? before : companions
  return others.reduce((latest, other) => (other.latestAt >= latest.latestAt ? other : latest), first as Companion)
}

/** The address by which connections are compared: one machine can have different zones for an address. */
function addressOf(remoteAddress: string): string {
  return withoutZone(withoutMapping(remoteAddress)).toLowerCase()
}

function userAgentOf({ handshake }: Connection): string | undefined {
  const header: string | readonly string[] | undefined = handshake.headers['user-agent']
  return typeof header === 'string' ? header : header?.[0]
}
