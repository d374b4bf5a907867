import type { Connection } from '../../server/endpoint/index.js'

export type EndpointName = 'cii' | 'ts' | 'wc'

/** The connections of one companion, as far as they can be told from those of others. */
export interface CompanionGroup {
  /** The same for as long as the companion has a connection. */
  readonly key: string
  readonly remoteAddress: string
  readonly userAgent: string | null
  readonly connectedAt: number
  readonly connections: Map<EndpointName, Connection>
}

/** The other connections of a companion follow its first within this time, unless one of them was interrupted. */
const START_MILLIS = 3000

/**
 * Assigns connections to companions. No protocol says which belong together: those from the same address, with the same user agent,
 * that were opened one after the other, are taken for one companion's.
 */
export class CompanionGroups {
  readonly #groups = new Set<CompanionGroup>()
  /** Where each connection belongs, for as long as it is open. */
  readonly #groupOf = new Map<Connection, CompanionGroup>()

  /** @param open the connections that are open now. @returns the companions, the one that has been connected longest first */
  update(open: Readonly<Record<EndpointName, readonly Connection[]>>): readonly CompanionGroup[] {
    const all = Object.entries(open).flatMap(([name, connections]) =>
      connections.map((connection) => ({ endpoint: name as EndpointName, connection })),
    )
    this.#removeAllBut(new Set(all.map(({ connection }) => connection)))
    const added = all
      .filter(({ connection }) => !this.#groupOf.has(connection))
      .map((each) => ({ ...each, openedAt: each.connection.statistics.openedAt }))
      .sort((a, b) => a.openedAt - b.openedAt)
    for (const { endpoint, connection, openedAt } of added) this.#add(endpoint, connection, openedAt)
    return [...this.#groups].sort((a, b) => a.connectedAt - b.connectedAt)
  }

  #removeAllBut(open: ReadonlySet<Connection>): void {
    for (const [connection, group] of this.#groupOf) {
      if (open.has(connection)) continue
      this.#groupOf.delete(connection)
      for (const [endpoint, each] of group.connections) if (each === connection) group.connections.delete(endpoint)
      if (group.connections.size === 0) this.#groups.delete(group)
    }
  }

  #add(endpoint: EndpointName, connection: Connection, openedAt: number): void {
    const userAgent = userAgentOf(connection)
    const { id, remoteAddress } = connection
    const lacking = [...this.#groups].filter(
      (group) =>
        group.remoteAddress === remoteAddress && group.userAgent === userAgent && !group.connections.has(endpoint),
    )
    const starting = lacking.find(({ connectedAt }) => openedAt - connectedAt <= START_MILLIS)
    let group = endpoint === 'cii' ? lacking[0] : (starting ?? lacking.at(-1))
    if (group === undefined) {
      group = { key: id, remoteAddress, userAgent, connectedAt: openedAt, connections: new Map() }
      this.#groups.add(group)
    }
    group.connections.set(endpoint, connection)
    this.#groupOf.set(connection, group)
  }
}

function userAgentOf({ handshake }: Connection): string | null {
  const header = handshake.headers['user-agent']
  return typeof header === 'string' ? header : null
}
