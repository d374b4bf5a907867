// The program of the thread of an IsolatedWallClockServer.
import { parentPort, workerData } from 'node:worker_threads'
import { DvbcssError } from '../../../validation/index.js'
import type { Logger } from '../../endpoint/index.js'
import { LatencyHistogram, UdpRequestServer } from '../index.js'
import { SharedCounters } from './isolated-counters.js'
import { ClockLineReader } from './isolated-line-memory.js'
import type { WallClockWorkerData, WallClockWorkerMessage, WallClockWorkerOrder } from './isolated-messages.js'
import { IsolatedWallClockHandler } from './isolated-wall-clock-handler.js'

/** Interval at which the app's thread is told of the recent clients, and of events outside the handler, mainly failed sends. */
const REPORT_EVERY_MILLIS = 1000

if (parentPort === null)
  throw new DvbcssError('DVBCSS_ERR_WORKER', 'wall-clock-worker: this program runs in a worker thread')
const port = parentPort
const given = workerData as WallClockWorkerData

const say = (message: WallClockWorkerMessage): void => port.postMessage(message)

/** Passes log lines to the app's thread. */
function logTo(level: 'warn' | 'error') {
  return (fields: object | string, message = ''): void => {
    if (typeof fields === 'object') say({ kind: 'log', level, fields, message })
  }
}
const silent = (): void => {}
const logger: Logger = {
  level: 'warn',
  trace: silent,
  debug: silent,
  info: silent,
  warn: logTo('warn'),
  error: logTo('error'),
  child: () => logger,
}

const counters = new SharedCounters(given.counters)
const replyTimes = new LatencyHistogram(given.replyTimes)
const handler = new IsolatedWallClockHandler(
  new ClockLineReader(given.line),
  counters,
  given.handlerOptions,
  replyTimes,
)
const server = new UdpRequestServer(handler, { ...given.serverOptions, logger })
let reportedAnswers = 0
const reporting = setInterval(() => {
  const { statistics } = server
  counters.set(statistics)
  if (server.maxRecentClients === 0 || statistics.answers === reportedAnswers) return
  reportedAnswers = statistics.answers
  say({ kind: 'clients', clients: server.recentClients() })
}, REPORT_EVERY_MILLIS)

/** Closes everything, so that the thread ends. */
async function stop(): Promise<void> {
  await server.stop()
  clearInterval(reporting)
  counters.set(server.statistics)
  port.close()
}

port.on('message', (order: WallClockWorkerOrder) => {
  if (order.kind === 'stop') void stop()
  else server.maxRecentClients = order.maxRecentClients
})
try {
  await server.start()
  say({ kind: 'bound', addresses: server.addresses })
} catch (error) {
  const { message, cause } = error as Error
  const code = error instanceof DvbcssError ? error.code : 'DVBCSS_ERR_BIND'
  say({ kind: 'failed', message, code, cause })
  await stop()
}
