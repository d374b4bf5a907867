import type { Candidate } from './candidate.js'

/** Events of a {@link WallClockClient}, by name, with what their listeners receive. */
export interface WallClockClientEvents {
  /** The transport has opened. */
  connected: {
    /** URL of the server. */
    readonly url: string
  }
  /** The transport has closed or failed to open. It reconnects by itself. */
  disconnected: {
    /** Human-readable cause. */
    readonly reason: string
  }
  /** An exchange completed and is plausible. If `consistent` is false, it contradicts the clock and is ignored. */
  candidate: {
    /** The measurement of the exchange. */
    readonly candidate: Candidate
    /** Whether it agrees with the clock. */
    readonly consistent: boolean
  }
  /** The clock was adjusted. */
  adjusted: {
    /** The measurement that caused the adjustment. */
    readonly candidate: Candidate
    /** Size of the jump, in seconds; 0 for the first answer and for a slew. */
    readonly stepSeconds: number
    /** Offset that is being slewed, in seconds. */
    readonly slewSeconds: number
    /**
     * Whether all earlier measurements were discarded, because the server's clock is another one (three answers agreed on this)
     * or because this machine has slept.
     */
    readonly stepped: boolean
    /** Error bound of the clock after the adjustment, in seconds. */
    readonly dispersionSeconds: number
  }
  /** A request timed out, or the follow-up that a response announced did not arrive. */
  timeout: {
    /** The message that did not arrive. */
    readonly waitedFor: 'response' | 'follow-up'
    /** Seconds that the client waited for it. */
    readonly waitedSeconds: number
    /** Number of requests without a response since construction; missing follow-ups are not counted. */
    readonly timeouts: number
  }
  /**
   * An answer is invalid or contradicts the clock, and was ignored. After 10 in quick succession at most one event per second is
   * emitted. With `forgiven`: it deviates from the specification, and was used; the first answer of each kind is reported.
   * `status()` counts all of them.
   */
  protocolError: {
    /**
     * A short code for programs: the kind of a MessageError, the reason of an {@link Implausible}, `inconsistent` if the answer
     * contradicts the clock, a ViolationReason of the transport, or a {@link ForgivenKind}.
     */
    readonly reason: string
    /** Human-readable: what was expected and what was received. */
    readonly detail: string
    /** True: the answer was used. Absent: it was ignored. */
    readonly forgiven?: true
  }
  /** The clock became available: its error bound is known and small enough. */
  available: {
    /** Error bound of the clock, in seconds. */
    readonly dispersionSeconds: number
  }
  /** The clock became unavailable. */
  unavailable: {
    /**
     * `dispersion`: the error bound exceeds `maxDispersionSeconds`; `parent-clock`: the parent clock was set, or is unavailable;
     * `unconfirmed`: the server may have restarted, or this machine has slept, and no answer has arrived since; `stopped`: the
     * client was stopped.
     */
    readonly reason: 'dispersion' | 'parent-clock' | 'unconfirmed' | 'stopped'
    /** Error bound of the clock, in seconds; Infinity if unknown. */
    readonly dispersionSeconds: number
  }
}
