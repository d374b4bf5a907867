export { isEveryAddress, isLoopback, withoutMapping, withoutZone } from './addresses.js'
export {
  type AnyOptionTable,
  type CheckedOptions,
  checkOption,
  checkOptions,
  type OptionTable,
} from './check-options.js'
export { describeValue, MAX_DESCRIPTION_LENGTH } from './describe-value.js'
export {
  ConflictingOptionError,
  DvbcssError,
  type DvbcssErrorCode,
  InvalidOptionError,
  UnknownOptionError,
} from './errors.js'
export { nearestName } from './nearest-name.js'
export type { OptionType } from './option-types.js'
export * as option from './option-types.js'
export { jsonLine, visibleLine, visibleLines } from './terminal-text.js'
export {
  checkUdpUrl,
  displayUrl,
  hostAndPort,
  InvalidUrlError,
  isWebSocketUrl,
  parseUdpUrl,
  wallClockUrl,
  webSocketUrl,
} from './urls.js'
export { escapeUnsafe, visible } from './visible-text.js'
