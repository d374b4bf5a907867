export type { TelevisionCommand } from './commands.js'
export type { CompanionReport, ConnectionReport, LogEntry, MessageEntry } from './control-reports.js'
export {
  type CommandRequest,
  decodePageMessage,
  type Hello,
  type PageMessage,
  type PageRole,
  type PlaybackReport,
  type PlaybackState,
  type Watch,
} from './page-messages.js'
export {
  type Alternative,
  type AlternativeKind,
  DASH_TYPE,
  type MediaSource,
  type Programme,
  sourcesOf,
} from './programme.js'
export type {
  Action,
  Answer,
  PageRefusal,
  PageSetting,
  Seat,
  TelevisionMessage,
  TelevisionState,
  TimelineState,
  Update,
} from './television-messages.js'
