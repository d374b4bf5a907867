// @ts-check
// A wall clock server over UDP in a process of its own.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { CorrelatedClock, SystemClock, UdpRequestServer, WallClockHandler } from 'fastify-dvbcss'
import { answerQuestions, startOptions } from '../answering.js'
import { udpEcho } from './udp-echo.js'

const HOST = '127.0.0.1'

/** @param {import('fastify-dvbcss').Clock} wallClock @returns {Promise<number>} the port */
async function serve(wallClock) {
  const server = new UdpRequestServer(new WallClockHandler(wallClock), { host: HOST, port: 0 })
  await server.start()
  return server.address?.port ?? 0
}

/** Each starts a server, and gives its port. @type {Record<string, () => Promise<number>>} */
const SERVERS = {
  echo: udpEcho,
  ours: () => serve(new SystemClock()),
  /** With a clock that has to be worked out from another at every reading. */
  correlated: () => serve(new CorrelatedClock(new SystemClock())),
  async 'dvbcss-protocols'() {
    // It publishes no types.
    const load = /** @type {(name: string) => any} */ (createRequire(import.meta.url))
    const protocols = load('dvbcss-protocols')
    const clocks = load('dvbcss-clocks')
    const socket = createSocket('udp4')
    socket.bind(0, HOST)
    await once(socket, 'listening')
    const root = new clocks.DateNowClock()
    protocols.WallClock.createBinaryUdpServer(socket, new clocks.CorrelatedClock(root), {
      precision: root.dispersionAtTime(root.now()),
      maxFreqError: root.getRootMaxFreqError(),
      followup: false,
    })
    return socket.address().port
  },
}

const { server } = startOptions()
const start = SERVERS[server]
if (start === undefined) throw new TypeError(`expected one of ${Object.keys(SERVERS).join(', ')}, received ${server}`)
const port = await start()
answerQuestions({ ready: () => ({ port }) })
