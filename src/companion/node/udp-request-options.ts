import { checkLocalAddress, checkLocalPort } from '../../udp/index.js'
import { checkBoolean, checkFunction, checkPositive, show } from '../../validation/index.js'

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

export interface UdpRequestResponseClientOptions extends Omit<UdpRequestOptions, 'signal'> {
  /** Longer datagrams are ignored. Default 65 535, all that UDP can carry. */
  maxMessageBytes?: number
  /** Requests that wait at a time, 1 to 10,000; another one is rejected with `EBUSY`. Default 64. */
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

/** @throws TypeError, RangeError that name the option. */
export function checkRequestOptions(options: UdpRequestResponseClientOptions): UdpRequestSettings {
  const { timeoutSeconds = 1, maxTimeoutSeconds = 10, backoffFactor = 2, isResponse = () => true } = options
  return {
    isResponse: checkFunction('isResponse', isResponse),
    timeoutSeconds: checkSeconds('timeoutSeconds', timeoutSeconds),
    maxTimeoutSeconds: checkSeconds('maxTimeoutSeconds', maxTimeoutSeconds),
    maxTries: checkCount('maxTries', options.maxTries ?? 3, 100),
    backoffFactor: checkFactor(backoffFactor),
    maxMessageBytes: checkCount('maxMessageBytes', options.maxMessageBytes ?? 65_535, 65_535),
    maxPending: checkCount('maxPending', options.maxPending ?? 64, 10_000),
    acceptAnyAddress: checkBoolean('acceptAnyAddress', options.acceptAnyAddress ?? false),
    localAddress: checkLocalAddress(options.localAddress),
    localPort: checkLocalPort(options.localPort),
  }
}

function checkSeconds(option: string, value: unknown): number {
  const takes = `seconds, above 0 and up to ${MAX_SECONDS}`
  const seconds = checkPositive(option, value, takes)
  if (seconds <= MAX_SECONDS) return seconds
  throw new RangeError(`${option}: expected ${takes}, got ${seconds}`)
}

function checkFactor(value: unknown): number {
  const factor = checkPositive('backoffFactor', value, 'a number from 1 upward')
  if (factor >= 1) return factor
  throw new RangeError(`backoffFactor: expected a number from 1 upward, got ${factor}`)
}

function checkCount(option: string, value: unknown, max: number): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number
  throw new RangeError(`${option}: expected an integer from 1 to ${max}, got ${show(value)}`)
}
