/** In how many seconds an error should be gone, where the limits of the bend allow. */
const WANTED_SECONDS = 3

export interface BendLimits {
  /** The largest bend, as a fraction of the speed. */
  readonly maxRateChange: number
  /** Bends are whole multiples of this. */
  readonly rateStep: number
}

/**
 * By which fraction to run faster (above 0) or slower, so that an error goes away: at least one step of the player's
 * rate, since less would be lost on it, and at most the limit.
 *
 * @param errorSeconds position less target, not 0
 */
export function chooseBend(errorSeconds: number, limits: BendLimits): number {
  const { maxRateChange, rateStep } = limits
  const mostSteps = Math.max(Math.floor(maxRateChange / rateStep + 1e-9), 1)
  const steps = Math.min(Math.max(Math.round(Math.abs(errorSeconds) / WANTED_SECONDS / rateStep), 1), mostSteps)
  return -Math.sign(errorSeconds) * steps * rateStep
}
