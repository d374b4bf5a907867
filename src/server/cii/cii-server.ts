import { CII_PROPERTIES, type Cii, checkCii, parseJson } from '../../messages/index.js'
import {
  checkOptions,
  DvbcssError,
  InvalidOptionError,
  nearestName,
  type OptionTable,
  option,
  visible,
} from '../../validation/index.js'
import {
  type Authority,
  type Connection,
  type Dated,
  type DefaultedEndpointOptions,
  ENDPOINT_OPTIONS,
  type EndpointHooks,
  EndpointServer,
  type EndpointServerOptions,
  othersOf,
  PUBLIC_URL,
  parsePublicUrl,
  type StateComposer,
  StateSender,
  UpdateRounds,
  withHook,
} from '../endpoint/index.js'
import {
  type AdvertisedAt,
  type CiiAudience,
  CiiMessages,
  type CiiPosition,
  NOTHING_CHANGED,
  resolved,
} from './cii-messages.js'

/** The hooks of a {@link CiiServer}. CSS-CII has no messages from clients, so `onMessage` receives any JSON value that one sends. */
export type CiiHooks<ConnectionData = unknown> = EndpointHooks<ConnectionData, unknown>

/** Options of {@link CiiServer}. */
export interface CiiServerOptions extends EndpointServerOptions<CiiHooks> {
  /** The initial state. `protocolVersion` is `"1.1"` if omitted. */
  cii?: Cii
  /**
   * Properties that every message of changes contains, changed or not, for companions that treat an omitted property as removed, as
   * `dvbcss-protocols` does with `timelines`. Default: none.
   */
  repeatedProperties?: readonly (keyof Cii)[]
  /**
   * The URL at which clients reach this server through a proxy: `https://tv.example/css`. The placeholders in URLs are then filled in
   * from it, for all clients. Default: the address at which each client reached the server.
   */
  publicUrl?: string
}

export const CII_SERVER_OPTIONS: OptionTable<CiiServerOptions, DefaultedEndpointOptions> = {
  ...ENDPOINT_OPTIONS,
  cii: option.custom<Cii>('an object with the properties of CII', isPlainObject),
  repeatedProperties: option.custom<readonly (keyof Cii)[]>(
    'a list of names of CII properties',
    (value) => Array.isArray(value) && value.every((name) => CII_PROPERTIES.includes(name)),
  ),
  publicUrl: PUBLIC_URL,
}

/** What a {@link CiiServer} knows of one client. */
export interface CiiConnectionState {
  /**
   * The whole state that the client has after its last message, with the placeholders filled in, and when this message was sent.
   * Undefined before the first message.
   */
  readonly cii: Dated<Cii> | undefined
}

/** A client and the state that it has been sent. */
class Client extends StateSender {
  readonly audience: CiiAudience
  /** The state that this client has; undefined before the first message. */
  sent: CiiPosition | undefined
  /** Whether the next message must contain the whole state. */
  whole = true
  /** Whether the next message must be sent even if nothing has changed. */
  forced = false

  constructor(connection: Connection, composer: StateComposer<Client>, audience: CiiAudience) {
    super(connection, composer)
    this.audience = audience
  }
}

/** The CII version of TS 103 286-2. */
const PROTOCOL_VERSION = '1.1'
const EMPTY: Cii = Object.freeze({})

/**
 * The CSS-CII endpoint of a television (TS 103 286-2, clause 5.6): sends each client the whole state when it connects, and then
 * the changes.
 *
 * `{{host}}` and `{{port}}` in the URL properties become, for each client, the address at which it reached this server;
 * `{{scheme}}` becomes `ws`, or `wss` for a client that connected over TLS; and `{{prefix}}` the path that a proxy has stripped.
 */
export class CiiServer<ConnectionData = unknown> extends EndpointServer<ConnectionData> {
  override readonly connectionIdPrefix: string = 'cii'
  override readonly loggingName: string = 'cii-server'

  /** The properties that the app has set; null overrides an advertised value. */
  #own: Cii
  /** Advertised values for properties that the app has not set. */
  #advertised: Cii = EMPTY
  #state: Cii
  readonly #rounds: UpdateRounds
  readonly #messages: CiiMessages
  readonly #publicAddress: Authority | undefined
  readonly #clients = new Map<Connection, Client>()
  readonly #hooks: CiiHooks<ConnectionData>

  /** @throws InvalidOptionError, UnknownOptionError; MessageError that names the property if `options.cii` is invalid. */
  constructor(options: CiiServerOptions = {}) {
    super(options)
    this.#hooks = options.hooks ?? {}
    const checked = checkOptions(CII_SERVER_OPTIONS, options, { others: othersOf(new.target, CiiServer) })
    const { cii = EMPTY, repeatedProperties = [], publicUrl } = checked
    this.#messages = new CiiMessages((differences) => this.#stateWith(differences), repeatedProperties)
    this.#publicAddress = publicUrl === undefined ? undefined : parsePublicUrl(publicUrl)
    this.#own = overlay({ protocolVersion: PROTOCOL_VERSION }, cii)
    this.#state = stateOf(EMPTY, this.#own)
    this.#rounds = new UpdateRounds({
      coalesced: this.#composer.coalesced,
      failed: (error) => this.#sendingFailed(error),
    })
  }

  /**
   * The state, with its placeholders; frozen. Setting it replaces the state: properties that the new one omits are sent as null to
   * connected clients, and are absent from the first message to later ones.
   * @throws MessageError that names the property; the clients keep the last valid state.
   */
  get cii(): Cii {
    return this.#state
  }

  /**
   * Replaces the whole state and sends the changes to the clients.
   *
   * @throws MessageError that names the invalid property; the state does not change.
   */
  set cii(cii: Cii) {
    this.#replace(overlay({ protocolVersion: PROTOCOL_VERSION }, cii), this.#advertised)
  }

  /** What the server knows of a client; undefined for a connection that is not open or not this server's. */
  stateOf(connection: Connection): CiiConnectionState | undefined {
    const client = this.#clients.get(connection)
    if (client === undefined) return undefined
    const { audience, sent, sentAt } = client
    return { cii: sent === undefined ? undefined : { value: resolved(audience, sent), at: sentAt } }
  }

  /**
   * Changes the given properties and sends the changes to the clients. A property that is set to null is also null in the first message
   * to later clients, as HbbTV requires for `mrsUrl` and `teUrl` (clause 13.6.2); one that is absent or undefined is unchanged. A
   * `contentId` of null also removes its status.
   * @throws MessageError that names the property; the state is then unchanged.
   */
  update(change: Cii): void {
    const own = overlay(this.#own, change)
    if (own.contentId === null && (change.contentIdStatus ?? null) === null) own.contentIdStatus = null
    this.#replace(own, this.#advertised)
  }

  /**
   * Sets values for properties that the app has not set. Properties that the app has set to null stay null.
   * @param at returns the values that differ from the defaults for clients at an address; null for a property that they do not
   *     receive. Called now for each address with clients, and later for the first client at a new address.
   */
  advertise(defaults: Cii, at?: AdvertisedAt): void {
    this.#replace(this.#own, overlay(this.#advertised, defaults))
    if (at !== undefined) this.#messages.advertise(at)
  }

  /** @param differences advertised values that differ from the defaults. */
  #stateWith(differences: Cii): Cii {
    if (Object.keys(differences).length === 0) return this.#state
    return stateOf(overlay(this.#advertised, differences), this.#own)
  }

  #replace(own: Cii, advertised: Cii): void {
    // Throws before anything is changed.
    this.#state = stateOf(advertised, own)
    this.#own = own
    this.#advertised = advertised
    this.#messages.stateChanged()
    this.updateClients()
  }

  /**
   * Sends every client the changes since its last message, at the end of the current turn of the event loop: changes made in one turn
   * are sent as one message.
   * @param options.onlyDiff false to send the whole state. Default true.
   * @param options.evenIfEmpty true to send a message even to clients for which nothing has changed. Default false.
   */
  updateClients(options: { onlyDiff?: boolean; evenIfEmpty?: boolean } = {}): void {
    const { onlyDiff = true, evenIfEmpty = false } = options
    for (const client of this.#clients.values()) {
      client.whole ||= !onlyDiff
      client.forced ||= evenIfEmpty
      this.#rounds.add(client)
    }
  }

  /** Counts and logs an error in a hook or logger of the app while a message was sent. */
  #sendingFailed(error: unknown): void {
    this.statistics.hookErrors += 1
    try {
      this.logLimited(this.log, 'error', { err: error }, 'sending CII failed')
    } catch {
      // The logger failed as well. The error has been counted.
    }
  }

  protected override opened(connection: Connection): void {
    const audience = this.#messages.join(this.#publicAddress ?? connection.localAuthority)
    const client = new Client(connection, this.#composer, audience)
    this.#clients.set(connection, client)
    client.wake()
  }

  protected override closed(connection: Connection): void {
    const client = this.#clients.get(connection)
    if (client !== undefined) this.#messages.leave(client.audience)
    this.#clients.delete(connection)
  }

  protected override closing(connection: Connection): void {
    const client = this.#clients.get(connection)
    if (client !== undefined) this.#rounds.flush(client)
  }

  readonly #composer: StateComposer<Client> = {
    compose: (client) => this.#compose(client),
    coalesced: () => {
      this.statistics.coalesced += 1
    },
  }

  #compose(client: Client): Uint8Array | undefined {
    const { audience, sent, whole, forced } = client
    const position = this.#messages.position(audience)
    client.sent = position
    client.whole = false
    client.forced = false
    if (sent === undefined) return this.#messages.whole(audience, position)
    if (whole) return this.#messages.wholeAfter(audience, sent, position)
    return this.#messages.change(audience, sent, position) ?? (forced ? NOTHING_CHANGED : undefined)
  }

  /** CSS-CII is one-way. Messages from clients are counted, and a client that sends too many invalid ones is closed. */
  protected override message(
    connection: Connection,
    message: string | Uint8Array,
    data: ConnectionData,
  ): void | Promise<void> {
    if (typeof message !== 'string') {
      this.rejectMessage(connection, 'binary', `expected text, received a binary frame of length ${message.length}`)
      return
    }
    let value: unknown
    try {
      value = parseJson(message)
    } catch (error) {
      this.rejectMessage(connection, 'not-json', (error as Error).message)
      return
    }
    this.ignoreMessage(connection, message)
    return withHook(this.onMessage(connection, message, data), () => this.#hooks.onMessage?.(connection, value, data))
  }
}

function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** @throws DvbcssError for an unknown property: a misspelt one would otherwise be ignored silently. */
function overlay(base: Cii, change: Cii): Cii {
  if (!isPlainObject(change)) throw new InvalidOptionError('cii', CII_SERVER_OPTIONS.cii.expected, change)
  for (const name of Object.keys(change)) {
    if ((CII_PROPERTIES as readonly string[]).includes(name)) continue
    const nearest = nearestName(name, CII_PROPERTIES)
    const hint = nearest === undefined ? `expected one of ${CII_PROPERTIES.join(', ')}` : `did you mean "${nearest}"?`
    throw new DvbcssError('DVBCSS_ERR_UNKNOWN_CII_PROPERTY', `unknown CII property "${visible(name)}"; ${hint}`)
  }
  const defined = Object.entries(change).filter(([, value]) => value !== undefined)
  return { ...base, ...Object.fromEntries(defined) }
}

/**
 * The valid, frozen state. Values of the app take precedence over advertised ones, except that private data contain both. Null from
 * the app is a value; an advertised null means that there is no value.
 */
function stateOf(advertised: Cii, own: Cii): Cii {
  const offered = Object.fromEntries(Object.entries(advertised).filter(([, value]) => value !== null))
  const state: Cii = { ...offered, ...own }
  if (Array.isArray(own.private) && Array.isArray(advertised.private)) {
    state.private = [...own.private, ...advertised.private]
  }
  // A content id never travels without its status.
  if (state.contentId === null) state.contentIdStatus ??= null
  return checkCii(state)
}

// Assigning to the server would change nothing that a client receives.
for (const name of CII_PROPERTIES) {
  Object.defineProperty(CiiServer.prototype, name, {
    configurable: true,
    get(this: CiiServer) {
      return this.cii[name]
    },
    set() {
      throw new DvbcssError(
        'DVBCSS_ERR_READ_ONLY',
        `"${name}" of a CiiServer is read-only; call update({ ${name}: … })`,
      )
    },
  })
}
