import { BEND_SECONDS } from './playback-constants.js'

export interface BendLimits {
  /** The largest bend, as a fraction of the speed. */
  readonly maxRateChange: number
  /** Bends are whole multiples of this. */
  readonly rateStep: number
}

/**
 * By which fraction to run faster (above 0) or slower, so that an error goes away: at least one step of the player's
 * rate, since less would be lost on it, and at most the limits.
 *
 * @param errorSeconds position less target, not 0
 * @param mostBend what late timers allow
 * @returns 0 when even one step is too much
 */
export function chooseBend(errorSeconds: number, limits: BendLimits, mostBend: number): number {
  const { maxRateChange, rateStep } = limits
  const mostSteps = Math.floor(Math.min(maxRateChange, mostBend) / rateStep + 1e-9)
  const wantedSteps = Math.max(Math.round(Math.abs(errorSeconds) / BEND_SECONDS / rateStep), 1)
  return -Math.sign(errorSeconds) * Math.min(wantedSteps, mostSteps) * rateStep
}
