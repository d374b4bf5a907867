import type { CompanionTimeline } from './companion-timeline.js'
import type { CiiClientEvents, ConnectFailure, TsClientEvents } from './connections/index.js'
import type { WallClockClientEvents } from './wall-clock/index.js'

/** Which of the three a companion tells about. */
export type CompanionSource = 'cii' | 'wc' | 'ts'

/**
 * Why there is no position:
 * `stopped`: not started; `cii`: CII has told nothing yet; `no-wall-clock`, `no-udp`: there is no wall clock, or none that can be
 * asked from here; `no-ts`: the television offers no timelines; `no-timeline`: it lists none to follow yet; `tick-rate`:
 * nobody says how fast the one that was asked for ticks; `ts`: no connection to CSS-TS; `timeline`: the television says that
 * the timeline is not there now, or has not said where it is yet; `wall-clock`: no answer, or none that is sure enough.
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
  /** For people. */
  readonly detail: string
}

export interface CompanionEvents {
  /** What is on has changed: a CII message. */
  change: CiiClientEvents['change']
  /** Another timeline is followed now, or none. */
  timeline: { readonly timeline: CompanionTimeline | undefined }
  /** There is a position now. */
  available: { readonly timeline: CompanionTimeline }
  /** There is none any more, or still none but for another reason. */
  unavailable: Unavailable
  /** A control timestamp came: the content pauses, jumps, goes on. */
  timing: TsClientEvents['timing']
  /** The wall clock follows another answer. */
  adjusted: WallClockClientEvents['adjusted']
  /** A server sent an invalid message, exceeded a limit, or made the companion move too often. */
  protocolError: { readonly source: CompanionSource; readonly reason: string; readonly detail: string }
  connected: { readonly source: CompanionSource; readonly url: string }
  /** @property retryInSeconds undefined where it is not tried again, and for the wall clock, which does not tell. */
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
