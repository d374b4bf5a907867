import { type OptionType, option } from '../validation/index.js'

/** Ticks per second of a clock that counts nanoseconds. */
export const NANOS_PER_SECOND = 1_000_000_000

/**
 * A number of ticks at one rate, as ticks at another. Multiplies first, so that whole numbers stay exact while the
 * product does, and leaves the ticks alone between equal rates, where even the last nanosecond of a long uptime counts.
 */
export function rescale(ticks: number, fromRate: number, toRate: number): number {
  return fromRate === toRate ? ticks : (ticks * toRate) / fromRate
}

export const TICK_RATE_TYPE: OptionType<number> = option.number({ above: 0 }, 'ticks per second')
export const SPEED_TYPE: OptionType<number> = option.number()
export const TICKS_TYPE: OptionType<number> = option.number({}, 'ticks')
