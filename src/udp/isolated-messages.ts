import type { WallClockHandlerOptions } from '../server/wall-clock-handler.js'
import type { UdpServerAddress } from './udp-request-server.js'

/** What the worker is given when it starts. */
export interface WallClockWorkerData {
  /** Of a ClockLineWriter. */
  readonly line: SharedArrayBuffer
  /** Of SharedCounters. */
  readonly counters: SharedArrayBuffer
  /** Of a LatencyHistogram. */
  readonly replyTimes: SharedArrayBuffer
  readonly host: string | undefined
  readonly port: number | undefined
  readonly maxRequestsPerSecond: number | undefined
  readonly handlerOptions: WallClockHandlerOptions
}

/** What the worker says. Any message to it tells it to stop. */
export type WallClockWorkerMessage =
  | { readonly kind: 'bound'; readonly addresses: readonly UdpServerAddress[] }
  /** An error would lose its code on the way. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string; readonly cause: unknown }
  | { readonly kind: 'log'; readonly level: 'warn' | 'error'; readonly fields: object; readonly message: string }
