import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { RecordedSocket } from './recorded-socket.js'

const OVER_LIMIT = 503
/** A television may take a moment to notice that a connection was closed. */
const RETRIES = 5
const RETRY_MILLIS = 200
/** Longer than closing a connection takes at most. */
const CLOSING_MILLIS = 3000
/** For a look whether an endpoint still works. */
const LOOK_MILLIS = 2000

/**
 * Opens WebSockets to a television, and never more than a number of them at once: televisions accept few, and a check must not
 * cause the rejections that it reports.
 */
export class Connections {
  readonly max: number
  readonly #open = new Set<RecordedSocket>()
  #opening = 0
  #peak = 0

  constructor(max: number) {
    this.max = max
  }

  /** The most that were open at once. */
  get peak(): number {
    return this.#peak
  }

  /** Resolves when the handshake has succeeded or failed; see the record. */
  async open(url: string, handshakeMillis?: number): Promise<RecordedSocket> {
    for (let retries = 0; ; retries++) {
      // A television that accepts one connection rejects a second while it has not noticed that the first was closed.
      await Promise.all([...this.#open].filter(({ isClosing }) => isClosing).map(({ gone }) => gone))
      await this.#room()
      const others = this.#open.size + this.#opening
      const socket = await this.#opened(url, handshakeMillis)
      const { record } = socket
      if (record.status !== OVER_LIMIT) return socket
      if (retries < RETRIES) await sleep(RETRY_MILLIS)
      else {
        record.isOverLimit = others > 0
        return socket
      }
    }
  }

  /** Whether an endpoint completes a handshake, or answers it with another status. */
  async isAlive(url: string): Promise<boolean> {
    const socket = await this.open(url, LOOK_MILLIS)
    socket.close()
    await socket.gone
    return socket.record.openedNanos !== undefined || socket.record.status !== undefined
  }

  closeAll(): void {
    for (const socket of this.#open) socket.close()
  }

  async #opened(url: string, handshakeMillis: number | undefined): Promise<RecordedSocket> {
    this.#opening += 1
    try {
      const socket = await RecordedSocket.open(url, handshakeMillis)
      if (socket.record.openedNanos === undefined) return socket
      this.#open.add(socket)
      this.#peak = Math.max(this.#peak, this.#open.size)
      void socket.gone.then(() => this.#open.delete(socket))
      return socket
    } finally {
      this.#opening -= 1
    }
  }

  /** Waits for connections that are being closed. */
  async #room(): Promise<void> {
    if (this.#open.size + this.#opening < this.max) return
    const timeout = sleep(CLOSING_MILLIS, 'full', { ref: false })
    const result = await Promise.race([Promise.race([...this.#open].map(({ gone }) => gone)), timeout])
    if (result === 'full') assert.fail(`more than ${this.max} connections needed`)
    return this.#room()
  }
}
