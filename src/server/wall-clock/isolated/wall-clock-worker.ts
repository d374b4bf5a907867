// The program of the thread of an IsolatedWallClockServer.
import { parentPort, workerData } from 'node:worker_threads'
import { DvbcssError } from '../../../validation/index.js'
import type { Logger } from '../../endpoint/index.js'
import { LatencyHistogram, UdpRequestServer } from '../index.js'
import { SharedCounters } from './isolated-counters.js'
import { ClockLineReader } from './isolated-line-memory.js'
import type { WallClockWorkerData, WallClockWorkerMessage } from './isolated-messages.js'
import { IsolatedWallClockHandler } from './isolated-wall-clock-handler.js'

/** Interval at which counters are updated for events outside the handler, mainly failed sends. */
const COUNTERS_EVERY_MILLIS = 1000

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
const counting = setInterval(() => counters.set(server.statistics), COUNTERS_EVERY_MILLIS)

/** Closes everything, so that the thread ends. */
async function stop(): Promise<void> {
  await server.stop()
  clearInterval(counting)
  counters.set(server.statistics)
  port.close()
}

port.on('message', stop)
try {
  await server.start()
  say({ kind: 'bound', addresses: server.addresses })
} catch (error) {
  const { message, cause } = error as Error
  const code = error instanceof DvbcssError ? error.code : 'DVBCSS_ERR_BIND'
  say({ kind: 'failed', message, code, cause })
  await stop()
}
