import { InvalidOptionError, UnknownOptionError } from './errors.js'
import { nearestName } from './nearest-name.js'
import type { OptionType, WithDefault } from './option-types.js'

/**
 * One entry for each option of `Options`. Those named in `Defaulted` have a default. Tables are the only place where the types,
 * ranges and defaults of options are written down: `docs/options.md` is made from them.
 */
export type OptionTable<Options extends object, Defaulted extends keyof Options = never> = {
  readonly [Name in keyof Options]-?: Name extends Defaulted
    ? WithDefault<Exclude<Options[Name], undefined>>
    : OptionType<Exclude<Options[Name], undefined>>
}

/** A table of whichever options. */
export type AnyOptionTable = Readonly<Record<string, OptionType<unknown>>>

/** The options with their defaults filled in. */
export type CheckedOptions<Options extends object, Defaulted extends keyof Options = never> = {
  [Name in keyof Options]: Name extends Defaulted ? Exclude<Options[Name], undefined> : Options[Name]
} & { [Name in Defaulted]-?: Exclude<Options[Name], undefined> }

export interface CheckOptionsSettings {
  /** Names that are accepted unchecked, because someone else takes them. */
  readonly others?: readonly string[] | 'any'
  /** The name of the object that the options are in, for errors: with `slew`, the error names `slew.maxRatePpm`. */
  readonly within?: string
}

/**
 * Checks options against a table, and fills in the defaults. An option that is undefined counts as absent.
 *
 * @returns a new object with an entry for each option of the table
 * @throws InvalidOptionError, UnknownOptionError
 */
export function checkOptions<Options extends object, Defaulted extends keyof Options = never>(
  table: OptionTable<Options, Defaulted>,
  options: unknown,
  { others = [], within }: CheckOptionsSettings = {},
): CheckedOptions<Options, Defaulted> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(within ?? 'options', 'an object', options)
  }
  const types = table as Record<string, OptionType<unknown>>
  const given = options as Record<string, unknown>
  for (const name in given) {
    if (Object.hasOwn(types, name) || given[name] === undefined || others === 'any' || others.includes(name)) continue
    const known = Object.keys(types)
    throw new UnknownOptionError(nameWithin(name, within), nearestName(name, known), known)
  }
  const checked: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(types)) {
    const value = given[name]
    checked[name] = value === undefined ? type.default : checkOption(nameWithin(name, within), type, value)
  }
  return checked as CheckedOptions<Options, Defaulted>
}

/**
 * Checks one value, such as an argument or what is assigned to a property.
 *
 * @throws InvalidOptionError
 */
export function checkOption<Value>(option: string, type: OptionType<Value>, value: unknown): Value {
  if (!type.accepts(value)) {
    throw new InvalidOptionError(option, type.expected, type.rejected === undefined ? value : type.rejected(value))
  }
  return type.convert === undefined ? (value as Value) : type.convert(value as Value, option)
}

function nameWithin(name: string, within: string | undefined): string {
  return within === undefined ? name : `${within}.${name}`
}
