import { type OptionType, option } from '../validation/index.js'

/** Ticks per second of a clock that counts nanoseconds. */
export const NANOS_PER_SECOND = 1_000_000_000

/**
 * Converts ticks from one rate to another. Multiplies first, so that whole numbers stay exact as long as the product is. Between equal
 * rates the ticks are returned unchanged, because the product might lose the last nanoseconds of a long uptime.
 */
export function rescale(ticks: number, fromRate: number, toRate: number): number {
  return fromRate === toRate ? ticks : (ticks * toRate) / fromRate
}

export const TICK_RATE_TYPE: OptionType<number> = option.number({ above: 0 }, 'ticks per second')
export const SPEED_TYPE: OptionType<number> = option.number()
export const TICKS_TYPE: OptionType<number> = option.number({}, 'ticks')
