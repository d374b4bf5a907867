import { LOCAL_ADDRESS_TYPE } from '../../udp/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'

/** Options of one request; the defaults are those of the client. */
export interface UdpRequestOptions {
  /**
   * Whether a datagram is the answer to a request that waits. Default: any datagram of the server answers the oldest one, which
   * is right for one request at a time.
   */
  isResponse?: (response: Uint8Array, request: Uint8Array) => boolean
  /** Seconds to wait for the answer to the first try, up to 86,400. Default 1. */
  timeoutSeconds?: number
  /** How often a request is sent before it fails, 1 to 100. Default 3. */
  maxTries?: number
  /** Each further try waits so many times longer, 1 or more. Default 2. */
  backoffFactor?: number
  /** The longest wait for one try, in seconds, up to 86,400. Default 10. */
  maxTimeoutSeconds?: number
  /** Ends the request: it is rejected with the signal's reason. */
  signal?: AbortSignal
}

/** Options of a {@link UdpRequestResponseClient}: its limits and local address, and the defaults for its requests. */
export interface UdpRequestResponseClientOptions extends Omit<UdpRequestOptions, 'signal'> {
  /** Longer datagrams are ignored. Default 65 535, all that UDP can carry. */
  maxMessageBytes?: number
  /** Requests that wait at a time, 1 to 10,000; another one is rejected with `DVBCSS_ERR_TOO_MANY_REQUESTS`. Default 64. */
  maxPending?: number
  /**
   * Whether answers may come from another address than the request was sent to, by the same port: a server with several networks
   * may do so. Default false.
   */
  acceptAnyAddress?: boolean
  /** Address of this machine to bind to, of the family of the server's. Default: the system picks one for each datagram. */
  localAddress?: string | undefined
  /** Port to bind to. Default 0: the system picks one. */
  localPort?: number
}

export type UdpRequestSettings = Readonly<Required<Omit<UdpRequestResponseClientOptions, 'localAddress'>>> & {
  readonly localAddress: string | undefined
}

/** A day: timers count milliseconds in 31 bits. */
const MAX_SECONDS = 86_400

const SECONDS_TYPE = option.seconds({ above: 0, max: MAX_SECONDS })

type RequestOptions = Omit<UdpRequestOptions, 'signal'>

const REQUEST_OPTIONS: OptionTable<RequestOptions, keyof RequestOptions> = {
  isResponse: option.withDefault(option.func<NonNullable<RequestOptions['isResponse']>>(), () => true),
  timeoutSeconds: option.withDefault(SECONDS_TYPE, 1),
  maxTries: option.withDefault(option.integer({ min: 1, max: 100 }), 3),
  backoffFactor: option.withDefault(option.number({ min: 1 }), 2),
  maxTimeoutSeconds: option.withDefault(SECONDS_TYPE, 10),
}
export const UDP_REQUEST_CLIENT_OPTIONS: OptionTable<
  UdpRequestResponseClientOptions,
  Exclude<keyof UdpRequestResponseClientOptions, 'localAddress'>
> = {
  ...REQUEST_OPTIONS,
  maxMessageBytes: option.withDefault(option.integer({ min: 1, max: 65_535 }), 65_535),
  maxPending: option.withDefault(option.integer({ min: 1, max: 10_000 }), 64),
  acceptAnyAddress: option.withDefault(option.boolean(), false),
  localAddress: LOCAL_ADDRESS_TYPE,
  localPort: option.withDefault(option.port(), 0),
}
const ONE_REQUEST_OPTIONS: OptionTable<UdpRequestOptions> = { ...REQUEST_OPTIONS, signal: option.abortSignal() }

/** @throws InvalidOptionError, UnknownOptionError */
export function checkClientOptions(options: UdpRequestResponseClientOptions): UdpRequestSettings {
  return { localAddress: undefined, ...checkOptions(UDP_REQUEST_CLIENT_OPTIONS, options) }
}

/** @returns the settings of the client with the options of one request. @throws InvalidOptionError, UnknownOptionError */
export function checkRequestOptions(settings: UdpRequestSettings, options: UdpRequestOptions): UdpRequestSettings {
  checkOptions(ONE_REQUEST_OPTIONS, options)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...settings, ...Object.fromEntries(given) }
}
