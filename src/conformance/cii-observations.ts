import { isDeepStrictEqual } from 'node:util'
import type { EndpointObservations } from './endpoint-rules.js'
import { type JsonObject, readObject } from './json-values.js'
import type { SocketRecord } from './recorded-socket.js'

/** Observations of a CSS-CII endpoint. */
export interface CiiObservations extends EndpointObservations {
  /** A connection made at the end of the observation, while the first was still open. */
  readonly later: SocketRecord | undefined
}

/** A message, and its index on its connection. */
export interface CiiMessage {
  readonly message: JsonObject
  readonly index: number
}

/** All messages that are JSON objects, of all connections. */
export function ciiMessages({ held, later }: CiiObservations): CiiMessage[] {
  return [held, later].flatMap((record) =>
    (record?.frames ?? []).flatMap(({ text }, index) => {
      const message = readObject(text)
      return message === undefined ? [] : [{ message, index }]
    }),
  )
}

/** All values of a property that are not null. */
export function valuesOf(observed: CiiObservations, property: string): unknown[] {
  return ciiMessages(observed)
    .map(({ message }) => message[property])
    .filter((value) => value !== undefined && value !== null)
}

/** Properties of a state that are considered: CII has twelve. There may be as many states as messages. */
const MAX_PROPERTIES = 64

/** The state after each message of a connection, without properties that are null. */
export function statesOf(record: SocketRecord): JsonObject[] {
  const states: JsonObject[] = []
  let state: JsonObject = {}
  for (const { text } of record.frames) {
    const all = { ...state, ...readObject(text) }
    state = Object.fromEntries(
      Object.entries(all)
        .filter(([, value]) => value !== null)
        .slice(0, MAX_PROPERTIES),
    )
    states.push(state)
  }
  return states
}

/** The states of the first connection that were in force when the second was opened, or came about since. */
export function latestStates(held: SocketRecord, later: SocketRecord | undefined): JsonObject[] {
  if (later === undefined) return []
  const before = held.frames.findLastIndex(({ atNanos }) => atNanos <= later.startedNanos)
  return statesOf(held).slice(Math.max(0, before))
}

/** The names of the properties in which two states differ. */
export function differences(a: JsonObject, b: JsonObject): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].filter((name) => !isDeepStrictEqual(a[name], b[name]))
}
