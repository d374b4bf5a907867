import {
  type Cii,
  diffCii,
  encodeCheckedCii,
  type PrivateData,
  WALL_CLOCK_WEBSOCKET_TYPE,
} from '../../messages/index.js'
import type { Authority } from '../endpoint/index.js'

const URL_PROPERTIES = ['mrsUrl', 'wcUrl', 'tsUrl', 'teUrl'] as const

/** The placeholders in URLs for the parts of the address at which a client reached the server. */
const PLACEHOLDERS = ['{{scheme}}', '{{host}}', '{{port}}', '{{prefix}}'] as const
type Placeholder = (typeof PLACEHOLDERS)[number]

/**
 * Delimiters of a placeholder in the JSON of a message, so that no other text in the state is mistaken for one. They are
 * noncharacters, which do not occur in text (Unicode, 23.7).
 */
const OPEN = '\ufdd0'
const CLOSE = '\ufdd1'
const MARKED = new RegExp(`${OPEN}(${PLACEHOLDERS.join('|')})${CLOSE}`)

/** The message for a client that must receive one although nothing has changed. */
export const NOTHING_CHANGED: Uint8Array = Buffer.from('{}')

/** Advertised values for clients at one address that differ from the defaults; null for a property that they do not receive. */
export type AdvertisedAt = (localAuthority: Authority) => Cii

/**
 * A state of the server as seen at one or more addresses, with its placeholders. States are compared by identity: addresses with the
 * same advertised values share theirs.
 */
export interface CiiPosition {
  readonly state: Cii
}

/** A message with placeholders for the address of its receiver: text and placeholders in turn. Without a placeholder it is shared. */
type Template = { readonly message: Uint8Array } | { readonly parts: readonly string[] }

/** The clients that reached the server at one address, and therefore see the same URLs. */
export class CiiAudience {
  readonly localAuthority: Authority
  /** Advertised values that differ from the defaults, and their JSON, by which audiences are compared. */
  differences: Cii = {}
  variant = ''
  clients = 0
  readonly #values: Record<Placeholder, string>

  constructor(localAuthority: Authority) {
    const { host, port, prefix } = localAuthority
    this.localAuthority = localAuthority
    this.#values = {
      '{{scheme}}': schemeOf(localAuthority),
      '{{host}}': jsonText(host ?? ''),
      '{{port}}': String(port),
      '{{prefix}}': jsonText(prefix ?? ''),
    }
  }

  /** Fills the parts of the address into a template. */
  fill(template: Template): Uint8Array {
    if ('message' in template) return template.message
    let text = ''
    for (const [index, part] of template.parts.entries()) {
      text += index % 2 === 0 ? part : this.#values[part as Placeholder]
    }
    return Buffer.from(text)
  }
}

/**
 * The CII messages of a server. Each is composed once for all its clients: for clients at different addresses as a template, into
 * which each address is filled.
 */
export class CiiMessages {
  readonly #repeated: readonly (keyof Cii)[]
  readonly #audiences = new Map<string, CiiAudience>()
  #advertisedAt: AdvertisedAt | undefined
  /** Creates the state from the values that are advertised at an address. */
  readonly #stateWith: (differences: Cii) => Cii
  #positions = new Map<string, CiiPosition>()
  #changes = new Map<CiiPosition, Map<CiiPosition, Template | undefined>>()
  #whole = new WeakMap<CiiPosition, Template>()

  /**
   * @param stateWith creates the current state from advertised values that differ from the defaults.
   * @param repeated properties that every message of changes contains, even if unchanged.
   */
  constructor(stateWith: (differences: Cii) => Cii, repeated: readonly (keyof Cii)[]) {
    this.#stateWith = stateWith
    this.#repeated = repeated
  }

  /** The state has changed. */
  stateChanged(): void {
    this.#positions = new Map()
    this.#changes = new Map()
  }

  /** The advertised values of single addresses have changed. */
  advertise(at: AdvertisedAt | undefined): void {
    this.#advertisedAt = at
    for (const audience of this.#audiences.values()) this.#findVariant(audience)
    this.stateChanged()
  }

  /** Adds a client at this address. */
  join(localAuthority: Authority): CiiAudience {
    const key = keyOf(localAuthority)
    let audience = this.#audiences.get(key)
    if (audience === undefined) {
      audience = new CiiAudience(localAuthority)
      this.#findVariant(audience)
      this.#audiences.set(key, audience)
    }
    audience.clients += 1
    return audience
  }

  /** Removes a client at this address. No address is kept without a client, because clients behind a proxy can invent addresses. */
  leave(audience: CiiAudience): void {
    audience.clients -= 1
    if (audience.clients === 0) this.#audiences.delete(keyOf(audience.localAuthority))
  }

  /** The state that these clients should have. */
  position(audience: CiiAudience): CiiPosition {
    let position = this.#positions.get(audience.variant)
    if (position === undefined) {
      position = { state: this.#stateWith(audience.differences) }
      this.#positions.set(audience.variant, position)
    }
    return position
  }

  /** The message with the whole state, as UTF-8. */
  whole(audience: CiiAudience, position: CiiPosition): Uint8Array {
    if (audience.localAuthority.host === null) return encode(resolved(audience, position))
    let template = this.#whole.get(position)
    if (template === undefined) {
      template = templateOf(position.state)
      this.#whole.set(position, template)
    }
    return audience.fill(template)
  }

  /**
   * The message with the whole state for a client that has another state. Clients keep properties that a message omits, so properties
   * that were removed while the client was not reading are null in the message.
   */
  wholeAfter(audience: CiiAudience, from: CiiPosition, to: CiiPosition): Uint8Array {
    const state = resolved(audience, to)
    const gone = Object.entries(diffCii(resolved(audience, from), state)).filter(([, value]) => value === null)
    return encode({ ...Object.fromEntries(gone), ...state })
  }

  /** The message of changes from one state to the other, as UTF-8; undefined if there are none. */
  change(audience: CiiAudience, from: CiiPosition, to: CiiPosition): Uint8Array | undefined {
    if (from === to) return undefined
    // Some URLs need no host.
    if (audience.localAuthority.host === null) {
      const change = this.#changeOf(resolved(audience, from), resolved(audience, to))
      return change && encode(change)
    }
    let byOrigin = this.#changes.get(to)
    if (byOrigin === undefined) {
      byOrigin = new Map()
      this.#changes.set(to, byOrigin)
    }
    let template = byOrigin.get(from)
    if (template === undefined && !byOrigin.has(from)) {
      const change = this.#changeOf(from.state, to.state)
      template = change && templateOf(change)
      byOrigin.set(from, template)
    }
    return template && audience.fill(template)
  }

  #changeOf(from: Cii, to: Cii): Cii | undefined {
    const change = diffCii(from, to)
    if (Object.keys(change).length === 0) return undefined
    const repeated = Object.fromEntries(this.#repeated.map((name) => [name, to[name]]))
    const all: Cii = { ...repeated, ...change }
    // A content id is never sent without its status.
    if (all.contentId !== undefined) all.contentIdStatus ??= to.contentIdStatus ?? null
    return all
  }

  #findVariant(audience: CiiAudience): void {
    audience.differences = this.#advertisedAt?.(audience.localAuthority) ?? {}
    audience.variant = JSON.stringify(audience.differences)
  }
}

function encode(cii: Cii): Uint8Array {
  return Buffer.from(encodeCheckedCii(cii))
}

function templateOf(cii: Cii): Template {
  const marked = mapUrls(cii, (url) => url.replaceAll(/\{\{(?:scheme|host|port|prefix)\}\}/g, `${OPEN}$&${CLOSE}`))
  const parts = encodeCheckedCii(marked).split(MARKED)
  return parts.length === 1 ? { message: encode(cii) } : { parts }
}

/** The state as seen by the clients at an address. */
export function resolved({ localAuthority }: CiiAudience, { state }: CiiPosition): Cii {
  return mapUrls(state, (url) => fillIn(url, localAuthority))
}

/** Applies a function to each URL that may have placeholders; the property is left out where it returns undefined. */
function mapUrls(cii: Cii, map: (url: string) => string | undefined): Cii {
  const mapped: Cii = { ...cii }
  for (const name of URL_PROPERTIES) {
    const url = cii[name]
    if (typeof url !== 'string') continue
    const filledIn = map(url)
    if (filledIn === undefined) delete mapped[name]
    else mapped[name] = filledIn
  }
  if (Array.isArray(cii.private)) {
    mapped.private = cii.private.map((data) => mapPrivate(data, map)).filter((data) => data !== undefined)
    if (mapped.private.length === 0 && cii.private.length > 0) delete mapped.private
  }
  return mapped
}

/** Only the entry that the wall clock plugins advertise. Private data of the app are not touched. */
function mapPrivate(data: PrivateData, map: (url: string) => string | undefined): PrivateData | undefined {
  if (data.type !== WALL_CLOCK_WEBSOCKET_TYPE || typeof data.wcUrl !== 'string') return data
  const wcUrl = map(data.wcUrl)
  return wcUrl === undefined ? undefined : { ...data, wcUrl }
}

/** @returns undefined if the URL needs a host and there is none: an omitted URL is better than an unusable one. */
function fillIn(url: string, localAuthority: Authority): string | undefined {
  const { host } = localAuthority
  if (host === null && url.includes('{{host}}')) return undefined
  return url
    .replaceAll('{{scheme}}', schemeOf(localAuthority))
    .replaceAll('{{host}}', host ?? '')
    .replaceAll('{{port}}', String(localAuthority.port))
    .replaceAll('{{prefix}}', () => localAuthority.prefix ?? '')
}

/** Text as it appears within a JSON string. */
function jsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function keyOf(localAuthority: Authority): string {
  const { host, port, prefix, localAddress } = localAuthority
  return [schemeOf(localAuthority), host, port, prefix, localAddress].join(' ')
}

function schemeOf({ secure }: Authority): string {
  return secure ? 'wss' : 'ws'
}
