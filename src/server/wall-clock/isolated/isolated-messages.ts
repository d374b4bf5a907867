import type { DvbcssErrorCode } from '../../../validation/index.js'
import type { RecentClient, UdpRequestServerOptions, UdpServerAddress, WallClockHandlerOptions } from '../index.js'

/** The options of the worker's server: all but the logger, which stays in the app's thread. */
export type IsolatedServerOptions = Omit<UdpRequestServerOptions, 'logger' | 'maxMessageBytes'>

/** Data passed to the worker at its start. */
export interface WallClockWorkerData {
  /** Of a ClockLineWriter. */
  readonly line: SharedArrayBuffer
  /** Of SharedCounters. */
  readonly counters: SharedArrayBuffer
  /** Of a LatencyHistogram. */
  readonly replyTimes: SharedArrayBuffer
  readonly serverOptions: IsolatedServerOptions
  readonly handlerOptions: WallClockHandlerOptions
}

/** Messages to the worker. */
export type WallClockWorkerOrder =
  | { readonly kind: 'stop' }
  | { readonly kind: 'record'; readonly maxRecentClients: number }

/** Messages from the worker. */
export type WallClockWorkerMessage =
  | { readonly kind: 'bound'; readonly addresses: readonly UdpServerAddress[] }
  /** Separate fields, because structured clones of errors lose their code. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: DvbcssErrorCode; readonly cause: unknown }
  | { readonly kind: 'clients'; readonly clients: readonly RecentClient[] }
  | { readonly kind: 'log'; readonly level: 'warn' | 'error'; readonly fields: object; readonly message: string }
