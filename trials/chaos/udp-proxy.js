// @ts-check
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** @typedef {import('../random.js').Random} Random */
/** @typedef {{ delay: number, jitter: number, loss: number, duplicates: number }} Weather in milliseconds, and shares of 1; jitter reorders */

/** Network conditions: almost ideal, Wi-Fi, bad Wi-Fi, slow in one direction, and losing most datagrams. @type {readonly [Weather, Weather][]} */
const WEATHERS = [
  [calm(0), calm(0)],
  [calm(2), calm(2)],
  [
    { delay: 1, jitter: 20, loss: 0.05, duplicates: 0.05 },
    { delay: 1, jitter: 20, loss: 0.05, duplicates: 0.05 },
  ],
  [{ delay: 40, jitter: 10, loss: 0.1, duplicates: 0 }, calm(0)],
  [calm(0), { delay: 60, jitter: 30, loss: 0.1, duplicates: 0.3 }],
  [
    { delay: 10, jitter: 200, loss: 0.3, duplicates: 0.2 },
    { delay: 10, jitter: 200, loss: 0.3, duplicates: 0.2 },
  ],
  [
    { delay: 0, jitter: 5, loss: 0.8, duplicates: 0.5 },
    { delay: 0, jitter: 5, loss: 0.5, duplicates: 0.5 },
  ],
]

/** @param {number} delay @returns {Weather} */
function calm(delay) {
  return { delay, jitter: 0, loss: 0, duplicates: 0 }
}

/** A proxy between one client and a UDP server that delays, drops, duplicates and reorders datagrams in both directions. */
export class UdpProxy {
  counts = { carried: 0, lost: 0, duplicated: 0 }
  #random
  #weather = /** @type {[Weather, Weather]} */ (WEATHERS[0])
  #inside = createSocket('udp4')
  #outside = createSocket('udp4')
  /** @type {import('node:dgram').RemoteInfo | undefined} */
  #client
  /** @type {Set<NodeJS.Timeout>} */
  #onTheWay = new Set()
  #isClosed = false

  /** @param {Random} random */
  constructor(random) {
    this.#random = random
  }

  /** @param {number} serverPort @returns {Promise<string>} the URL for the client */
  async open(serverPort) {
    this.#inside.bind(0, '127.0.0.1')
    this.#outside.bind(0, '127.0.0.1')
    await Promise.all([once(this.#inside, 'listening'), once(this.#outside, 'listening')])
    this.#inside.on('message', (message, remote) => {
      this.#client = remote
      this.#carry(this.#weather[0], () => this.#outside.send(message, serverPort, '127.0.0.1'))
    })
    this.#outside.on('message', (message) => {
      const client = this.#client
      if (client !== undefined)
        this.#carry(this.#weather[1], () => this.#inside.send(message, client.port, client.address))
    })
    return `udp://127.0.0.1:${this.#inside.address().port}`
  }

  changeWeather() {
    this.#weather = this.#random.pick(WEATHERS)
  }

  clearUp() {
    this.#weather = [calm(0), calm(0)]
  }

  /** @param {Weather} weather @param {() => void} send */
  #carry(weather, send) {
    const random = this.#random
    const copies = random.chance(weather.loss) ? 0 : random.chance(weather.duplicates) ? 2 : 1
    if (copies === 0) this.counts.lost += 1
    if (copies === 2) this.counts.duplicated += 1
    for (let copy = 0; copy < copies; copy++) {
      this.counts.carried += 1
      const timer = setTimeout(
        () => {
          this.#onTheWay.delete(timer)
          if (!this.#isClosed) send()
        },
        weather.delay + random.next() * weather.jitter,
      )
      this.#onTheWay.add(timer)
    }
  }

  close() {
    this.#isClosed = true
    for (const timer of this.#onTheWay) clearTimeout(timer)
    this.#inside.close()
    this.#outside.close()
  }
}
