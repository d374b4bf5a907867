import type { Candidate } from './candidate.js'

export interface WallClockClientEvents {
  /** The transport has opened. */
  connected: { readonly url: string }
  /** The transport has closed or failed to open. It reconnects by itself. */
  disconnected: { readonly reason: string }
  /** An exchange completed and is plausible. If `consistent` is false, it contradicts the clock and is ignored. */
  candidate: { readonly candidate: Candidate; readonly consistent: boolean }
  /** The clock was adjusted. */
  adjusted: {
    readonly candidate: Candidate
    /** Size of the jump, in seconds; 0 for the first answer and for a slew. */
    readonly stepSeconds: number
    /** Offset that is being slewed, in seconds. */
    readonly slewSeconds: number
    /**
     * Whether everything known before was discarded, because the server's clock is another one (three answers agreed on that),
     * or because this machine has slept.
     */
    readonly stepped: boolean
    readonly dispersionSeconds: number
  }
  /** A request timed out, or the follow-up that a response announced did not arrive. */
  timeout: { readonly waitedFor: 'response' | 'follow-up'; readonly waitedSeconds: number; readonly timeouts: number }
  /**
   * An answer is invalid or contradicts the clock, and was ignored. After 10 in quick succession at most one event per second is
   * emitted; `status().protocolErrors` counts all of them.
   */
  protocolError: { readonly reason: string; readonly detail: string }
  available: { readonly dispersionSeconds: number }
  unavailable: {
    /**
     * `dispersion`: the error bound exceeds `maxDispersionSeconds`; `parent-clock`: the parent clock was set, or is unavailable;
     * `unconfirmed`: the server may have restarted, or this machine has slept, and no answer has arrived since; `stopped`: the
     * client was stopped.
     */
    readonly reason: 'dispersion' | 'parent-clock' | 'unconfirmed' | 'stopped'
    readonly dispersionSeconds: number
  }
}
