import type { EndpointObservations, SentInvalidMessage } from './endpoint-rules.js'
import { isIntegerString, type JsonObject, readObject } from './json-values.js'
import type { SocketRecord } from './recorded-socket.js'

/** A connection on which setup-data were sent. */
export interface SetUpConnection {
  readonly record: SocketRecord
  /** Number of frames received before the setup-data were sent. */
  readonly framesBefore: number
  /** When the setup-data were sent. */
  readonly setUpNanos: bigint
}

/** An invalid message, and whether setup-data sent after it were answered. */
export interface TsInvalidMessage extends SentInvalidMessage {
  readonly when: 'before' | 'after'
  readonly answered: boolean
}

/** Observations of a CSS-TS endpoint. */
export interface TsObservations extends EndpointObservations {
  readonly selector: string
  readonly stem: string
  /** Whether CII lists the selector; undefined without CII. */
  readonly listed: boolean | undefined
  /** Ticks per second of the timeline at normal speed, if known. */
  readonly tickRate: number | undefined
  readonly accuracySeconds: number | undefined
  /** Offset of the wall clock from the local clock; undefined if it could not be measured. */
  readonly wallClockOffsetNanos: bigint | undefined
  /** The held connection, set up at the start of the observation. */
  readonly first: SetUpConnection
  /** A second connection with the same setup-data, beside the first one and at the end of the observation. */
  readonly last: SetUpConnection | undefined
  /** Another one a second later, if the second contradicts the first. */
  readonly confirming: SetUpConnection | undefined
  readonly unknownSelector: SetUpConnection | undefined
  readonly wrongStem: SetUpConnection | undefined
  /** With the first half of the content id as contentIdStem. */
  readonly partialStem: SetUpConnection | undefined
  /** With setup-data that lack contentIdStem. */
  readonly withoutStem: SetUpConnection | undefined
  /** A connection that sent presentation timestamps. */
  readonly presenting: SetUpConnection | undefined
  readonly invalidMessages: readonly TsInvalidMessage[]
}

/** What CII states about the timeline. */
export type KnownTimeline = Pick<TsObservations, 'listed' | 'tickRate' | 'accuracySeconds'>

/** A control timestamp as received, and its arrival time on the local clock. */
export interface ReceivedTimestamp {
  readonly timestamp: JsonObject
  readonly atNanos: bigint
}

/** The control timestamps of a connection, as far as they are JSON objects. */
export function timestampsOf(connection: SetUpConnection | undefined): ReceivedTimestamp[] {
  if (connection === undefined) return []
  return connection.record.frames.slice(connection.framesBefore).flatMap(({ text, atNanos }) => {
    const timestamp = readObject(text)
    return timestamp === undefined ? [] : [{ timestamp, atNanos }]
  })
}

export function connectionsOf(observed: TsObservations): SetUpConnection[] {
  const { first, last, confirming, unknownSelector, wrongStem, partialStem, withoutStem, presenting } = observed
  return [first, last, confirming, unknownSelector, wrongStem, partialStem, withoutStem, presenting].filter(
    (connection) => connection !== undefined,
  )
}

export function allTimestamps(observed: TsObservations): ReceivedTimestamp[] {
  return connectionsOf(observed).flatMap(timestampsOf)
}

/** The control timestamps of the first connection that were in force when the second was set up, or sent since. */
export function latestTimestamps({ first, last }: TsObservations): ReceivedTimestamp[] {
  if (last === undefined) return []
  const all = timestampsOf(first)
  const before = all.findLastIndex(({ atNanos }) => atNanos <= last.setUpNanos)
  return all.slice(Math.max(0, before))
}

/** A control timestamp of a timeline that is available. */
export interface Position {
  readonly contentTime: bigint
  readonly wallClockTime: bigint
  readonly speed: number
}

/** Undefined if the timestamp contains no valid position. */
export function positionOf(received: ReceivedTimestamp | undefined): Position | undefined {
  if (received === undefined) return undefined
  const { contentTime, wallClockTime, timelineSpeedMultiplier: speed } = received.timestamp
  if (!isIntegerString(contentTime) || !isIntegerString(wallClockTime) || !Number.isFinite(speed)) return undefined
  return { contentTime: BigInt(contentTime), wallClockTime: BigInt(wallClockTime), speed: speed as number }
}
