// @ts-check
// A custom protocol beside those of DVB-CSS: viewers vote and see the result change. endpointPlugin provides the same connection
// limits, HTTP refusals, logs, counters and graceful shutdown as for CII and TS.
//
//   PORT=7681 node examples/own-protocol.js

import Fastify from 'fastify'
import { EndpointServer, endpointPlugin } from 'fastify-dvbcss'

const CHOICES = ['yes', 'no']

/** @typedef {{ choice: string | undefined }} Vote data kept per connection */

/** A client sends "yes" or "no", and may change its vote at any time. @extends {EndpointServer<Vote>} */
class PollServer extends EndpointServer {
  /** Connection ids in the log are poll-1, poll-2, … @override */
  connectionIdPrefix = 'poll'

  /** @override */
  createConnectionData() {
    return { choice: undefined }
  }

  /** @override @type {EndpointServer<Vote>['onConnect']} */
  onConnect(connection) {
    connection.send(this.#result())
  }

  /** @override */
  onDisconnect() {
    this.#broadcast()
  }

  /** @override @type {EndpointServer<Vote>['onMessage']} */
  onMessage(connection, message, data) {
    if (typeof message !== 'string' || !CHOICES.includes(message)) {
      // Logged and counted; too many of them close the connection with 1008.
      return this.rejectMessage(connection, 'invalid', `expected one of ${CHOICES.join(', ')}`)
    }
    data.choice = message
    this.#broadcast()
  }

  #result() {
    const votes = [...this.connections.values()].map(({ choice }) => choice)
    return JSON.stringify(Object.fromEntries(CHOICES.map((name) => [name, votes.filter((v) => v === name).length])))
  }

  #broadcast() {
    const result = this.#result()
    for (const connection of this.connections.keys()) connection.send(result)
  }
}

const app = Fastify({ logger: { level: 'warn' } })
await app.register(endpointPlugin, { prefix: '/poll', handler: PollServer, maxConnections: 1000 })
const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`Poll at ${url.replace('http', 'ws')}/poll`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
