import type { DvbcssErrorCode } from '../../../validation/index.js'
import type { UdpRequestServerOptions, UdpServerAddress, WallClockHandlerOptions } from '../index.js'

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

/** Messages from the worker. Any message to the worker stops it. */
export type WallClockWorkerMessage =
  | { readonly kind: 'bound'; readonly addresses: readonly UdpServerAddress[] }
  /** Separate fields, because structured clones of errors lose their code. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: DvbcssErrorCode; readonly cause: unknown }
  | { readonly kind: 'log'; readonly level: 'warn' | 'error'; readonly fields: object; readonly message: string }
