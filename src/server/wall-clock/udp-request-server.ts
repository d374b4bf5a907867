import type { RemoteInfo, Socket } from 'node:dgram'
import { bindSockets, closeSockets, OperationOrder } from '../../udp/index.js'
import {
  checkOption,
  checkOptions,
  DvbcssError,
  type OptionTable,
  type OptionType,
  option,
} from '../../validation/index.js'
import {
  ADDRESS_FILTER_OPTIONS,
  AddressFilter,
  type AddressFilterOptions,
  DEFAULTS,
  ENDPOINT_OPTIONS,
  type Logger,
  othersOf,
  RateLimiter,
  sourceKey,
} from '../endpoint/index.js'
import { type RecentClient, RecentClients } from './recent-clients.js'
import { RequestCounters, type UdpRequestServerStatistics } from './request-counters.js'
import type { RequestHandler } from './request-handler.js'

export type { UdpRequestServerStatistics } from './request-counters.js'

/** Options of {@link UdpRequestServer}: where it listens, what it accepts, and where it logs. */
export interface UdpRequestServerOptions extends AddressFilterOptions {
  /**
   * Address or host name to bind. Default: every address of the machine, IPv4 and IPv6. `0.0.0.0`: every IPv4 address; `::`: like the
   * default, but fails without IPv6; a name: those of its addresses that belong to this machine.
   */
  readonly host?: string | undefined
  /** UDP port. Default 0: the system chooses a free port, which `address` then contains. */
  readonly port?: number | undefined
  /** Longer requests are dropped before they reach the handler. Default: 65 535, the maximum of UDP. */
  readonly maxMessageBytes?: number | undefined
  /**
   * Maximum requests per second and source (IPv6: per /64), also as a burst; others are not answered. Default: no limit. Set it on
   * servers that are reachable from networks where addresses can be spoofed: it limits the traffic to a spoofed address.
   */
  readonly maxRequestsPerSecond?: number | undefined
  /**
   * Maximum requests per second of all sources together; others are not answered. Half of it is reserved for sources that were first
   * seen more than a second ago. Default: no limit.
   */
  readonly maxRequestsPerSecondTotal?: number | undefined
  /** How many clients `recentClients()` lists at most. 0: none, which saves 0.4 µs for each request. Default 0. */
  readonly maxRecentClients?: number | undefined
  /** Receives errors of handlers, sends and sockets, but not faults of senders. For example a pino or Fastify logger. */
  readonly logger?: Logger | undefined
}

/** An address to which a UDP server is bound. */
export interface UdpServerAddress {
  /** The IP address of the socket; `0.0.0.0` or `::` if it is bound to every address of its family. */
  readonly address: string
  /** The UDP port; the one that the system picked if port 0 was requested. */
  readonly port: number
  /** The IP version of `address`. */
  readonly family: 'IPv4' | 'IPv6'
}

const MAX_UDP_MESSAGE_BYTES = 65_535
const MAX_RECENT_CLIENTS = 100_000

export const UDP_REQUEST_SERVER_OPTIONS: OptionTable<
  UdpRequestServerOptions,
  'port' | 'maxMessageBytes' | 'maxRequestsPerSecond' | 'maxRequestsPerSecondTotal' | 'maxRecentClients'
> = {
  host: option.custom<string>('an IP address or a host name', (value) => typeof value === 'string' && value !== ''),
  port: option.withDefault(option.port(), 0),
  maxMessageBytes: option.withDefault(option.integer({ min: 1, max: MAX_UDP_MESSAGE_BYTES }), MAX_UDP_MESSAGE_BYTES),
  maxRequestsPerSecond: option.withDefault(option.positiveCount(), DEFAULTS.maxRequestsPerSecond),
  maxRequestsPerSecondTotal: option.withDefault(option.positiveCount(), DEFAULTS.maxRequestsPerSecondTotal),
  maxRecentClients: option.withDefault(option.integer({ min: 0, max: MAX_RECENT_CLIENTS }), DEFAULTS.maxRecentClients),
  ...ADDRESS_FILTER_OPTIONS,
  logger: ENDPOINT_OPTIONS.logger,
}

const HANDLER: OptionType<RequestHandler> = option.objectWith('handle')

/**
 * Answers UDP requests by means of a {@link RequestHandler}. Neither datagrams nor the handler can cause an exception: requests that
 * cannot be answered are dropped and counted by reason.
 *
 * Responses are sent to the source address of the datagram, which can be spoofed: a handler whose responses are longer than the requests
 * turns the server into an amplifier.
 */
export class UdpRequestServer {
  readonly #handler: RequestHandler
  readonly #host: string | undefined
  readonly #port: number
  readonly #maxMessageBytes: number
  readonly #rate: RateLimiter | undefined
  readonly #filter: AddressFilter | undefined
  readonly #counters: RequestCounters
  #maxRecentClients = 0
  #recent: RecentClients | undefined
  #sockets: readonly Socket[] = []
  #addresses: readonly UdpServerAddress[] = []
  readonly #order = new OperationOrder()

  /** @throws InvalidOptionError, UnknownOptionError, ConflictingOptionError */
  constructor(handler: RequestHandler, options: UdpRequestServerOptions = {}) {
    const others = othersOf(new.target, UdpRequestServer)
    const { host, port, maxMessageBytes, logger, ...checked } = checkOptions(UDP_REQUEST_SERVER_OPTIONS, options, {
      others,
    })
    this.#handler = checkOption('handler', HANDLER, handler)
    this.#host = host
    this.#port = port
    this.#maxMessageBytes = maxMessageBytes
    this.#rate = RateLimiter.of(checked.maxRequestsPerSecond, checked.maxRequestsPerSecondTotal)
    this.#filter = AddressFilter.of(options)
    this.#counters = new RequestCounters(logger)
    this.maxRecentClients = checked.maxRecentClients
  }

  /** The address on which the server listens; null while it is stopped. If it listens on IPv4 and IPv6, this is the IPv4 address. */
  get address(): UdpServerAddress | null {
    return this.#addresses[0] ?? null
  }

  /** Every address on which the server listens, all with the same port; empty while it is stopped. */
  get addresses(): readonly UdpServerAddress[] {
    return this.#addresses
  }

  /** A snapshot of the counters. */
  get statistics(): UdpRequestServerStatistics {
    return this.#counters.snapshot()
  }

  /** How many clients {@link recentClients} lists at most; 0 while they are not recorded. */
  get maxRecentClients(): number {
    return this.#maxRecentClients
  }

  /**
   * Changes the maximum, for the requests from now on: the clients that were recorded before are forgotten.
   *
   * @throws InvalidOptionError
   */
  set maxRecentClients(value: number) {
    const max = checkOption('maxRecentClients', UDP_REQUEST_SERVER_OPTIONS.maxRecentClients, value)
    if (max === this.#maxRecentClients) return
    this.#maxRecentClients = max
    this.#recent = max === 0 ? undefined : new RecentClients(max)
  }

  /** A snapshot of the clients whose requests were answered most recently, by their sources; the latest first. */
  recentClients(): RecentClient[] {
    return this.#recent?.list() ?? []
  }

  /**
   * Binds the socket; has no effect if it is bound. Calls of `start` and `stop` take effect in order.
   *
   * @throws Error with the system's `code` (`EADDRINUSE`, …), whose message names the host, the port and a way out.
   */
  start(): Promise<void> {
    return this.#order.add(() => this.#open())
  }

  /** Closes the socket and waits until it is closed; has no effect if it is not open. */
  stop(): Promise<void> {
    return this.#order.add(() => this.#close())
  }

  async #open(): Promise<void> {
    if (this.#sockets.length > 0) return
    const sockets = await bindSockets(this.#host, this.#port, (socket) => this.#answerOn(socket))
    this.#sockets = sockets
    for (const socket of sockets) {
      // Closed from outside, for example by cluster when a worker is disconnected. The server can then be started again.
      socket.once('close', () => {
        if (this.#sockets === sockets) void this.#close()
      })
    }
    this.#addresses = sockets.map((socket) => {
      const { address, port, family } = socket.address()
      return { address, port, family: family === 'IPv6' ? 'IPv6' : 'IPv4' }
    })
  }

  async #close(): Promise<void> {
    const sockets = this.#sockets
    this.#sockets = []
    this.#addresses = []
    await closeSockets(sockets)
  }

  /** The reply path: it neither looks anything up nor allocates between receipt and send. What is recorded comes after it. */
  #answerOn(socket: Socket): void {
    const handler = this.#handler
    const maxMessageBytes = this.#maxMessageBytes
    const counters = this.#counters
    const rate = this.#rate
    const filter = this.#filter
    // Created once per socket. Without a callback, a failed send would go unnoticed.
    const onAnswerSent = (error: Error | null): void => {
      if (error === null) return
      counters.answers -= 1
      counters.drop('send-error')
      counters.sendError(error)
    }
    const onFollowUpSent = (error: Error | null): void => {
      if (error === null) return
      counters.followUps -= 1
      counters.sendError(error)
    }

    socket.on('error', (error) => counters.socketError(error))
    socket.on('message', (message: Buffer, remote: RemoteInfo) => {
      counters.requests += 1
      if (filter?.isServed(remote.address) === false) return counters.drop('denied')
      if (message.length > maxMessageBytes) return counters.drop('too-large')
      if (remote.port === 0) return counters.drop('source-port-zero')
      const refusal = rate?.take(sourceKey(remote.address), performance.now() / 1000)
      if (refusal !== undefined) return counters.drop(refusal)

      let answer: Uint8Array | string
      try {
        answer = handler.handle(message, remote)
        if (typeof answer === 'string') return counters.drop(answer)
        if (!(answer instanceof Uint8Array)) throw invalidAnswer()
      } catch (error) {
        counters.drop('handler-error')
        return counters.handlerError(error, 'UDP request handler failed')
      }

      try {
        socket.send(answer, remote.port, remote.address, onAnswerSent)
      } catch (error) {
        // A closed socket throws.
        counters.drop('send-error')
        return counters.sendError(error)
      }
      counters.answers += 1
      this.#recent?.record(remote.address, remote.port)

      if (handler.followUp === undefined) return
      let followUp: Uint8Array | undefined
      try {
        followUp = handler.followUp(answer, remote)
      } catch (error) {
        return counters.handlerError(error, 'UDP request handler failed to follow up')
      }
      if (followUp === undefined) return
      try {
        socket.send(followUp, remote.port, remote.address, onFollowUpSent)
        counters.followUps += 1
      } catch (error) {
        counters.sendError(error)
      }
    })
  }
}

function invalidAnswer(): DvbcssError {
  const message = 'the request handler returned neither bytes nor a reason for dropping the request'
  return new DvbcssError('DVBCSS_ERR_INVALID_ANSWER', message)
}
