import type { EndpointObservations, Rubbish } from './endpoint-rules.js'
import type { SocketRecord } from './recorded-socket.js'
import { isIntegerString, type JsonObject, readObject } from './values.js'

/** A connection that has sent setup-data. */
export interface SetUpConnection {
  readonly record: SocketRecord
  /** How many frames had come before the setup-data were sent. */
  readonly framesBefore: number
}

/** Rubbish, and whether setup-data that were sent after it got an answer. */
export interface TsRubbish extends Rubbish {
  readonly when: 'before' | 'after'
  readonly answered: boolean
}

/** What was seen of a CSS-TS endpoint. */
export interface TsObservations extends EndpointObservations {
  readonly selector: string
  readonly stem: string
  /** Whether CII lists the selector; undefined where there is no CII to ask. */
  readonly listed: boolean | undefined
  /** Ticks per second of the timeline at normal speed, where known. */
  readonly tickRate: number | undefined
  readonly accuracySeconds: number | undefined
  /** How far the wall clock is ahead of our clock; undefined where it was not to be asked. */
  readonly wallClockOffsetNanos: bigint | undefined
  /** The held connection: set up at the beginning of the watch. */
  readonly first: SetUpConnection
  /** The same question again at the end of the watch. */
  readonly last: SetUpConnection | undefined
  readonly unknownSelector: SetUpConnection | undefined
  readonly wrongStem: SetUpConnection | undefined
  /** A connection that has told of its own presentation, as a companion does. */
  readonly presenting: SetUpConnection | undefined
  readonly rubbish: readonly TsRubbish[]
  readonly watchedSeconds: number
}

/** A control timestamp as it stands, and when it came on our clock. */
export interface ReceivedTimestamp {
  readonly timestamp: JsonObject
  readonly atNanos: bigint
}

/** The control timestamps of a connection that are JSON objects. */
export function timestampsOf(connection: SetUpConnection | undefined): ReceivedTimestamp[] {
  if (connection === undefined) return []
  return connection.record.frames.slice(connection.framesBefore).flatMap(({ text, atNanos }) => {
    const timestamp = readObject(text)
    return timestamp === undefined ? [] : [{ timestamp, atNanos }]
  })
}

export function connectionsOf(observed: TsObservations): SetUpConnection[] {
  const { first, last, unknownSelector, wrongStem, presenting } = observed
  return [first, last, unknownSelector, wrongStem, presenting].filter((connection) => connection !== undefined)
}

export function allTimestamps(observed: TsObservations): ReceivedTimestamp[] {
  return connectionsOf(observed).flatMap(timestampsOf)
}

/** A control timestamp of a timeline that is available. */
export interface Position {
  readonly contentTime: bigint
  readonly wallClockTime: bigint
  readonly speed: number
}

/** Undefined where there is no position in it, whatever the reason. */
export function positionOf(received: ReceivedTimestamp | undefined): Position | undefined {
  if (received === undefined) return undefined
  const { contentTime, wallClockTime, timelineSpeedMultiplier: speed } = received.timestamp
  if (!isIntegerString(contentTime) || !isIntegerString(wallClockTime) || !Number.isFinite(speed)) return undefined
  return { contentTime: BigInt(contentTime), wallClockTime: BigInt(wallClockTime), speed: speed as number }
}
