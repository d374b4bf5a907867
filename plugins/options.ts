import type { FastifyInstance, RegisterOptions } from 'fastify'
import { type TObject, type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import { Clock } from '../src/clocks/index.js'
import { invalidNetwork, NETWORKS_EXPECTED } from '../src/server/endpoint/index.js'
import { describeValue } from '../src/validation/index.js'

/** An option that a plugin cannot take. Thrown when the plugin is registered, so that `ready()` and `listen()` reject with it. */
export class OptionError extends TypeError {
  readonly code = 'FST_DVBCSS_ERR_OPTION'

  constructor(plugin: string, option: string, expected: string, value: unknown) {
    super(`${plugin}: option "${option}" takes ${expected}, got ${describeValue(value)}`)
    this.name = 'OptionError'
  }
}

/** An option that a plugin does not have: probably a misspelt one. */
class UnknownOptionError extends OptionError {
  constructor(plugin: string, option: string, known: readonly string[], value: unknown) {
    super(plugin, option, '', value)
    this.message = `${plugin}: there is no option "${option}" (given: ${describeValue(value)}); there are ${known.join(', ')}`
  }
}

/** What `app.register` itself takes beside the plugin's own options. */
const REGISTER_OPTIONS = ['prefix', 'logLevel', 'logSerializers']

/**
 * Checks a plugin's options against a schema in which each property's `description` says what the option takes.
 * @param othersAllowed whether options may come that the schema does not name (they are a handler class's own).
 * @throws OptionError that names the option, what it takes and what came.
 */
export function checkOptions(plugin: string, schema: TObject, options: object, othersAllowed = false): void {
  const known: Record<string, TSchema> = schema.properties
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue
    const expected = known[option]
    if (expected !== undefined) {
      if (!Check(expected, value)) throw new OptionError(plugin, option, describe(expected), offending(option, value))
    } else if (!othersAllowed && !REGISTER_OPTIONS.includes(option)) {
      throw new UnknownOptionError(plugin, option, Object.keys(known), value)
    }
  }
}

/**
 * @param suffixes what the plugin appends to the name for the decorators that it adds; '' for the name itself.
 * @throws OptionError when the app has something else under one of these names.
 */
export function checkDecoratorIsFree(
  app: FastifyInstance,
  plugin: string,
  decorateAs: string,
  suffixes: readonly string[] = [''],
): void {
  const taken = suffixes.map((suffix) => `${decorateAs}${suffix}`).find((name) => app.hasDecorator(name))
  if (taken === undefined) return
  const expected = `a name that the app does not have yet; each endpoint needs its own, and app.${taken} exists`
  throw new OptionError(plugin, 'decorateAs', expected, decorateAs)
}

type ScopeOptions = Pick<RegisterOptions, 'logLevel' | 'logSerializers'>

/** The options of `app.register` that Fastify applies to scopes only, and so not to a plugin that has none of its own. */
export function scopeOptions({ logLevel, logSerializers }: ScopeOptions): ScopeOptions {
  return { ...(logLevel !== undefined && { logLevel }), ...(logSerializers !== undefined && { logSerializers }) }
}

/** The options of a child logger in a scope. */
export function levelOf({ logLevel }: ScopeOptions): { level?: string } {
  return logLevel === undefined ? {} : { level: logLevel }
}

/** Of a long list only the entry that is wrong is worth showing. */
function offending(option: string, value: unknown): unknown {
  return option === 'allow' || option === 'deny' ? invalidNetwork(option, value)?.value : value
}

function describe(schema: TSchema): string {
  return (schema as { description?: string }).description ?? 'another type of value'
}

function refined(description: string, accepts: (value: unknown) => boolean): TSchema {
  return Type.Refine(Type.Unsafe<unknown>({ description }), accepts)
}

/** Schemas that several plugins share. */
export const prefixSchema: TSchema = refined(
  'a path that begins with "/", without "?", "#", spaces or percent-encoding',
  (value) => {
    return typeof value === 'string' && /^(\/[^?#%\s]*)?$/.test(value)
  },
)

export const countSchema: TSchema = refined('a whole number from 0 upward, or Infinity', (value) => {
  return value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 0)
})

export const positiveCountSchema: TSchema = refined('a whole number from 1 upward, or Infinity', (value) => {
  return value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 1)
})

export const millisecondsSchema: TSchema = refined(
  'a number of milliseconds from 1 to 2147483647, or Infinity',
  (value) => {
    return value === Number.POSITIVE_INFINITY || (typeof value === 'number' && value >= 1 && value < 2 ** 31)
  },
)

export const secondsSchema: TSchema = refined('a number of seconds above 0 and below 2147483, or Infinity', (value) => {
  return value === Number.POSITIVE_INFINITY || (typeof value === 'number' && value > 0 && value < 2_147_483)
})

export const decorateAsSchema: TSchema = refined('a name for the decorator, as a non-empty string', (value) => {
  return typeof value === 'string' && value !== ''
})

export const enabledSchema: TSchema = Type.Boolean({ description: 'true or false' })

export function wholeNumberSchema(description: string, minimum: number, maximum: number): TSchema {
  return Type.Integer({ minimum, maximum, description: `${description} from ${minimum} to ${maximum}` })
}

export const clockSchema: TSchema = refined('a Clock', (value) => value instanceof Clock)

export const precisionSchema: TSchema = refined('a number of seconds above 0', (value) => {
  return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
})

export const maxFreqErrorSchema: TSchema = refined('a number of ppm from 0 upward', (value) => {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY
})

const networkSchema = (option: 'allow' | 'deny') =>
  Type.Optional(refined(NETWORKS_EXPECTED, (value) => invalidNetwork(option, value) === undefined))

/** Who is served, by address: of every plugin that serves a network. */
export const networkSchemas: Record<'allow' | 'deny', TSchema> = {
  allow: networkSchema('allow'),
  deny: networkSchema('deny'),
}

export { refined as refinedSchema }
