import type { AdaptedConnection } from './websocket-adapter.js'

/** How often a send timeout is looked for, within itself: the peer is given up at most this share too late. */
const LOOKS_PER_SEND_TIMEOUT = 4

/** The open connections of one mount: watched while they are open, and sent away when the app closes. */
export class MountedConnections {
  readonly #heartbeatInterval: number
  readonly #sendTimeout: number
  readonly #open = new Set<AdaptedConnection>()
  #timers: NodeJS.Timeout[] = []
  #closing = false
  #allGone = (): void => {}

  /** Both in milliseconds; Infinity for never. */
  constructor(heartbeatInterval: number, sendTimeout: number) {
    this.#heartbeatInterval = heartbeatInterval
    this.#sendTimeout = sendTimeout
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
    this.#every(this.#sendTimeout / LOOKS_PER_SEND_TIMEOUT, (connection) => {
      connection.checkSending(performance.now(), this.#sendTimeout)
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
