export {
  CII_PROPERTIES,
  type Cii,
  checkCii,
  decodeCii,
  encodeCheckedCii,
  encodeCii,
  parseCii,
  setProperty,
} from './cii.js'
export { applyCii, diffCii, equalCii, mergeCii } from './cii-changes.js'
export {
  type AvailableControlTimestamp,
  type ControlTimestamp,
  checkControlTimestamp,
  contentTicksAt,
  decodeControlTimestamp,
  encodeControlTimestamp,
  equalControlTimestamps,
  isAvailable,
} from './control-timestamp.js'
export { copyJson, MAX_JSON_DEPTH, parseJson } from './json.js'
export { MessageError, type MessageErrorKind } from './message-error.js'
export type { MessagePortLike } from './message-port.js'
export { postableBytes, readPortMessage } from './message-port.js'
export { FIRST_STATUS_WORDS } from './presentation-status.js'
export {
  decodePresentationTimestamps,
  type EarliestPresentationTimestamp,
  encodePresentationTimestamps,
  equalPresentationTimestamps,
  type LatestPresentationTimestamp,
  type PresentationTimestamp,
  type PresentationTimestamps,
} from './presentation-timestamps.js'
export type { PrivateData } from './private-data.js'
export {
  mistyped,
  readFiniteNumber,
  readNonEmptyString,
  readObject,
  readString,
  requireObject,
  type UnknownObject,
} from './read-field.js'
export { decodeSetupData, encodeSetupData, hasContentIdStem, type SetupData } from './setup-data.js'
export { type TimelineOption, type TimelineProperties, tickRateOf } from './timeline-option.js'
export { rangeOfSelector, tickRateOfSelector } from './timeline-selector.js'
export { decodeMaxFreqError, decodePrecision, encodeMaxFreqError, encodePrecision } from './wall-clock-fields.js'
export { decodeWallClockJson, encodeWallClockJson } from './wall-clock-json.js'
export {
  WALL_CLOCK_WEBSOCKET_TYPE,
  wallClockWebSocketLocation,
  wallClockWebSocketUrl,
} from './wall-clock-location.js'
export {
  decodeWallClockMessage,
  encodeWallClockMessage,
  equalWallClockMessages,
  WALL_CLOCK_MESSAGE_BYTES,
  type WallClockMessage,
  WallClockMessageType,
} from './wall-clock-message.js'
