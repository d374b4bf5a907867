export {
  checkBoolean,
  checkFinite,
  checkFunction,
  checkNotNegative,
  checkPositive,
  checkString,
  show,
} from './clock-option-checks.js'
export { describeValue, MAX_DESCRIPTION_LENGTH } from './describe-value.js'
export { jsonLine, visibleLine, visibleLines } from './terminal-text.js'
export { escapeUnsafe, MAX_SHOWN_CHARACTERS, visible } from './visible-text.js'
