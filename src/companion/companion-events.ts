import type { ForgivenCounts } from '../messages/lenient/index.js'
import type { CompanionRoute } from './companion-target.js'
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

/** Deviations from the specification that a companion has accepted since construction, by protocol and kind. */
export type CompanionForgiven = Readonly<Record<CompanionSource, ForgivenCounts>>

/** Why a companion has no position. */
export interface Unavailable {
  /** The cause, for programs; `detail` explains it to people. */
  readonly reason: UnavailableReason
  /** Human-readable explanation. */
  readonly detail: string
}

/** Events of a {@link Companion}, by name, with what their listeners receive. */
export interface CompanionEvents {
  /**
   * The television has sent CII by another way than before, or for the first time. Its other servers are then reached the same way.
   */
  route: {
    /** How the television is followed from now on. */
    readonly route: CompanionRoute
    /** URL of the CSS-CII endpoint, or of the App2App channel that stands for it. */
    readonly url: string
    /** Why another way is not, or no longer, used; undefined if none was tried. */
    readonly reason: string | undefined
  }
  /** The CII state has changed. */
  change: CiiClientEvents['change']
  /** The companion switched to another timeline, or stopped following one. */
  timeline: {
    /** The timeline that is followed now; undefined if none is. */
    readonly timeline: CompanionTimeline | undefined
  }
  /** The position became available. */
  available: {
    /** The timeline whose position is now known. */
    readonly timeline: CompanionTimeline
  }
  /** The position became unavailable, or the reason changed. */
  unavailable: Unavailable
  /** A control timestamp was received: the content was paused, sought or resumed, for example. */
  timing: TsClientEvents['timing']
  /** The wall clock was adjusted to a new measurement. */
  adjusted: WallClockClientEvents['adjusted']
  /**
   * A server sent an invalid message, exceeded a limit, or made the companion move too often. With `forgiven`: it deviates from the
   * specification, and the companion used what it understood.
   */
  protocolError: {
    /** The protocol in which the error occurred. */
    readonly source: CompanionSource
    /** A short code for programs, for example `moves-too-often`, the kind of a MessageError, or a {@link ForgivenKind}. */
    readonly reason: string
    /** Human-readable: what was expected and what was received. */
    readonly detail: string
    /** True: the companion used what it understood. Absent: it was ignored. */
    readonly forgiven?: true
  }
  /** The connection of one protocol has opened. */
  connected: {
    /** The protocol whose connection has opened. */
    readonly source: CompanionSource
    /** URL of the server that the companion is now connected to. */
    readonly url: string
  }
  /** The connection of one protocol has closed. */
  disconnected: {
    /** The protocol whose connection has closed. */
    readonly source: CompanionSource
    /** URL of the server that the companion was connected to. */
    readonly url: string
    /** Human-readable cause: the server's close reason, why the client closed the connection, or `closed with` and the close code. */
    readonly reason: string
    /**
     * Seconds until the next attempt. Undefined if the client does not reconnect, and for the wall clock, whose transport does
     * not report it.
     */
    readonly retryInSeconds: number | undefined
  }
  /** An attempt to connect to a server has failed. */
  connectFailed: {
    /** The protocol whose connection failed to open. */
    readonly source: CompanionSource
    /** URL of the server that the companion tried to connect to. */
    readonly url: string
    /** Why the connection failed to open. */
    readonly failure: ConnectFailure
    /** Seconds until the next attempt; undefined if the client does not reconnect, and for the wall clock. */
    readonly retryInSeconds: number | undefined
  }
}
