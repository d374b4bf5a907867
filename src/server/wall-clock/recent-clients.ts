import { LruMap } from 'toad-cache'
import { withoutMapping } from '../../validation/index.js'

/** A client of a UDP server, by the source of its requests: points in time are milliseconds of the epoch, as `Date.now()` has them. */
export interface RecentClient {
  /** The source address, without its mapping into IPv6. Anyone can forge it. */
  readonly address: string
  /** The source port. A client that opens a new socket, as after an interruption, is a new client. */
  readonly port: number
  /** Requests that were answered since the client was first seen. */
  readonly requests: number
  /** When the first of them was answered. */
  readonly firstRequestAt: number
  /** When the last of them was answered. */
  readonly lastRequestAt: number
}

type Recorded = { -readonly [Member in keyof RecentClient]: RecentClient[Member] }

/** Remembers the clients of the most recent requests, up to a maximum. */
export class RecentClients {
  /** If there is no room for a new one, the one with the oldest last request is forgotten. */
  readonly #clients: LruMap<Recorded>

  /** @param max a positive integer. */
  constructor(max: number) {
    this.#clients = new LruMap(max)
  }

  /** Counts a request that was answered. */
  record(address: string, port: number): void {
    const key = `${address} ${port}`
    const now = Date.now()
    const client = this.#clients.get(key)
    if (client === undefined) {
      this.#clients.set(key, {
        address: withoutMapping(address),
        port,
        requests: 1,
        firstRequestAt: now,
        lastRequestAt: now,
      })
      return
    }
    client.requests += 1
    client.lastRequestAt = now
  }

  /** The client of the latest request comes first. */
  list(): RecentClient[] {
    const clients = Array.from(this.#clients.items.values(), ({ value }) => ({ ...value }))
    return clients.sort((one, other) => other.lastRequestAt - one.lastRequestAt)
  }
}
