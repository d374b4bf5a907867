import type { AdaptedConnection } from './websocket-adapter.js'

/** How often a time limit is checked within itself: a connection is ended at most this share too late. */
const CHECKS_PER_TIMEOUT = 4

/** The open connections of one mount: watched while they are open, and sent away when the app closes. */
export class MountedConnections {
  readonly #heartbeatInterval: number
  readonly #sendTimeout: number
  readonly #messageTimeout: number
  readonly #open = new Set<AdaptedConnection>()
  #timers: NodeJS.Timeout[] = []
  #closing = false
  #allGone = (): void => {}

  /** All in milliseconds; Infinity for never. */
  constructor(heartbeatInterval: number, sendTimeout: number, messageTimeout: number) {
    this.#heartbeatInterval = heartbeatInterval
    this.#sendTimeout = sendTimeout
    this.#messageTimeout = messageTimeout
  }

  add(connection: AdaptedConnection): void {
    this.#open.add(connection)
    if (this.#timers.length === 0) this.#watch()
    // Its handshake was under way when the app began to close.
    if (this.#closing) connection.goAway()
  }

  remove(connection: AdaptedConnection): void {
    this.#open.delete(connection)
    if (this.#open.size > 0) return
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#allGone()
  }

  /** Sends all away. @returns when all are gone, which the adapter sees to: not when they have said that they would go. */
  close(): Promise<void> {
    this.#closing = true
    for (const connection of [...this.#open]) connection.goAway()
    return new Promise((resolve) => {
      this.#allGone = resolve
      if (this.#open.size === 0) resolve()
    })
  }

  #watch(): void {
    this.#every(this.#heartbeatInterval, (connection) => connection.heartbeat())
    this.#every(this.#sendTimeout / CHECKS_PER_TIMEOUT, (connection) => {
      connection.checkSending(performance.now(), this.#sendTimeout)
    })
    this.#every(this.#messageTimeout / CHECKS_PER_TIMEOUT, (connection) => {
      connection.checkReceiving(performance.now(), this.#messageTimeout)
    })
  }

  #every(milliseconds: number, look: (connection: AdaptedConnection) => void): void {
    if (milliseconds === Number.POSITIVE_INFINITY) return
    const timer = setInterval(() => {
      for (const connection of [...this.#open]) look(connection)
    }, milliseconds)
    timer.unref()
    this.#timers.push(timer)
  }
}
