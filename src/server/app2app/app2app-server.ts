import { checkOptions, type OptionTable, option, visible } from '../../validation/index.js'
import {
  ADDRESS_FILTER_OPTIONS,
  DEFAULTS,
  type DefaultedEndpointOptions,
  ENDPOINT_OPTIONS,
  type EndpointServerOptions,
  type Handshake,
} from '../endpoint/index.js'
import { App2AppClient, type App2AppSide } from './app2app-client.js'
import { App2AppEndpoint, type App2AppExchange, type App2AppHooks } from './app2app-endpoint.js'

/**
 * Options of {@link App2AppServer}. Those of every endpoint apply to each of its two sides on its own; `allow` and `deny` to the remote
 * one.
 */
export interface App2AppServerOptions extends EndpointServerOptions<App2AppHooks> {
  /**
   * Bytes that may be queued in the process for one client. Beyond that its peer is not read until the queue is empty; nothing is
   * dropped. Data that the process has already read from the peer is queued in addition: at most 64 KiB and one message. Default 65536.
   */
  maxBufferedBytes?: number
  /** Clients that may wait for a peer on one channel; further handshakes get 503. Default 16. */
  maxWaitingPerChannel?: number
  /**
   * Addresses and networks that may connect to the local side. Default: those of this machine, `127.0.0.0/8` and `::1`. For everyone:
   * `0.0.0.0/0` and `::/0`.
   */
  localAllow?: readonly string[]
}

const LOOPBACK = ['127.0.0.0/8', '::1']

export const APP2APP_SERVER_OPTIONS: OptionTable<
  App2AppServerOptions,
  DefaultedEndpointOptions | 'maxWaitingPerChannel' | 'localAllow'
> = {
  ...ENDPOINT_OPTIONS,
  maxBufferedBytes: option.withDefault(option.positiveCount(), DEFAULTS.maxBufferedRelayBytes),
  maxWaitingPerChannel: option.withDefault(option.positiveCount(), DEFAULTS.maxWaitingPerChannel),
  localAllow: option.withDefault<readonly string[]>(ADDRESS_FILTER_OPTIONS.allow, LOOPBACK),
}

/** What an {@link App2AppServer} has counted since it was made. The `statistics` of its sides count connections and messages. */
export interface App2AppStatistics {
  /** Pairs that are connected now. */
  pairs: number
  /** Pairs that were made. */
  paired: number
  /** Clients that wait for a peer now, by their side. */
  readonly waiting: Record<App2AppSide, number>
  /** How often reading from a client was paused, because its peer did not read. */
  pauses: number
}

/**
 * The App2App relay of HbbTV (ETSI TS 102 796, clause 14.5): joins applications of the television, which connect to the local side, with
 * those of companions, which connect to the remote side. The clients of a channel are paired one to one, in the order in which they come.
 */
export class App2AppServer {
  /** The side for the television's own applications. */
  readonly local: App2AppEndpoint
  /** The side for applications of companions. */
  readonly remote: App2AppEndpoint
  /** What was counted since this server was made. */
  readonly statistics: App2AppStatistics = { pairs: 0, paired: 0, waiting: { local: 0, remote: 0 }, pauses: 0 }
  /** Of each channel, the clients that wait: all on the same side, the first one for longest. */
  readonly #waiting = new Map<string, Set<App2AppClient>>()
  readonly #maxWaitingPerChannel: number

  /**
   * @param channelOf the channel that a request asks for. Default: the last segment of its path.
   * @throws InvalidOptionError, UnknownOptionError, ConflictingOptionError
   */
  constructor(
    options: App2AppServerOptions = {},
    channelOf: (handshake: Handshake) => string | undefined = lastSegment,
  ) {
    const checked = checkOptions(APP2APP_SERVER_OPTIONS, options)
    const { maxBufferedBytes, maxWaitingPerChannel, localAllow } = checked
    this.#maxWaitingPerChannel = maxWaitingPerChannel
    const exchange: App2AppExchange = {
      maxBufferedBytes,
      channelOf,
      hasRoom: (side, channel) => this.#hasRoom(side, channel),
      joined: (client) => this.#joined(client),
      left: (client, code, reason) => this.#left(client, code, reason),
      paused: () => {
        this.statistics.pauses += 1
      },
    }
    const { maxWaitingPerChannel: _, localAllow: __, ...common } = options
    const { allow: ___, deny: ____, ...local } = common
    this.local = new App2AppEndpoint('local', exchange, { ...local, allow: localAllow })
    this.remote = new App2AppEndpoint('remote', exchange, common)
  }

  /** Whether clients are let in. Switching off closes every connection with 1001 and refuses new ones with 403. */
  get enabled(): boolean {
    return this.local.enabled && this.remote.enabled
  }

  /**
   * Enables or disables both sides; takes effect at once.
   *
   * @throws InvalidOptionError if the value is not a boolean.
   */
  set enabled(value: boolean) {
    this.local.enabled = value
    this.remote.enabled = value
  }

  #hasRoom(side: App2AppSide, channel: string): boolean {
    const waiting = this.#waiting.get(channel)
    if (waiting === undefined || waiting.size < this.#maxWaitingPerChannel) return true
    return firstOf(waiting)?.side !== side
  }

  #joined(client: App2AppClient): void {
    const { side, channel } = client
    const waiting = this.#waiting.get(channel)
    const peer = waiting === undefined ? undefined : firstOf(waiting)
    if (peer === undefined || peer.side === side) {
      if (waiting === undefined) this.#waiting.set(channel, new Set([client]))
      else waiting.add(client)
      this.statistics.waiting[side] += 1
      return
    }
    this.#endWait(peer)
    this.statistics.paired += 1
    this.statistics.pairs += 1
    App2AppClient.pair(client, peer)
    const fields = () => ({ channel: visible(channel), [side]: peer.peer?.id, [peer.side]: client.peer?.id })
    this.local.logLimited(this.local.log, 'info', fields, 'paired')
  }

  #left(client: App2AppClient, code: number, reason: string): void {
    this.#endWait(client)
    if (client.leave(code, reason)) this.statistics.pairs -= 1
  }

  #endWait(client: App2AppClient): void {
    const waiting = this.#waiting.get(client.channel)
    if (!waiting?.delete(client)) return
    this.statistics.waiting[client.side] -= 1
    if (waiting.size === 0) this.#waiting.delete(client.channel)
  }
}

function firstOf(clients: Set<App2AppClient>): App2AppClient | undefined {
  return clients.values().next().value
}

function lastSegment({ url }: Handshake): string | undefined {
  return url.split('?', 1)[0]?.split('/').at(-1)
}
