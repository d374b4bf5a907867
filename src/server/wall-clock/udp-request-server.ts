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
import { RequestCounters, type UdpRequestServerStatistics } from './request-counters.js'
import type { RequestHandler } from './request-handler.js'

export type { UdpRequestServerStatistics } from './request-counters.js'

/** Options of {@link UdpRequestServer}: where it listens, what it accepts, and where it logs. */
export interface UdpRequestServerOptions extends AddressFilterOptions {
  /**
   * Address or host name to bind. Default: every address of the machine, IPv4 and IPv6. `0.0.0.0` is every IPv4 address; `::` is
   * the default, except that it fails without IPv6; a name is all addresses of this machine that it has.
   */
  readonly host?: string | undefined
  /** Default 0: the system picks a free port, which `address` then tells. */
  readonly port?: number | undefined
  /** Longer requests are dropped before the handler sees them. Default: 65 535, all that UDP can carry. */
  readonly maxMessageBytes?: number | undefined
  /**
   * Requests a second of one source (IPv6: of a /64), and as many at once; the others get no answer. Default: no limit. For a server
   * that can be reached from where addresses can be forged: it bounds what can be sent to a forged one.
   */
  readonly maxRequestsPerSecond?: number | undefined
  /**
   * Requests a second of all sources together; the others get no answer. Half of it is reserved for sources that have been
   * here for a second. Default: no limit.
   */
  readonly maxRequestsPerSecondTotal?: number | undefined
  /** Hears of handlers that throw and of sends and sockets that fail, not of what senders do wrong. A pino or Fastify logger is one. */
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

export const UDP_REQUEST_SERVER_OPTIONS: OptionTable<
  UdpRequestServerOptions,
  'port' | 'maxMessageBytes' | 'maxRequestsPerSecond' | 'maxRequestsPerSecondTotal'
> = {
  host: option.custom<string>('an IP address or a host name', (value) => typeof value === 'string' && value !== ''),
  port: option.withDefault(option.port(), 0),
  maxMessageBytes: option.withDefault(option.integer({ min: 1, max: MAX_UDP_MESSAGE_BYTES }), MAX_UDP_MESSAGE_BYTES),
  maxRequestsPerSecond: option.withDefault(option.positiveCount(), DEFAULTS.maxRequestsPerSecond),
  maxRequestsPerSecondTotal: option.withDefault(option.positiveCount(), DEFAULTS.maxRequestsPerSecondTotal),
  ...ADDRESS_FILTER_OPTIONS,
  logger: ENDPOINT_OPTIONS.logger,
}

const HANDLER: OptionType<RequestHandler> = option.objectWith('handle')

/**
 * Answers UDP requests with what a {@link RequestHandler} makes of them. Nothing that arrives, and nothing that the
 * handler does, gets an exception out of here: what cannot be answered is dropped in silence and counted by its reason.
 *
 * It answers whoever a datagram says it is from, and that can be forged: a handler whose answers are longer than the
 * requests turns the server into an amplifier.
 */
export class UdpRequestServer {
  readonly #handler: RequestHandler
  readonly #host: string | undefined
  readonly #port: number
  readonly #maxMessageBytes: number
  readonly #rate: RateLimiter | undefined
  readonly #filter: AddressFilter | undefined
  readonly #counters: RequestCounters
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
  }

  /** Where the server listens; null while it does not. Where it listens on IPv4 and IPv6 by default, this is the IPv4 one. */
  get address(): UdpServerAddress | null {
    return this.#addresses[0] ?? null
  }

  /** Every address on which the server listens, all with the same port; empty while it does not listen. */
  get addresses(): readonly UdpServerAddress[] {
    return this.#addresses
  }

  /** A copy of the counters as they stand. */
  get statistics(): UdpRequestServerStatistics {
    return this.#counters.snapshot()
  }

  /**
   * Binds the socket; does nothing if it is bound. Calls of `start` and `stop` take effect in the order in which they are made.
   *
   * @throws Error with the system's `code` (`EADDRINUSE`, …), whose message names the host, the port and a way out.
   */
  start(): Promise<void> {
    return this.#order.add(() => this.#open())
  }

  /** Closes the socket and waits until it is closed; does nothing if it is not open. */
  stop(): Promise<void> {
    return this.#order.add(() => this.#close())
  }

  async #open(): Promise<void> {
    if (this.#sockets.length > 0) return
    const sockets = await bindSockets(this.#host, this.#port, (socket) => this.#answerOn(socket))
    this.#sockets = sockets
    for (const socket of sockets) {
      // Closed by another than this server, as cluster does when a worker is disconnected: then it can be started again.
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

  /** The reply path: between the arrival and the send it looks nothing up, and allocates nothing of its own. */
  #answerOn(socket: Socket): void {
    const handler = this.#handler
    const maxMessageBytes = this.#maxMessageBytes
    const counters = this.#counters
    const rate = this.#rate
    const filter = this.#filter
    // One of each for the life of the socket. Without a callback a failed send would go unnoticed.
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
