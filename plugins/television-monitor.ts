import type { FastifyInstance } from 'fastify'
import { ControlMonitor } from '../src/television/control/index.js'
import type { Television } from '../src/television/index.js'
import { tapLog } from './logged-lines.js'

/** Observes the servers of an app for the control pages of its television. */
export function monitorOf(app: FastifyInstance, television: Television): ControlMonitor {
  return new ControlMonitor({
    cii: app.cii,
    ts: app.ts,
    // Either may be registered later, and an app needs one of them only.
    get wallClockWebSocket() {
      return app.hasDecorator('wallClockWebSocket') ? app.wallClockWebSocket : undefined
    },
    get wallClockServer() {
      return app.hasDecorator('wallClockServer') ? app.wallClockServer : undefined
    },
    timelines: () => television.state().timelines,
    tapLog: (taken) => tapLog(app.log, taken),
  })
}
