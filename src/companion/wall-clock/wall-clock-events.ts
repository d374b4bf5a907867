import type { Candidate } from './candidate.js'

export interface WallClockClientEvents {
  /** The transport has opened. */
  connected: { readonly url: string }
  /** The transport has closed, or could not open. It tries again by itself. */
  disconnected: { readonly reason: string }
  /** An exchange was complete and plausible. `consistent` is false where it contradicts the clock, which then ignores it. */
  candidate: { readonly candidate: Candidate; readonly consistent: boolean }
  /** The clock follows another line now. */
  adjusted: {
    readonly candidate: Candidate
    /** By how much it has jumped, in seconds; 0 for the first answer, and while it slews. */
    readonly stepSeconds: number
    /** What it has begun to slew, in seconds. */
    readonly slewSeconds: number
    /**
     * Whether everything known before was discarded, because the server's clock is another one (three answers agreed on that),
     * or because this machine has slept.
     */
    readonly stepped: boolean
    readonly dispersionSeconds: number
  }
  /** A request had no answer in time, or a response not the follow-up that it promised. */
  timeout: { readonly waitedFor: 'response' | 'follow-up'; readonly waitedSeconds: number; readonly timeouts: number }
  /**
   * An answer that is invalid, or contradicts the clock. Nothing was changed by it. After 10 in quick succession there is one
   * event a second; `status().protocolErrors` counts all of them.
   */
  protocolError: { readonly reason: string; readonly detail: string }
  available: { readonly dispersionSeconds: number }
  unavailable: {
    /**
     * `dispersion`: the error bound exceeds `maxDispersionSeconds`; `parent-clock`: the parent clock was set, or is unavailable;
     * `unconfirmed`: the server may have restarted, or this machine has slept, and there is no answer since; `stopped`.
     */
    readonly reason: 'dispersion' | 'parent-clock' | 'unconfirmed' | 'stopped'
    readonly dispersionSeconds: number
  }
}
