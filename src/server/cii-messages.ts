import { encodeCheckedCii } from '../messages/cii.js'
import { type Cii, diffCii, type PrivateData, WALL_CLOCK_WEBSOCKET_TYPE } from '../messages/index.js'
import { equalJson } from '../messages/json.js'
import type { Authority } from './connection.js'

const URL_PROPERTIES = ['mrsUrl', 'wcUrl', 'tsUrl', 'teUrl'] as const

/** The properties that clients see differently, by the address at which they have reached the server. */
const ADDRESS_PROPERTIES: readonly (keyof Cii)[] = [...URL_PROPERTIES, 'private']

/** One state of the server, with its placeholders. States are compared by identity. */
export interface CiiSnapshot {
  readonly state: Cii
  /** Changes whenever an address might see another value of one of its properties. */
  readonly addressVersion: number
}

/** The state that clients at an address are to have, with its placeholders: what is advertised may differ from address to address. */
export type StateSeenAt = (reachedAt: Authority) => Cii

/** The message for a client that is to hear something although nothing has changed. */
export const NOTHING_CHANGED: Uint8Array = Buffer.from('{}')

/** What one client has, or is to have: the state without the properties that its address decides, and these. */
export interface CiiPosition {
  readonly snapshot: CiiSnapshot
  readonly atAddress: Cii
}

/**
 * The CII messages for the clients that have reached the server at one address, and so see the same URLs. Each message is made
 * once, however many clients it goes to.
 */
export class CiiMessages {
  readonly #stateSeenAt: StateSeenAt
  readonly #reachedAt: Authority
  readonly #shared: Differences
  readonly #repeated: readonly (keyof Cii)[]
  #position: CiiPosition | undefined
  #whole: { position: CiiPosition; message: Uint8Array } | undefined
  readonly #own = new Differences()

  /**
   * @param shared the differences that are the same at every address.
   * @param repeated properties that a message of changes carries even when they have not changed.
   */
  constructor(stateSeenAt: StateSeenAt, reachedAt: Authority, shared: Differences, repeated: readonly (keyof Cii)[]) {
    this.#stateSeenAt = stateSeenAt
    this.#reachedAt = reachedAt
    this.#shared = shared
    this.#repeated = repeated
  }

  /** The state as these clients see it. */
  position(snapshot: CiiSnapshot): CiiPosition {
    const { snapshot: before, atAddress } = this.#position ?? {}
    if (before === snapshot && this.#position !== undefined) return this.#position
    const same = before?.addressVersion === snapshot.addressVersion
    this.#position = {
      snapshot,
      atAddress: same && atAddress ? atAddress : fillIn(this.#stateSeenAt(this.#reachedAt), this.#reachedAt),
    }
    return this.#position
  }

  /** The message with the whole state, as UTF-8. */
  whole(position: CiiPosition): Uint8Array {
    if (this.#whole?.position !== position) {
      this.#whole = { position, message: Buffer.from(encodeCheckedCii(resolved(position))) }
    }
    return this.#whole.message
  }

  /**
   * The message with the whole state for a client that has another state. The client keeps what a message leaves out, so what is
   * gone meanwhile, and was never sent because the client was not reading, is null in the message.
   */
  wholeAfter(from: CiiPosition, to: CiiPosition): Uint8Array {
    const state = resolved(to)
    const gone = Object.entries(diffCii(resolved(from), state)).filter(([, value]) => value === null)
    if (gone.length === 0) return this.whole(to)
    return Buffer.from(encodeCheckedCii({ ...Object.fromEntries(gone), ...state }))
  }

  /** The message that leads from one state to the other, as UTF-8; undefined when they say the same. */
  difference(from: CiiPosition, to: CiiPosition): Uint8Array | undefined {
    if (from.atAddress === to.atAddress && !this.#repeated.some((name) => ADDRESS_PROPERTIES.includes(name))) {
      return this.#shared.find(from.snapshot, to.snapshot, () =>
        this.#encodeDifference(withoutAddress(from.snapshot.state), withoutAddress(to.snapshot.state)),
      )
    }
    return this.#own.find(from, to, () => this.#encodeDifference(resolved(from), resolved(to)))
  }

  #encodeDifference(from: Cii, to: Cii): Uint8Array | undefined {
    const change = diffCii(from, to)
    if (Object.keys(change).length === 0) return undefined
    const repeated = Object.fromEntries(this.#repeated.map((name) => [name, to[name]]))
    const all: Cii = { ...repeated, ...change }
    // A content id never travels without its status.
    if (all.contentId !== undefined) all.contentIdStatus ??= to.contentIdStatus ?? null
    return Buffer.from(encodeCheckedCii(all))
  }
}

/** The messages that lead from earlier states to the present one. */
class Differences {
  #to: object | undefined
  #byOrigin = new Map<object, Uint8Array | undefined>()

  find(from: object, to: object, encode: () => Uint8Array | undefined): Uint8Array | undefined {
    if (this.#to !== to) {
      this.#to = to
      this.#byOrigin = new Map()
    }
    let message = this.#byOrigin.get(from)
    if (message === undefined && !this.#byOrigin.has(from)) {
      message = encode()
      this.#byOrigin.set(from, message)
    }
    return message
  }
}

/** The messages for each address at which there are clients. */
export class CiiMessagesByAddress {
  readonly #stateSeenAt: StateSeenAt
  readonly #repeated: readonly (keyof Cii)[]
  readonly #shared = new Differences()
  readonly #byAddress = new Map<string, { messages: CiiMessages; clients: number }>()

  constructor(stateSeenAt: StateSeenAt, repeated: readonly (keyof Cii)[]) {
    this.#stateSeenAt = stateSeenAt
    this.#repeated = repeated
  }

  /** One more client has come to this address. */
  join(reachedAt: Authority): CiiMessages {
    const key = keyOf(reachedAt)
    let entry = this.#byAddress.get(key)
    if (entry === undefined) {
      entry = { messages: new CiiMessages(this.#stateSeenAt, reachedAt, this.#shared, this.#repeated), clients: 0 }
      this.#byAddress.set(key, entry)
    }
    entry.clients += 1
    return entry.messages
  }

  /** One client fewer is at this address: behind a proxy anybody can make addresses up, so none is kept without a client. */
  leave(reachedAt: Authority): void {
    const key = keyOf(reachedAt)
    const entry = this.#byAddress.get(key)
    if (entry === undefined) return
    entry.clients -= 1
    if (entry.clients === 0) this.#byAddress.delete(key)
  }
}

/** Whether two states are the same in all properties that an address decides. */
export function sameForAddresses(a: Cii, b: Cii): boolean {
  return ADDRESS_PROPERTIES.every((name) => equalJson(a[name], b[name]))
}

function withoutAddress(state: Cii): Cii {
  const rest: Cii = { ...state }
  for (const name of ADDRESS_PROPERTIES) delete rest[name]
  return rest
}

function resolved({ snapshot, atAddress }: CiiPosition): Cii {
  return { ...withoutAddress(snapshot.state), ...atAddress }
}

function keyOf(reachedAt: Authority): string {
  const { host, port, prefix, localAddress } = reachedAt
  return [schemeOf(reachedAt), host, port, prefix, localAddress].join(' ')
}

/** The properties that an address decides, as its clients see them. */
function fillIn(state: Cii, reachedAt: Authority): Cii {
  const atAddress: Cii = {}
  for (const name of URL_PROPERTIES) {
    const url = state[name]
    if (url === undefined) continue
    const filledIn = url === null ? null : fillInUrl(url, reachedAt)
    if (filledIn !== undefined) atAddress[name] = filledIn
  }
  if (state.private === null) atAddress.private = null
  if (Array.isArray(state.private)) {
    const entries = state.private.map((data) => fillInPrivate(data, reachedAt)).filter((data) => data !== undefined)
    if (entries.length > 0 || state.private.length === 0) atAddress.private = entries
  }
  return Object.freeze(atAddress)
}

/** Only the entry that the wall clock plugins advertise; what an app puts into private data is its own business. */
function fillInPrivate(data: PrivateData, reachedAt: Authority): PrivateData | undefined {
  if (data.type !== WALL_CLOCK_WEBSOCKET_TYPE || typeof data.wcUrl !== 'string') return data
  const wcUrl = fillInUrl(data.wcUrl, reachedAt)
  return wcUrl === undefined ? undefined : { ...data, wcUrl }
}

/** @returns undefined where the URL needs a host and there is none: no URL is better than one that leads nowhere. */
function fillInUrl(url: string, reachedAt: Authority): string | undefined {
  const { host } = reachedAt
  if (host === null && url.includes('{{host}}')) return undefined
  return url
    .replaceAll('{{scheme}}', schemeOf(reachedAt))
    .replaceAll('{{host}}', host ?? '')
    .replaceAll('{{port}}', String(reachedAt.port))
    .replaceAll('{{prefix}}', () => reachedAt.prefix ?? '')
}

function schemeOf({ secure }: Authority): string {
  return secure ? 'wss' : 'ws'
}
