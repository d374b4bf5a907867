// @ts-check
// A protocol of your own beside the television's: viewers vote, and all of them see the result as it changes. endpointPlugin
// gives it what CII and TS have: connection limits, refusals, logs, counters, and an orderly end.
//
//   PORT=7681 node examples/own-protocol.js

import Fastify from 'fastify'
import { EndpointServer, endpointPlugin } from 'fastify-dvbcss'

const CHOICES = ['yes', 'no']

/** @typedef {{ choice: string | undefined }} Vote what is remembered of each connection */

/** A client sends "yes" or "no", as often as it changes its mind. @extends {EndpointServer<Vote>} */
class PollServer extends EndpointServer {
  /** Connections are called poll-1, poll-2, … in the log. @override */
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
    this.#tellAll()
  }

  /** @override @type {EndpointServer<Vote>['onMessage']} */
  onMessage(connection, message, data) {
    if (typeof message !== 'string' || !CHOICES.includes(message)) {
      // Logged and counted; too many of them close the connection with 1008.
      return this.rejectMessage(connection, 'invalid', `expected one of ${CHOICES.join(', ')}`)
    }
    data.choice = message
    this.#tellAll()
  }

  #result() {
    const votes = [...this.connections.values()].map(({ choice }) => choice)
    return JSON.stringify(Object.fromEntries(CHOICES.map((name) => [name, votes.filter((v) => v === name).length])))
  }

  #tellAll() {
    const result = this.#result()
    for (const connection of this.connections.keys()) connection.send(result)
  }
}

const app = Fastify({ logger: { level: 'warn' } })
await app.register(endpointPlugin, { prefix: '/poll', handler: PollServer, maxConnections: 1000 })
const url = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 7681) })
console.log(`Poll at ${url.replace('http', 'ws')}/poll`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
