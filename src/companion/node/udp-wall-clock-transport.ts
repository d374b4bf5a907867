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
  /** Waits between attempts to look up the host and to open a socket. */
  backoff?: BackoffOptions
  /** Local address to bind to, of the same family as the server's. Default: the system chooses one for each datagram. */
  localAddress?: string
  /** Local port to bind to. Default 0: the system chooses one; see `localEndpoint`. */
  localPort?: number
}

const UDP_TRANSPORT_OPTIONS: OptionTable<UdpWallClockTransportOptions, 'localPort'> = {
  backoff: option.object(BACKOFF_OPTIONS),
  localAddress: LOCAL_ADDRESS_TYPE,
  localPort: option.withDefault(option.port(), 0),
}
const HOST_TYPE = option.string({ nonEmpty: true })
const PORT_TYPE = option.integer({ min: 1, max: 65_535 })

/** Errors that affect a single datagram. The next may succeed, so the socket is kept. */
const PASSING_ERRORS: ReadonlySet<string> = new Set([
  'EAGAIN',
  'EWOULDBLOCK',
  'ENOBUFS',
  'ENOMEM',
  'ECONNREFUSED',
  'EINTR',
])

/**
 * After this many consecutive unanswered requests the host may have another address: 3 s at the start, 15 s later.
 */
const UNANSWERED_UNTIL_LOOKUP = 5

/**
 * A transport for wall clock messages over UDP. The host is looked up once, and again after errors or several unanswered requests,
 * when the next of its addresses is tried.
 *
 * The socket is not connected, although sending would be cheaper. Sending then costs as much as it costs the server, so the two
 * directions take more equal times, which the clock relies on. A television with two network interfaces may answer from its other
 * address, so answers are identified by their port and by the request that they echo.
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
  /** Whether an answer has arrived since the current address is in use. */
  #hasAnswered = false
  #retry: ReturnType<typeof setTimeout> | undefined

  /**
   * @param target a URL `udp://host:port`, or a host.
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

  /** The local address and port; null while the socket is not open. `0.0.0.0` and `::` mean that the system chooses the address. */
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
    // The system has not sent the previous datagram yet, so this one would be late. Drop it, as the network might.
    if (socket.getSendQueueCount() > 0) return
    try {
      socket.send(message, this.#port, this.#address, this.#onSent)
    } catch (error) {
      // `send` throws if the socket was closed.
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
      // The transport may have been stopped, or restarted, in the meantime.
      if (this.#handlers !== handlers) return
      // Set before the steps that may fail, so that the next attempt uses the next address.
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

  /** Closes the socket, and opens another one after the back-off. */
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
      // Keep the known address.
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
