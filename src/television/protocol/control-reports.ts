/** A connection of a companion, as the control page shows it. Times are milliseconds of the epoch by the television's clock. */
export interface ConnectionReport {
  readonly id: string
  readonly endpoint: 'cii' | 'ts' | 'wc'
  readonly openedAt: number
  readonly messagesIn: number
  readonly messagesOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Messages that were rejected. */
  readonly badMessages: number
  /** Null until a ping was answered. */
  readonly roundTripSeconds: number | null
  /** Bytes that wait for the companion. */
  readonly bufferedBytes: number
  readonly lastIn: { readonly at: number; readonly text: string } | null
  readonly lastOut: { readonly at: number; readonly text: string } | null
}

/** A companion, as the control page shows it. */
export interface CompanionReport {
  /** The same for as long as the companion is connected. */
  readonly key: string
  readonly remoteAddress: string
  readonly userAgent: string | null
  /** The page of this television that it is; null if it is none. That of the picture follows, to know the wall clock. */
  readonly page: 'tv' | 'companion' | null
  readonly connectedAt: number
  readonly connections: readonly ConnectionReport[]
  readonly timelineSelector: string | null
  readonly contentIdStem: string | null
  /** Requests for the wall clock; null if none is known to be this companion's. */
  readonly wallClock: {
    readonly encoding: 'udp' | 'websocket'
    readonly requests: number
    readonly lastRequestAt: number
    /** Whether other companions may have sent some of them. */
    readonly isShared: boolean
  } | null
  /** What it last said of its presentation; null if nothing. */
  readonly presentation: {
    readonly at: number
    /** How much later (positive) or earlier the companion presents a moment of the content than the television; null if it did not say. */
    readonly lateSeconds: number | null
  } | null
  /** The delay of the device that its user has set on the companion page; null where that is unknown. */
  readonly calibrationSeconds: number | null
  /** What is wrong with this companion, for people; empty if nothing is known to be. */
  readonly problems: readonly string[]
}

/** A message between a companion and an endpoint. */
export interface MessageEntry {
  readonly at: number
  readonly connection: string
  readonly endpoint: 'cii' | 'ts' | 'wc'
  readonly remoteAddress: string
  readonly direction: 'in' | 'out'
  /** Cut if it is long. */
  readonly text: string
  /** Why it was rejected; null if it was not. */
  readonly rejected: string | null
}

/** A line of the log. */
export interface LogEntry {
  readonly at: number
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly text: string
}
