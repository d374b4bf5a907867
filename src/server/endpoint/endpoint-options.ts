import { type OptionTable, option } from '../../validation/index.js'
import { ADDRESS_FILTER_OPTIONS } from './address-filter.js'
import type { AdmissionOptions } from './admission-control.js'
import { DEFAULTS } from './defaults.js'
import type { EndpointServerOptions } from './endpoint-server.js'
import type { Logger } from './logger.js'

type DefaultedAdmission = Exclude<keyof AdmissionOptions, 'allow' | 'deny'>

export const ADMISSION_OPTIONS: OptionTable<AdmissionOptions, DefaultedAdmission> = {
  maxConnections: option.withDefault(option.count(), DEFAULTS.maxConnections),
  enabled: option.withDefault(option.boolean(), true),
  maxConnectionsPerAddress: option.withDefault(option.positiveCount(), DEFAULTS.maxConnectionsPerAddress),
  maxHandshakesPerSecond: option.withDefault(option.positiveCount(), DEFAULTS.maxHandshakesPerSecond),
  maxHandshakesPerSecondTotal: option.withDefault(option.positiveCount(), DEFAULTS.maxHandshakesPerSecondTotal),
  ...ADDRESS_FILTER_OPTIONS,
}

export type DefaultedEndpointOptions =
  | DefaultedAdmission
  | 'maxMessagesPerSecond'
  | 'maxMessagesPerSecondTotal'
  | 'maxBadMessages'
  | 'maxBufferedBytes'

/** Options of every {@link EndpointServer}. Servers and plugins add their own to this table. */
export const ENDPOINT_OPTIONS: OptionTable<EndpointServerOptions<never>, DefaultedEndpointOptions> = {
  ...ADMISSION_OPTIONS,
  maxMessagesPerSecond: option.withDefault(option.positiveCount(), DEFAULTS.maxMessagesPerSecond),
  maxMessagesPerSecondTotal: option.withDefault(option.positiveCount(), DEFAULTS.maxMessagesPerSecondTotal),
  maxBadMessages: option.withDefault(option.positiveCount(), DEFAULTS.maxBadMessages),
  maxBufferedBytes: option.withDefault(option.positiveCount(), DEFAULTS.maxBufferedBytes),
  // Which hooks there are depends on the kind of server: see `checkHooks`.
  hooks: option.custom<never>('an object', (value) => typeof value === 'object' && value !== null),
  logger: option.custom<Logger>('a logger with child() and info(), such as a pino logger', isLogger),
}

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Logger> | null
  return typeof logger?.child === 'function' && typeof logger.info === 'function'
}

/** The argument `others` of `checkOptions` in a constructor: a subclass may have options of its own. */
export function othersOf(target: unknown, itself: unknown): 'any' | readonly string[] {
  return target === itself ? [] : 'any'
}
