import type { RecentClient } from '../../server/wall-clock/index.js'
import type { CompanionReport } from '../protocol/index.js'
import type { CompanionGroup } from './companion-groups.js'

type WallClockReport = NonNullable<CompanionReport['wallClock']>

/** A companion asks the time soon after it has connected. */
const START_MILLIS = 3000
/** The clocks of both times are one, but a companion may ask before its connection is complete. */
const EARLIER_MILLIS = 200

/** Which requests over UDP are which companion's: each client has a port of its own, but nothing says who it is. */
export class WallClockSources {
  /** The port of each companion, where it is known, by the companion's key. */
  readonly #ports = new Map<string, number>()

  /** @param companions those without a wall clock over WebSocket */
  assign(companions: readonly CompanionGroup[], clients: readonly RecentClient[]): Map<string, WallClockReport> {
    const reports = new Map<string, WallClockReport>()
    const keys = new Set(companions.map(({ key }) => key))
    for (const key of this.#ports.keys()) if (!keys.has(key)) this.#ports.delete(key)
    for (const [address, neighbours] of byAddress(companions)) {
      const here = clients.filter((client) => client.address === address)
      this.#assignAt(neighbours, here, reports)
    }
    return reports
  }

  #assignAt(
    companions: readonly CompanionGroup[],
    clients: readonly RecentClient[],
    reports: Map<string, WallClockReport>,
  ): void {
    const taken = new Set(companions.map(({ key }) => this.#ports.get(key)))
    const free = new Set(clients.filter(({ port }) => !taken.has(port)))
    const unknown: CompanionGroup[] = []
    for (const companion of companions) {
      const { key, connectedAt } = companion
      const mine = clients.find(({ port }) => port === this.#ports.get(key))
      const isMine =
        mine === undefined
          ? ({ firstRequestAt }: RecentClient) =>
              firstRequestAt >= connectedAt - EARLIER_MILLIS && firstRequestAt <= connectedAt + START_MILLIS
          : // After an interruption a companion asks from another port.
            ({ firstRequestAt }: RecentClient) => firstRequestAt > mine.lastRequestAt
      const next = [...free].filter(isMine).sort((a, b) => a.firstRequestAt - b.firstRequestAt)[0]
      const client = next ?? mine
      if (client === undefined) {
        unknown.push(companion)
        continue
      }
      free.delete(client)
      this.#ports.set(key, client.port)
      reports.set(key, report([client], false))
    }
    if (free.size === 0) return
    const [only] = unknown
    const isShared = unknown.length > 1
    if (only !== undefined && !isShared && free.size === 1) for (const { port } of free) this.#ports.set(only.key, port)
    for (const { key } of unknown) reports.set(key, report([...free], isShared || free.size > 1))
  }
}

function byAddress(companions: readonly CompanionGroup[]): Map<string, CompanionGroup[]> {
  const addresses = new Map<string, CompanionGroup[]>()
  for (const companion of companions) {
    const { remoteAddress } = companion
    addresses.set(remoteAddress, [...(addresses.get(remoteAddress) ?? []), companion])
  }
  return addresses
}

function report(clients: readonly RecentClient[], isShared: boolean): WallClockReport {
  return {
    encoding: 'udp',
    requests: clients.reduce((sum, { requests }) => sum + requests, 0),
    lastRequestAt: Math.max(...clients.map(({ lastRequestAt }) => lastRequestAt)),
    isShared,
  }
}
