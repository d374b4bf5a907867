import type { CompanionTimeline } from './companion-timeline.js'
import type { CiiClientEvents, ConnectFailure, TsClientEvents } from './connections/index.js'
import type { WallClockClientEvents } from './wall-clock/index.js'

/** The protocol that an event concerns: CSS-CII, the wall clock or CSS-TS. */
export type CompanionSource = 'cii' | 'wc' | 'ts'

/**
 * Why the position is unavailable:
 * - `stopped`: the companion is not started
 * - `cii`: no CII message has been received
 * - `no-wall-clock`, `no-udp`: CII names no wall clock, or only a UDP one on a platform without UDP
 * - `no-ts`: CII has no `tsUrl`
 * - `no-timeline`: CII lists no timelines yet
 * - `tick-rate`: the tick rate of the requested timeline is unknown
 * - `ts`: not connected to CSS-TS
 * - `timeline`: the timeline is unavailable, or no control timestamp has been received
 * - `wall-clock`: no wall clock answer, or none that is accurate enough
 */
export type UnavailableReason =
  | 'stopped'
  | 'cii'
  | 'no-wall-clock'
  | 'no-udp'
  | 'no-ts'
  | 'no-timeline'
  | 'tick-rate'
  | 'ts'
  | 'timeline'
  | 'wall-clock'

export interface Unavailable {
  readonly reason: UnavailableReason
  /** Human-readable explanation. */
  readonly detail: string
}

export interface CompanionEvents {
  /** The CII state has changed. */
  change: CiiClientEvents['change']
  /** The companion switched to another timeline, or stopped following one. */
  timeline: { readonly timeline: CompanionTimeline | undefined }
  /** The position became available. */
  available: { readonly timeline: CompanionTimeline }
  /** The position became unavailable, or the reason changed. */
  unavailable: Unavailable
  /** A control timestamp was received: the content was paused, sought or resumed, for example. */
  timing: TsClientEvents['timing']
  /** The wall clock was adjusted to a new measurement. */
  adjusted: WallClockClientEvents['adjusted']
  /** A server sent an invalid message, exceeded a limit, or made the companion move too often. */
  protocolError: { readonly source: CompanionSource; readonly reason: string; readonly detail: string }
  connected: { readonly source: CompanionSource; readonly url: string }
  /** @property retryInSeconds undefined if the client does not reconnect, and for the wall clock, whose transport does not report it. */
  disconnected: {
    readonly source: CompanionSource
    readonly url: string
    readonly reason: string
    readonly retryInSeconds: number | undefined
  }
  connectFailed: {
    readonly source: CompanionSource
    readonly url: string
    readonly failure: ConnectFailure
    readonly retryInSeconds: number | undefined
  }
}
