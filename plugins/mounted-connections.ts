import type { EndpointServer } from '../src/server/endpoint/index.js'
import type { AdaptedSocket } from './adapted-socket.js'
import { SharedAuthorities } from './request-authority.js'
import { SharedFrames } from './shared-frames.js'

/** Checks per time limit: a connection is closed at most this fraction of the limit too late. */
const CHECKS_PER_TIMEOUT = 4

/**
 * Milliseconds between two shares of the heartbeats. Pinging 10,000 connections at once would block everything else for 150 ms;
 * shares that are much smaller cost more, because nothing of the last one is left in the processor's caches.
 */
const SHARE_INTERVAL_MILLIS = 100

/** Shares of the heartbeats at most, each with a list of its own: enough for 30 s. */
const MAX_SHARES = 300

/** The open connections of one mount: monitored while they are open, and closed when the app closes. */
export class MountedConnections {
  /** The server of these connections. */
  readonly server: EndpointServer
  /** Reading is paused while more bytes than this wait for a peer. */
  readonly pauseAbove: number
  /** What the endpoint sends to many clients is framed once. */
  readonly frames: SharedFrames = new SharedFrames()
  /** The addresses at which the peers reached the app. */
  readonly authorities: SharedAuthorities = new SharedAuthorities()
  /** The connections with buffered data for their peers. */
  readonly sending: Set<AdaptedSocket> = new Set()
  /** The connections whose peers have begun a message. */
  readonly receiving: Set<AdaptedSocket> = new Set()
  readonly #sendTimeoutMillis: number
  readonly #messageTimeoutMillis: number
  /** Each connection is in one slot. The slots have their heartbeats in turn, each once an interval. */
  readonly #slots: AdaptedSocket[][]
  readonly #slotIntervalMillis: number
  /** Counts the turns of slots since the first connection. */
  #turns = 0
  #turnsBegan = 0
  #nextSlot = 0
  #size = 0
  #timers: NodeJS.Timeout[] = []
  #closing = false
  #allGone = (): void => {}

  /** Infinity for never. */
  constructor(
    server: EndpointServer,
    heartbeatIntervalMillis: number,
    sendTimeoutMillis: number,
    messageTimeoutMillis: number,
  ) {
    this.server = server
    this.#sendTimeoutMillis = sendTimeoutMillis
    this.#messageTimeoutMillis = messageTimeoutMillis
    this.pauseAbove = server.maxBufferedBytes / 2
    const shares = Number.isFinite(heartbeatIntervalMillis)
      ? Math.round(heartbeatIntervalMillis / SHARE_INTERVAL_MILLIS)
      : 1
    const slots = Math.min(Math.max(shares, 1), MAX_SHARES)
    this.#slots = Array.from({ length: slots }, () => [])
    this.#slotIntervalMillis = heartbeatIntervalMillis / slots
  }

  /** Whether messages have to be complete in time. */
  get limitsReceiving(): boolean {
    return this.#messageTimeoutMillis !== Number.POSITIVE_INFINITY
  }

  add(connection: AdaptedSocket): void {
    if (this.#size === 0) this.#watch()
    this.#size += 1
    const index = this.#slotForNew()
    const slot = this.#slots[index] as AdaptedSocket[]
    connection.slot = index
    connection.index = slot.length
    slot.push(connection)
  }

  /** The server has taken the connection. */
  opened(connection: AdaptedSocket): void {
    // Its handshake was under way when the app began to close.
    if (this.#closing) connection.handlers?.goAway()
  }

  remove(connection: AdaptedSocket): void {
    const slot = this.#slots[connection.slot] as AdaptedSocket[]
    if (slot[connection.index] !== connection) return
    const last = slot.pop() as AdaptedSocket
    if (last !== connection) {
      slot[connection.index] = last
      last.index = connection.index
    }
    this.sending.delete(connection)
    this.receiving.delete(connection)
    this.#size -= 1
    if (this.#size > 0) return
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#allGone()
  }

  /** Closes all connections. Resolves when all sockets have closed, which the adapter ensures. */
  close(): Promise<void> {
    this.#closing = true
    for (const slot of this.#slots) for (const connection of [...slot]) connection.handlers?.goAway()
    return new Promise((resolve) => {
      this.#allGone = resolve
      if (this.#size === 0) resolve()
    })
  }

  /** The slot whose next turn is a whole interval away, unless it has more than its share already. */
  #slotForNew(): number {
    const slots = this.#slots.length
    const latest = this.#turns % slots
    if ((this.#slots[latest] as AdaptedSocket[]).length * slots <= this.#size) return latest
    this.#nextSlot = (this.#nextSlot + 1) % slots
    return this.#nextSlot
  }

  #watch(): void {
    this.#turns = 0
    this.#turnsBegan = performance.now()
    this.#every(this.#slotIntervalMillis, () => this.#heartbeats())
    this.#every(this.#sendTimeoutMillis / CHECKS_PER_TIMEOUT, () => {
      for (const connection of this.sending) connection.checkSending(performance.now(), this.#sendTimeoutMillis)
    })
    this.#every(this.#messageTimeoutMillis / CHECKS_PER_TIMEOUT, () => {
      for (const connection of this.receiving) connection.checkReceiving(performance.now(), this.#messageTimeoutMillis)
    })
  }

  #heartbeats(): void {
    const due = Math.round((performance.now() - this.#turnsBegan) / this.#slotIntervalMillis)
    // At most once per connection, however long the process was suspended.
    this.#turns = Math.max(this.#turns, due - this.#slots.length)
    while (this.#turns < due) {
      this.#turns += 1
      const slot = this.#slots[this.#turns % this.#slots.length] as AdaptedSocket[]
      for (const connection of [...slot]) connection.heartbeat()
    }
  }

  #every(milliseconds: number, look: () => void): void {
    if (milliseconds === Number.POSITIVE_INFINITY) return
    const timer = setInterval(look, milliseconds)
    timer.unref()
    this.#timers.push(timer)
  }
}
