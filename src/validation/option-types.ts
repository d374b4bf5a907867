import { checkOptions, type OptionTable } from './check-options.js'

/** What an option takes: a part of a table for {@link checkOptions}. */
export interface OptionType<Value> {
  /** To follow "must be" in an error: `a non-negative integer or Infinity`. */
  readonly expected: string
  accepts(value: unknown): boolean
  /** The part of a rejected value that is wrong, to be shown in the error. Default: all of it. */
  rejected?(value: unknown): unknown
  /** Converts an accepted value, for example to fill in the defaults of an object of options. Default: as it is. */
  convert?(value: Value, option: string): Value
  /** Used where the option is undefined. Absent: the option stays undefined. */
  readonly default?: Value
}

export type WithDefault<Value> = OptionType<Value> & { readonly default: Value }

/** The longest time that a timer of Node and of browsers can wait, in seconds: 2^31 - 1 ms, or 24.8 days. */
export const LONGEST_TIMER_SECONDS = 2_147_483

interface Limits {
  /** The least value. */
  readonly min?: number
  /** The value must be greater than this. */
  readonly above?: number
  /** The greatest value. */
  readonly max?: number
  /** The value must be less than this. */
  readonly below?: number
  /** Whether Infinity is accepted besides. Default false. */
  readonly infinity?: boolean
}

export function boolean(): OptionType<boolean> {
  return { expected: 'a boolean', accepts: (value) => typeof value === 'boolean' }
}

export function string({ nonEmpty = false }: { nonEmpty?: boolean } = {}): OptionType<string> {
  return {
    expected: nonEmpty ? 'a non-empty string' : 'a string',
    accepts: (value) => typeof value === 'string' && !(nonEmpty && value === ''),
  }
}

/** @param unit to follow the article and noun: `a number of ${unit}` */
export function number(limits: Limits = {}, unit?: string): OptionType<number> {
  return {
    expected: `a number${unit === undefined ? '' : ` of ${unit}`}${range(limits)}${orInfinity(limits)}`,
    accepts: (value) => typeof value === 'number' && isWithin(value, limits),
  }
}

/** A duration in seconds. Not longer than a timer can wait, unless another `max` or `below` is given. */
export function seconds(limits: Limits = {}): OptionType<number> {
  const isBounded = limits.max !== undefined || limits.below !== undefined
  return number(isBounded ? limits : { ...limits, max: LONGEST_TIMER_SECONDS }, 'seconds')
}

export function integer(limits: Limits = {}): OptionType<number> {
  const { min, above, below, max } = limits
  const isOpen = above === undefined && below === undefined && max === undefined
  const kind = isOpen && min === 0 ? 'a non-negative integer' : isOpen && min === 1 ? 'a positive integer' : undefined
  return {
    expected: `${kind ?? `an integer${range(limits)}`}${orInfinity(limits)}`,
    accepts: (value) =>
      (Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && isWithin(value as number, limits),
  }
}

/** A number of things, from 0: `Infinity` for no limit. */
export function count(): OptionType<number> {
  return integer({ min: 0, infinity: true })
}

/** A number of things, from 1: `Infinity` for no limit. */
export function positiveCount(): OptionType<number> {
  return integer({ min: 1, infinity: true })
}

/** A UDP or TCP port. 0: the system chooses a free one. */
export function port(): OptionType<number> {
  return integer({ min: 0, max: 65_535 })
}

export function oneOf<Value extends string | boolean>(...values: readonly Value[]): OptionType<Value> {
  const names = values.map((value) => JSON.stringify(value))
  return {
    expected: names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
    accepts: (value) => values.includes(value as Value),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: any function
export function func<Value extends (...args: any[]) => unknown>(): OptionType<Value> {
  return { expected: 'a function', accepts: (value) => typeof value === 'function' }
}

/** An instance of a class, or of a subclass. @param expected with its article: `a Clock` */
export function instance<Value>(type: abstract new (...args: never[]) => Value, expected: string): OptionType<Value> {
  return { expected, accepts: (value) => value instanceof type }
}

/** An object with these methods, whatever its class is. */
export function objectWith<Value>(...methods: readonly (keyof Value & string)[]): OptionType<Value> {
  return {
    expected: `an object with ${methods.map((name) => `${name}()`).join(' and ')}`,
    accepts: (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  }
}

/** Whatever `accepts` says. */
export function custom<Value>(expected: string, accepts: (value: unknown) => boolean): OptionType<Value> {
  return { expected, accepts }
}

/** By its members, since a signal may come from another realm, an iframe for instance. */
export function abortSignal(): OptionType<AbortSignal> {
  return custom('an AbortSignal', (value) => {
    const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
    return typeof aborted === 'boolean' && typeof addEventListener === 'function'
  })
}

/** An object of options that has a table of its own, which its options are checked by. Its defaults are not filled in. */
export function object<Options extends object>(table: OptionTable<Options>): OptionType<Options> {
  return {
    expected: 'an object',
    accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    convert: (value, option) => {
      checkOptions(table, value, { within: option })
      return value
    },
  }
}

/** Either of two types. */
export function either<First, Second>(
  first: OptionType<First>,
  second: OptionType<Second>,
): OptionType<First | Second> {
  return {
    expected: `${first.expected}, or ${second.expected}`,
    accepts: (value) => first.accepts(value) || second.accepts(value),
    convert: (value, option) =>
      first.accepts(value)
        ? (first.convert?.(value as First, option) ?? (value as First))
        : (second.convert?.(value as Second, option) ?? (value as Second)),
  }
}

/** Besides what the type accepts, null. */
export function orNull<Value>(type: OptionType<Value>): OptionType<Value | null> {
  return {
    expected: `${type.expected} or null`,
    accepts: (value) => value === null || type.accepts(value),
    convert: (value, option) => (value === null ? null : (type.convert?.(value, option) ?? value)),
  }
}

/** The same type with a default, for an option that may be left out. */
export function withDefault<Value>(type: OptionType<Value>, value: Value): WithDefault<Value> {
  return { ...type, default: value }
}

function isWithin(value: number, { min, above, max, below, infinity = false }: Limits): boolean {
  if (value === Number.POSITIVE_INFINITY) return infinity
  if (!Number.isFinite(value)) return false
  return (
    (min === undefined || value >= min) &&
    (above === undefined || value > above) &&
    (max === undefined || value <= max) &&
    (below === undefined || value < below)
  )
}

function range({ min, above, max, below }: Limits): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  const parts = [
    min !== undefined && `from ${min}`,
    above !== undefined && `above ${above}`,
    max !== undefined && `up to ${max}`,
    below !== undefined && `below ${below}`,
  ].filter((part) => part !== false)
  if (parts.length === 0) return ''
  const isOpen = min !== undefined && below === undefined
  return ` ${parts.join(' and ')}${isOpen ? ' upward' : ''}`
}

function orInfinity({ infinity = false }: Limits): string {
  return infinity ? ' or Infinity' : ''
}
