import { type Cii, diffCii, encodeCii, type PrivateData, WALL_CLOCK_WEBSOCKET_TYPE } from '../messages/index.js'
import type { Authority } from './connection.js'

const URL_PROPERTIES = ['mrsUrl', 'wcUrl', 'tsUrl', 'teUrl'] as const

/** The state that clients at an address are to have, with its placeholders: what is advertised may differ from address to address. */
export type StateSeenAt = (reachedAt: Authority) => Cii

/** The message for a client that is to hear something although nothing has changed. */
export const NOTHING_CHANGED: Uint8Array = Buffer.from('{}')

/**
 * The CII messages for the clients that have reached the server at one address, and so see the same URLs. Each message is made
 * once, however many clients it goes to. States are frozen, so their identity tells whether they are the same.
 */
export class CiiMessages {
  readonly #stateSeenAt: StateSeenAt
  readonly #reachedAt: Authority
  readonly #repeated: readonly (keyof Cii)[]
  #resolved: { state: Cii; as: Cii } | undefined
  #whole: { state: Cii; message: Uint8Array } | undefined
  /** Where clients are that have not yet been told of the last changes → the way from there. */
  #differences = new Map<Cii, Uint8Array | undefined>()
  #differencesTo: Cii | undefined

  /** @param repeated properties that a message of changes carries even when they have not changed. */
  constructor(stateSeenAt: StateSeenAt, reachedAt: Authority, repeated: readonly (keyof Cii)[]) {
    this.#stateSeenAt = stateSeenAt
    this.#reachedAt = reachedAt
    this.#repeated = repeated
  }

  /** The state as these clients see it. */
  resolve(state: Cii): Cii {
    if (this.#resolved?.state !== state) {
      this.#resolved = { state, as: fillIn(this.#stateSeenAt(this.#reachedAt), this.#reachedAt) }
    }
    return this.#resolved.as
  }

  /** The message that says everything, as UTF-8. */
  whole(state: Cii): Uint8Array {
    if (this.#whole?.state !== state) this.#whole = { state, message: Buffer.from(encodeCii(state)) }
    return this.#whole.message
  }

  /**
   * The message that says everything to a client that has another state. It keeps what a message leaves out, so what is gone
   * meanwhile, and was never told because the client was still being sent to, is said to be null.
   */
  wholeAfter(from: Cii, to: Cii): Uint8Array {
    const gone = Object.entries(diffCii(from, to)).filter(([, value]) => value === null)
    return gone.length === 0 ? this.whole(to) : Buffer.from(encodeCii({ ...Object.fromEntries(gone), ...to }))
  }

  /** The message that leads from one state to the other, as UTF-8; undefined when they say the same. */
  difference(from: Cii, to: Cii): Uint8Array | undefined {
    if (this.#differencesTo !== to) {
      this.#differences = new Map()
      this.#differencesTo = to
    }
    let message = this.#differences.get(from)
    if (message === undefined && !this.#differences.has(from)) {
      message = this.#encodeDifference(from, to)
      this.#differences.set(from, message)
    }
    return message
  }

  #encodeDifference(from: Cii, to: Cii): Uint8Array | undefined {
    const change = diffCii(from, to)
    if (Object.keys(change).length === 0) return undefined
    const repeated = Object.fromEntries(this.#repeated.map((name) => [name, to[name]]))
    const all: Cii = { ...repeated, ...change }
    // A content id never travels without its status.
    if (all.contentId !== undefined) all.contentIdStatus ??= to.contentIdStatus ?? null
    return Buffer.from(encodeCii(all))
  }
}

/** The messages for each address at which there are clients. */
export class CiiMessagesByAddress {
  readonly #stateSeenAt: StateSeenAt
  readonly #repeated: readonly (keyof Cii)[]
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
      entry = { messages: new CiiMessages(this.#stateSeenAt, reachedAt, this.#repeated), clients: 0 }
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

function keyOf(reachedAt: Authority): string {
  const { host, port, prefix, localAddress } = reachedAt
  return [schemeOf(reachedAt), host, port, prefix, localAddress].join(' ')
}

function fillIn(state: Cii, reachedAt: Authority): Cii {
  const resolved: Cii = { ...state }
  for (const name of URL_PROPERTIES) {
    const url = state[name]
    if (typeof url !== 'string') continue
    const filledIn = fillInUrl(url, reachedAt)
    if (filledIn === undefined) delete resolved[name]
    else resolved[name] = filledIn
  }
  if (Array.isArray(state.private)) {
    resolved.private = state.private.map((data) => fillInPrivate(data, reachedAt)).filter((data) => data !== undefined)
    if (resolved.private.length < state.private.length && resolved.private.length === 0) delete resolved.private
  }
  return Object.freeze(resolved)
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
