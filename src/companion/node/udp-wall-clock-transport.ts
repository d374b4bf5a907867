import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import {
  addressAsItIs,
  type HostAddress,
  HostAddresses,
  LOCAL_ADDRESS_TYPE,
  type LocalEndpoint,
  localEndpointOf,
  UdpBindError,
} from '../../udp/index.js'
import {
  checkOption,
  checkOptions,
  checkUdpUrl,
  hostAndPort,
  type OptionTable,
  option,
} from '../../validation/index.js'
import {
  BACKOFF_OPTIONS,
  Backoff,
  type BackoffOptions,
  type WallClockTransport,
  type WallClockTransportHandlers,
} from '../connections/index.js'

/** Options of a {@link UdpWallClockTransport}: its local address and its back-off. */
export interface UdpWallClockTransportOptions {
  /** How the waits grow between tries to look the host up and to open a socket. */
  backoff?: BackoffOptions
  /** Address of this machine to bind to, of the family of the server's. Default: the system picks one for each datagram. */
  localAddress?: string
  /** Port to bind to. Default 0: the system picks one, which `localEndpoint` has. */
  localPort?: number
}

const UDP_TRANSPORT_OPTIONS: OptionTable<UdpWallClockTransportOptions, 'localPort'> = {
  backoff: option.object(BACKOFF_OPTIONS),
  localAddress: LOCAL_ADDRESS_TYPE,
  localPort: option.withDefault(option.port(), 0),
}
const HOST_TYPE = option.string({ nonEmpty: true })
const PORT_TYPE = option.integer({ min: 1, max: 65_535 })

/** Errors of a single datagram. The next may get through, so the socket stays. */
const PASSING_ERRORS: ReadonlySet<string> = new Set([
  'EAGAIN',
  'EWOULDBLOCK',
  'ENOBUFS',
  'ENOMEM',
  'ECONNREFUSED',
  'EINTR',
])

/**
 * After so many requests in a row without an answer the host may have moved, or may answer on another of its addresses:
 * 3 s at the start, and 15 s later.
 */
const UNANSWERED_UNTIL_LOOKUP = 5

/**
 * Wall clock messages in datagrams. The host is looked up once, and again after errors and long silence, when its next
 * address is tried.
 *
 * The socket is not connected, although that makes a send cheaper: it then costs what the server's costs, and the half
 * of the round trip that the clock is derived from is nearer to the truth. A television with two networks may answer
 * from its other address, so an answer is known by the port, and by the request that it repeats.
 */
export class UdpWallClockTransport implements WallClockTransport {
  readonly url: string
  readonly isJson = false
  readonly #port: number
  readonly #addresses: HostAddresses
  readonly #backoff: Backoff
  readonly #localAddress: string | undefined
  readonly #localPort: number
  readonly #onSent = (error: Error | null): void => {
    if (error !== null) this.#sendFailed(error)
  }
  #handlers: WallClockTransportHandlers | undefined
  #now: () => number = () => 0
  #socket: Socket | undefined
  #address = ''
  #openedAt: number | undefined
  #unanswered = 0
  /** Whether anything came from the present address, or from another one of the same server. */
  #hasAnswered = false
  #retry: ReturnType<typeof setTimeout> | undefined

  /**
   * @param target a URL `udp://host:port`, or the host.
   * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError
   */
  constructor(target: string, port?: number, options: UdpWallClockTransportOptions = {}) {
    const { backoff, localAddress, localPort } = checkOptions(UDP_TRANSPORT_OPTIONS, options)
    const server =
      port === undefined
        ? checkUdpUrl('target', target)
        : { host: checkOption('target', HOST_TYPE, target), port: checkOption('port', PORT_TYPE, port) }
    const { host } = server
    this.#port = server.port
    this.url = `udp://${hostAndPort(host, server.port)}`
    this.#addresses = new HostAddresses(host)
    this.#backoff = new Backoff(backoff)
    this.#localAddress = localAddress
    this.#localPort = localPort
  }

  /** The address and port that requests are sent from; null while the socket is not open. `0.0.0.0` and `::` are any address. */
  get localEndpoint(): LocalEndpoint | null {
    return this.#socket === undefined ? null : localEndpointOf(this.#socket)
  }

  start(handlers: WallClockTransportHandlers, now: () => number): void {
    this.stop()
    this.#handlers = handlers
    this.#now = now
    void this.#open(handlers)
  }

  send(message: Uint8Array | string): void {
    const socket = this.#socket
    if (socket === undefined) return
    // The system took none since the last one: this would only arrive late. It is lost, like one that the network drops.
    if (socket.getSendQueueCount() > 0) return
    try {
      socket.send(message, this.#port, this.#address, this.#onSent)
    } catch (error) {
      // A socket that somebody closed throws.
      this.#failed(error)
      return
    }
    this.#unanswered += 1
    if (this.#unanswered >= UNANSWERED_UNTIL_LOOKUP) this.#lookUpAgain()
  }

  stop(): void {
    this.#handlers = undefined
    clearTimeout(this.#retry)
    this.#close()
  }

  async #open(handlers: WallClockTransportHandlers): Promise<void> {
    let socket: Socket | undefined
    try {
      const { address, family } = await this.#addresses.find(this.#address, !this.#hasAnswered)
      // It may have been stopped meanwhile, or stopped and started.
      if (this.#handlers !== handlers) return
      // Also when it fails below, so that the next one is tried then.
      this.#address = address
      this.#hasAnswered = false
      socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup: addressAsItIs(family) })
      await this.#bind(socket, { address, family })
      if (this.#handlers !== handlers) {
        socket.close()
        return
      }
    } catch (error) {
      if (this.#handlers === handlers) this.#failed(error)
      return
    }
    this.#socket = socket
    this.#unanswered = 0
    this.#openedAt = performance.now()
    this.#listen(socket, handlers)
    handlers.opened()
  }

  #bind(socket: Socket, server: HostAddress): Promise<void> {
    const address = this.#localAddress ?? (server.family === 6 ? '::' : '0.0.0.0')
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => {
        socket.close()
        reject(new UdpBindError(address, this.#localPort, error))
      }
      socket.once('error', onError)
      socket.bind({ address, port: this.#localPort }, () => {
        socket.off('error', onError)
        resolve()
      })
    })
  }

  #listen(socket: Socket, handlers: WallClockTransportHandlers): void {
    const now = this.#now
    const port = this.#port
    socket.on('message', (message: Buffer, remote: RemoteInfo) => {
      const receivedTicks = now()
      if (this.#socket !== socket) return
      if (remote.port !== port) {
        handlers.ignored?.('other-port')
        return
      }
      this.#unanswered = 0
      this.#hasAnswered = true
      handlers.message(message, receivedTicks)
    })
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#sendFailed(error)
    })
    socket.once('close', () => {
      if (this.#socket === socket) this.#failed('the socket was closed')
    })
  }

  #sendFailed(error: Error): void {
    if ('code' in error && PASSING_ERRORS.has(String(error.code))) return
    this.#failed(error)
  }

  /** Closes the socket, and opens another when the back-off allows. */
  #failed(error: unknown): void {
    const handlers = this.#handlers
    if (handlers === undefined) return
    if (this.#openedAt !== undefined) this.#backoff.ended((performance.now() - this.#openedAt) / 1000)
    this.#close()
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#open(handlers), this.#backoff.next() * 1000)
    handlers.closed(`${this.url}: ${error instanceof Error ? error.message : String(error)}`)
  }

  #lookUpAgain(): void {
    this.#unanswered = 0
    this.#hasAnswered = false
    const socket = this.#socket
    this.#addresses.find(this.#address, true).then(
      ({ address, family }) => {
        if (this.#socket !== socket || socket === undefined || address === this.#address) return
        const isSameFamily = (socket.address().family === 'IPv6') === (family === 6)
        if (isSameFamily) this.#address = address
        else this.#failed(`no answer from ${this.#address}, trying ${address}`)
      },
      // What was known stays the best guess.
      () => {},
    )
  }

  #close(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#openedAt = undefined
    socket?.close()
  }
}
