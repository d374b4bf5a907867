// @ts-check

/** @typedef {import('fastify-dvbcss').EndpointServer<any>} EndpointServer */

/** An open connection in memory. It keeps sent messages, and reports them as flushed only when they are released. */
export class HeldSocket {
  remoteAddress = '192.0.2.1'
  localAuthority = { secure: false, host: '192.0.2.7', port: 80 }
  handshake = { url: '/', headers: {} }
  bufferedAmount = 0
  /** @type {string[]} */
  received = []
  /** The violated rule of this connection, if any. @type {string | undefined} */
  fault
  isOpen = true
  #read
  #onTheWay = 0
  /** @type {(() => void)[]} */
  #held = []
  #events

  /** @param {EndpointServer} server @param {(text: string) => void} read */
  constructor(server, read) {
    this.#read = read
    this.#events = server.open(this)
  }

  /** @param {string | Uint8Array} data @param {boolean} isText @param {(() => void) | undefined} onFlushed */
  send(data, isText, onFlushed) {
    if (!isText) this.fault = 'a binary frame'
    if (!this.isOpen) this.fault = 'sent to after the end'
    this.#onTheWay += 1
    this.bufferedAmount += data.length
    if (this.#onTheWay > 1) this.fault = 'two messages on their way at once'
    const text = Buffer.from(data).toString()
    this.received.push(text)
    this.#read(text)
    this.#held.push(() => {
      this.#onTheWay -= 1
      this.bufferedAmount -= data.length
      onFlushed?.()
    })
  }

  /** @param {() => void} flushed */
  whenFlushed(flushed) {
    this.#held.push(flushed)
  }

  setPaused() {}

  close() {
    this.cut()
  }

  /** @param {string} text */
  say(text) {
    if (this.isOpen) this.#events.message(text)
  }

  /** @returns {boolean} whether a message was held */
  letGo() {
    const first = this.#held.shift()
    first?.()
    return first !== undefined
  }

  /** As with real sockets, the callbacks of pending messages are called only after the end. */
  cut() {
    if (!this.isOpen) return
    this.isOpen = false
    // The server may be inside another call when it closes the connection itself.
    queueMicrotask(() => this.#events.closed(1006, ''))
  }
}
