// @ts-check
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** @typedef {import('../random.js').Random} Random */

/** A proxy between clients and a TCP server that cuts connections and delays their data. */
export class TcpProxy {
  cuts = 0
  stalls = 0
  /** @type {Set<[import('node:net').Socket, import('node:net').Socket]>} */
  #pairs = new Set()
  #server = createServer()

  /** @param {number} serverPort @returns {Promise<number>} the port of the proxy */
  async open(serverPort) {
    this.#server.on('connection', (inside) => {
      const outside = connect(serverPort, '127.0.0.1')
      /** @type {[import('node:net').Socket, import('node:net').Socket]} */
      const pair = [inside, outside]
      this.#pairs.add(pair)
      inside.pipe(outside).pipe(inside)
      for (const socket of pair) {
        socket.on('error', () => {})
        socket.once('close', () => {
          for (const each of pair) each.destroy()
          this.#pairs.delete(pair)
        })
      }
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port
  }

  /** Ends one connection on both sides, or on one with a reset. @param {Random} random */
  cut(random) {
    if (this.#pairs.size === 0) return
    const pair = random.pick([...this.#pairs])
    this.cuts += 1
    if (random.chance(0.5)) random.pick(pair).resetAndDestroy()
    else for (const socket of pair) socket.destroy()
  }

  /** Stops forwarding to one client for a while. @param {Random} random */
  stall(random) {
    if (this.#pairs.size === 0) return
    const [, outside] = random.pick([...this.#pairs])
    this.stalls += 1
    outside.pause()
    setTimeout(() => outside.resume(), random.int(1, 200))
  }

  async close() {
    this.#server.close()
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    await once(this.#server, 'close')
  }
}
