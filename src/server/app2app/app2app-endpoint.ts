import {
  type Connection,
  type EndpointHooks,
  EndpointServer,
  type EndpointServerOptions,
  type Handshake,
  type RefusalReason,
} from '../endpoint/index.js'
import { App2AppClient, type App2AppSide } from './app2app-client.js'

/** The hooks of an {@link App2AppServer}, called for the clients of both sides. Messages are relayed without any. */
export type App2AppHooks = Pick<EndpointHooks<App2AppClient>, 'onConnect' | 'onDisconnect'>

/** Characters of a channel's name that every television has to support (ETSI TS 102 796, clause 14.5). */
const MAX_CHANNEL_CHARACTERS = 1000

/** What the two sides of a relay have in common. */
export interface App2AppExchange {
  /** Bytes that may wait for a client before its peer is not read any more. */
  readonly maxBufferedBytes: number
  /** The channel that a request asks for, as far as it names one. */
  channelOf(handshake: Handshake): string | undefined
  /** Whether one more client can wait on this side of a channel, or need not. */
  hasRoom(side: App2AppSide, channel: string): boolean
  /** Pairs a new client with the one that has waited longest on the other side of its channel, or lets it wait. */
  joined(client: App2AppClient): void
  /** A client has left: ends its pair, or its wait. */
  left(client: App2AppClient, code: number, reason: string): void
  /** Reading from a client was paused, because its peer does not read. */
  paused(): void
}

/**
 * One side of the App2App relay: the base URL for the television's own applications, or the one for those of companions. Made by an
 * {@link App2AppServer}, which joins the two.
 */
export class App2AppEndpoint extends EndpointServer<App2AppClient> {
  override readonly connectionIdPrefix: string
  override readonly loggingName: string
  /** Which side this is. */
  readonly side: App2AppSide
  readonly #exchange: App2AppExchange
  readonly #clients = new Map<Connection, App2AppClient>()

  constructor(side: App2AppSide, exchange: App2AppExchange, options: EndpointServerOptions<App2AppHooks>) {
    // No message is dropped and no client is closed because of its queue: its peer is paused long before.
    super({ ...options, maxBufferedBytes: Number.POSITIVE_INFINITY })
    this.side = side
    this.connectionIdPrefix = `app2app-${side}`
    this.loggingName = `app2app-${side}`
    this.#exchange = exchange
  }

  protected override get hookNames(): readonly string[] {
    return ['onConnect', 'onDisconnect']
  }

  protected override refusalOf(handshake: Handshake): RefusalReason | undefined {
    const channel = this.#channelOf(handshake)
    if (channel === undefined) return 'no-channel'
    return this.#exchange.hasRoom(this.side, channel) ? undefined : 'channel-full'
  }

  override createConnectionData(connection: Connection): App2AppClient {
    return new App2AppClient(this.side, this.#channelOf(connection.handshake) ?? '', connection)
  }

  #channelOf(handshake: Handshake): string | undefined {
    const channel = this.#exchange.channelOf(handshake)
    const isName = channel !== undefined && channel !== '' && channel.length <= MAX_CHANNEL_CHARACTERS
    return isName ? channel : undefined
  }

  protected override opened(connection: Connection, client: App2AppClient): void {
    this.#clients.set(connection, client)
    // Others may have come while this handshake was under way; over a message port there is none.
    if (client.channel === '') connection.close(1008, 'no channel')
    else if (!this.#exchange.hasRoom(this.side, client.channel)) connection.close(1013, 'channel full')
    else this.#exchange.joined(client)
  }

  protected override message(connection: Connection, message: string | Uint8Array, client: App2AppClient): void {
    const result = client.relay(message, this.#exchange.maxBufferedBytes)
    if (result === 'full') {
      this.#exchange.paused()
      this.logOf(connection, 'debug', 'paused: the other client does not read', () => ({}))
    } else if (result === 'unpaired') {
      this.dropMessage(connection, 'unpaired', 'no other client has connected yet')
      this.logOf(connection, 'debug', 'message dropped: not paired', () => ({ reason: 'unpaired' }))
    }
  }

  /** The server closes this client, for a reason that does not concern its peer. */
  protected override closing(connection: Connection): void {
    this.#left(connection, 1001, 'the other client has disconnected')
  }

  protected override closed(connection: Connection, code: number, reason: string): void {
    this.#left(connection, code, reason)
  }

  #left(connection: Connection, code: number, reason: string): void {
    const client = this.#clients.get(connection)
    if (client === undefined) return
    this.#clients.delete(connection)
    this.#exchange.left(client, code, reason)
  }
}
