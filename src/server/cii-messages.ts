import { type Cii, diffCii, encodeCii, type PrivateData, WALL_CLOCK_WEBSOCKET_TYPE } from '../messages/index.js'
import type { Authority } from './connection.js'

const URL_PROPERTIES = ['mrsUrl', 'wcUrl', 'tsUrl', 'teUrl'] as const
const encoder = new TextEncoder()

/** The message for a client that is to hear something although nothing has changed. */
export const NOTHING_CHANGED: Uint8Array = encoder.encode('{}')

/**
 * Makes each CII message once, however many clients it goes to. States are frozen, so their identity serves as the key; what is
 * kept goes with the states themselves.
 */
export class CiiMessages {
  readonly #repeated: readonly (keyof Cii)[]
  readonly #resolved = new WeakMap<Cii, Map<string, Cii>>()
  readonly #whole = new WeakMap<Cii, Uint8Array>()
  readonly #differences = new WeakMap<Cii, { to: Cii; message: Uint8Array | undefined }>()

  /** @param repeated properties that a message of changes carries even when they have not changed. */
  constructor(repeated: readonly (keyof Cii)[]) {
    this.#repeated = repeated
  }

  /** The state as a client sees it that reached us there: the same object for all clients of an address. */
  resolve(state: Cii, reachedAt: Authority): Cii {
    if (!hasPlaceholder(state)) return state
    let byAddress = this.#resolved.get(state)
    if (byAddress === undefined) {
      byAddress = new Map()
      this.#resolved.set(state, byAddress)
    }
    const address = `${schemeOf(reachedAt)} ${reachedAt.host} ${reachedAt.port}`
    let resolved = byAddress.get(address)
    if (resolved === undefined) {
      resolved = fillIn(state, reachedAt)
      byAddress.set(address, resolved)
    }
    return resolved
  }

  /** The message that says everything. */
  whole(state: Cii): Uint8Array {
    let message = this.#whole.get(state)
    if (message === undefined) {
      message = encoder.encode(encodeCii(state))
      this.#whole.set(state, message)
    }
    return message
  }

  /** The message that leads from one state to the other; undefined when they say the same. */
  difference(from: Cii, to: Cii): Uint8Array | undefined {
    const known = this.#differences.get(from)
    if (known !== undefined && known.to === to) return known.message
    const change = diffCii(from, to)
    const repeated = Object.fromEntries(this.#repeated.map((name) => [name, to[name]]))
    const message = Object.keys(change).length === 0 ? undefined : encoder.encode(encodeCii({ ...repeated, ...change }))
    this.#differences.set(from, { to, message })
    return message
  }
}

function hasPlaceholder(state: Cii): boolean {
  return URL_PROPERTIES.some((name) => state[name]?.includes('{{')) || (state.private ?? []).some(isLocation)
}

/** The entry that the wall clock plugins advertise; what an app puts into private data is its own business. */
function isLocation({ type }: PrivateData): boolean {
  return type === WALL_CLOCK_WEBSOCKET_TYPE
}

function fillIn(state: Cii, reachedAt: Authority): Cii {
  const resolved: Cii = { ...state }
  for (const name of URL_PROPERTIES) {
    const url = state[name]
    if (typeof url === 'string') resolved[name] = fillInUrl(url, reachedAt)
  }
  if (Array.isArray(state.private)) {
    resolved.private = state.private.map((data) =>
      isLocation(data) && typeof data.wcUrl === 'string' ? { ...data, wcUrl: fillInUrl(data.wcUrl, reachedAt) } : data,
    )
  }
  return resolved
}

function fillInUrl(url: string, reachedAt: Authority): string {
  return url
    .replaceAll('{{scheme}}', schemeOf(reachedAt))
    .replaceAll('{{host}}', reachedAt.host)
    .replaceAll('{{port}}', String(reachedAt.port))
}

function schemeOf({ secure }: Authority): string {
  return secure ? 'wss' : 'ws'
}
