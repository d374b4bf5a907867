import { LOCAL_ADDRESS_TYPE } from '../../udp/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'

/** Options of one request. They default to the options of the client. */
export interface UdpRequestOptions {
  /**
   * Whether a datagram is the answer to a pending request. Default: any datagram of the server answers the oldest one, which is
   * correct for one request at a time.
   */
  isResponse?: (response: Uint8Array, request: Uint8Array) => boolean
  /** Seconds to wait for the answer to the first try, up to 86,400. Default 1. */
  timeoutSeconds?: number
  /** Number of times a request is sent before it fails, 1 to 100. Default 3. */
  maxTries?: number
  /** Factor by which the timeout grows with each try, 1 or more. Default 2. */
  backoffFactor?: number
  /** Maximum timeout of one try, in seconds, up to 86,400. Default 10. */
  maxTimeoutSeconds?: number
  /** Aborts the request, which is then rejected with the signal's reason. */
  signal?: AbortSignal
}

/** Options of a {@link UdpRequestResponseClient}: its limits and local address, and the defaults for its requests. */
export interface UdpRequestResponseClientOptions extends Omit<UdpRequestOptions, 'signal'> {
  /** Longer datagrams are ignored. Default 65 535, the maximum of UDP. */
  maxMessageBytes?: number
  /** Maximum number of pending requests, 1 to 10,000. Further ones are rejected with `DVBCSS_ERR_TOO_MANY_REQUESTS`. Default 64. */
  maxPending?: number
  /**
   * Whether answers may come from another address than the request was sent to, as long as the port is the same. Servers with
   * several network interfaces may send such answers. Default false.
   */
  acceptAnyAddress?: boolean
  /** Local address to bind to, of the same family as the server's. Default: the system chooses one for each datagram. */
  localAddress?: string | undefined
  /** Local port to bind to. Default 0: the system chooses one. */
  localPort?: number
}

export type UdpRequestSettings = Readonly<Required<Omit<UdpRequestResponseClientOptions, 'localAddress'>>> & {
  readonly localAddress: string | undefined
}

/** One day, which is within the range of timers. */
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

/** @returns the settings of the client, overridden by the options of one request. @throws InvalidOptionError, UnknownOptionError */
export function checkRequestOptions(settings: UdpRequestSettings, options: UdpRequestOptions): UdpRequestSettings {
  checkOptions(ONE_REQUEST_OPTIONS, options)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...settings, ...Object.fromEntries(given) }
}
