import type { FastifyInstance, RegisterOptions } from 'fastify'
import { InvalidOptionError, type OptionType, option } from '../src/validation/index.js'

/** What `app.register` takes for the scope of a plugin, beside the plugin's own options. */
export const SCOPE_OPTIONS: readonly string[] = ['logLevel', 'logSerializers']

export const PATH: OptionType<string> = option.custom(
  'a path that begins with "/", without "?", "#", spaces or percent-encoding',
  (value) => typeof value === 'string' && /^(\/[^?#%\s]*)?$/.test(value),
)

export const DECORATOR_NAME: OptionType<string> = option.string({ nonEmpty: true })

/**
 * @param suffixes what the plugin appends to the name for the decorators that it adds; '' for the name itself.
 * @throws InvalidOptionError when the app has something else under one of these names.
 */
export function checkDecoratorIsFree(
  app: FastifyInstance,
  decorateAs: string,
  suffixes: readonly string[] = [''],
): void {
  const taken = suffixes.map((suffix) => `${decorateAs}${suffix}`).find((name) => app.hasDecorator(name))
  if (taken === undefined) return
  throw new InvalidOptionError('decorateAs', `another name for each plugin, because app.${taken} exists`, decorateAs)
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
