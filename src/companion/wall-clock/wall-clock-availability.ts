import type { CorrelatedClock } from '../../clocks/index.js'
import { undisturbed } from '../../events/index.js'
import type { WallClockErrorBound } from './wall-clock-error-bound.js'
import type { WallClockClientEvents } from './wall-clock-events.js'

export type WallClockUnavailableReason = WallClockClientEvents['unavailable']['reason']

export interface WallClockAvailabilityHandlers {
  available(dispersionSeconds: number): void
  unavailable(reason: WallClockUnavailableReason, dispersionSeconds: number): void
}

/** Consecutive contradicting answers after which a server is unreliable. Three consistent ones reveal a restarted server. */
const MAX_CONTRADICTIONS = 8

/** Makes a client's clock available while its error bound is acceptable and no answer puts it in doubt, and reports changes. */
export class WallClockAvailability {
  readonly #clock: CorrelatedClock
  readonly #errorBound: WallClockErrorBound
  readonly #handlers: WallClockAvailabilityHandlers
  /** The server may have been replaced: earlier measurements are valid only once an answer has confirmed them. */
  #isUnconfirmed = false
  /** Consecutive answers that contradict the clock. */
  #contradictions = 0
  /** The availability that was last reported. */
  #reported = false

  constructor(clock: CorrelatedClock, errorBound: WallClockErrorBound, handlers: WallClockAvailabilityHandlers) {
    this.#clock = clock
    this.#errorBound = errorBound
    this.#handlers = handlers
  }

  /** Makes the clock unavailable until an answer confirms it. @param isSet whether the clock has been set by an answer. */
  requireConfirmation(isSet: boolean): void {
    this.#isUnconfirmed = isSet
    if (isSet) this.set(false, 'unconfirmed')
  }

  /** Records an answer. @param isConsistent whether it agrees with the clock. */
  answered(isConsistent: boolean): void {
    this.#contradictions = isConsistent ? 0 : this.#contradictions + 1
    if (isConsistent) this.#isUnconfirmed = false
    else if (this.#contradictions >= MAX_CONTRADICTIONS) this.#isUnconfirmed = true
  }

  /** Updates the availability according to the error bound and the answers. */
  check(): void {
    this.set(this.#errorBound.isAcceptable && !this.#isUnconfirmed, this.#isUnconfirmed ? 'unconfirmed' : 'dispersion')
  }

  set(available: boolean, reason: WallClockUnavailableReason): void {
    undisturbed(() => {
      this.#clock.available = available
    })
    this.report(reason)
  }

  /** Reports the availability of the clock, which depends on its parent as well, if it has changed. */
  report(reason: WallClockUnavailableReason): void {
    const { available } = this.#clock
    if (available === this.#reported) return
    this.#reported = available
    const { seconds } = this.#errorBound
    if (available) this.#handlers.available(seconds)
    else this.#handlers.unavailable(reason, seconds)
  }
}
