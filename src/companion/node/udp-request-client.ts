import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import {
  addressAsItIs,
  type HostAddress,
  HostAddresses,
  type LocalEndpoint,
  localEndpointOf,
  type RemoteEndpoint,
  UdpBindError,
} from '../../udp/index.js'
import { checkOption, checkUdpUrl, DvbcssError, type DvbcssErrorCode, option } from '../../validation/index.js'
import {
  checkClientOptions,
  checkRequestOptions,
  type UdpRequestOptions,
  type UdpRequestResponseClientOptions,
  type UdpRequestSettings,
} from './udp-request-options.js'

/** The answer to a request of a {@link UdpRequestResponseClient}. */
export interface UdpResponse {
  /** Payload of the datagram. */
  readonly message: Uint8Array
  /** Address and port that the answer came from. */
  readonly remote: RemoteEndpoint
  /** Number of times the request was sent before the answer arrived. */
  readonly tries: number
  /** Seconds since the request was first sent. */
  readonly waitedSeconds: number
}

/** Why a datagram was ignored. */
export const IGNORED_RESPONSES = [
  /** Not from the server's address and port. */
  'other-source',
  /** Longer than `maxMessageBytes`. */
  'too-large',
  /** `isResponse` returned false for every pending request. Includes late and duplicate answers. */
  'unmatched',
  /** `isResponse` threw. */
  'matching-failed',
] as const

/** Counters of a {@link UdpRequestResponseClient} since its construction. */
export interface UdpRequestResponseClientStatistics {
  /** Requests made. Repetitions are not counted. */
  readonly requests: number
  /** Datagrams passed to the operating system: requests and their repetitions. */
  readonly sent: number
  /** Datagrams that could not be sent, and socket errors. */
  readonly sendErrors: number
  /** Datagrams that answered a pending request. */
  readonly responses: number
  /** Requests that timed out after all tries. */
  readonly timeouts: number
  /** Ignored datagrams, by reason. */
  readonly ignored: Readonly<Record<(typeof IGNORED_RESPONSES)[number], number>>
}

const MESSAGE_TYPE = option.instance<Uint8Array>(Uint8Array, 'a Uint8Array')

interface PendingRequest {
  readonly message: Uint8Array
  readonly settings: UdpRequestSettings
  readonly signal: AbortSignal | undefined
  readonly resolve: (response: UdpResponse) => void
  readonly reject: (error: unknown) => void
  readonly onAbort: () => void
  tries: number
  firstSentAt: number
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * Sends UDP requests of any protocol, repeats them, and matches the answers: the counterpart of `UdpRequestServer`. The socket is
 * opened for the first request. A host name is looked up at that time, and again after a request timed out, when the next of its
 * addresses is used.
 *
 * ```js
 * const client = new UdpRequestResponseClient('udp://192.0.2.1:5678', {
 *   isResponse: (response, request) => response[0] === request[0], // a number that the server echoes
 * })
 * const { message } = await client.request(Uint8Array.of(1, 42))
 * await client.stop()
 * ```
 */
export class UdpRequestResponseClient {
  /** URL of the server, as given to the constructor: `udp://host:port`. */
  readonly url: string
  readonly #port: number
  readonly #addresses: HostAddresses
  readonly #settings: UdpRequestSettings
  readonly #pending = new Set<PendingRequest>()
  readonly #counters = { requests: 0, sent: 0, sendErrors: 0, responses: 0, timeouts: 0 }
  readonly #ignored = { 'other-source': 0, 'too-large': 0, unmatched: 0, 'matching-failed': 0 }
  #socket: Socket | undefined
  #opening: Promise<Socket> | undefined
  #address = ''
  #isSilent = false

  /**
   * @param url `udp://host:port`.
   * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError
   */
  constructor(url: string, options: UdpRequestResponseClientOptions = {}) {
    const { host, port } = checkUdpUrl('url', url)
    this.url = url
    this.#port = port
    this.#addresses = new HostAddresses(host)
    this.#settings = checkClientOptions(options)
  }

  /** The local address and port; null while the socket is not open. `0.0.0.0` and `::` mean that the system chooses the address. */
  get localEndpoint(): LocalEndpoint | null {
    return this.#socket === undefined ? null : localEndpointOf(this.#socket)
  }

  /** A snapshot of the counters. */
  get statistics(): UdpRequestResponseClientStatistics {
    return { ...this.#counters, ignored: { ...this.#ignored } }
  }

  /**
   * Sends a request, and repeats it if no answer arrives in time.
   *
   * @param message copied before it is sent.
   * @returns the first datagram from the server that `isResponse` accepts.
   * @throws as a rejection: InvalidOptionError, UnknownOptionError; DvbcssError with the code `DVBCSS_ERR_TIMEOUT` if no try was
   * answered, `DVBCSS_ERR_STOPPED` if the client was stopped, `DVBCSS_ERR_TOO_MANY_REQUESTS` if `maxPending` requests are pending,
   * `DVBCSS_ERR_LOOKUP` if the host name cannot be resolved, or `DVBCSS_ERR_BIND` if the socket cannot be bound; the reason of the
   * signal if that was aborted.
   */
  async request(message: Uint8Array, options: UdpRequestOptions = {}): Promise<UdpResponse> {
    checkOption('message', MESSAGE_TYPE, message)
    const settings = checkRequestOptions(this.#settings, options)
    const { signal } = options
    signal?.throwIfAborted()
    if (this.#pending.size >= this.#settings.maxPending) {
      throw failure('DVBCSS_ERR_TOO_MANY_REQUESTS', `${this.#pending.size} requests to ${this.url} are already pending`)
    }
    return new Promise((resolve, reject) => {
      const pending: PendingRequest = {
        message: Uint8Array.from(message),
        settings,
        signal,
        resolve,
        reject,
        onAbort: () => this.#fail(pending, signal?.reason),
        tries: 0,
        firstSentAt: performance.now(),
        timer: undefined,
      }
      this.#pending.add(pending)
      this.#counters.requests += 1
      signal?.addEventListener('abort', pending.onAbort, { once: true })
      void this.#try(pending)
    })
  }

  /** Closes the socket. Pending requests are rejected with `DVBCSS_ERR_STOPPED`. The next request reopens the socket. */
  async stop(): Promise<void> {
    for (const pending of [...this.#pending])
      this.#fail(pending, failure('DVBCSS_ERR_STOPPED', `the client of ${this.url} was stopped`))
    await this.#close()
  }

  async #try(pending: PendingRequest): Promise<void> {
    let socket: Socket
    try {
      socket = await this.#open()
    } catch (error) {
      this.#fail(pending, error)
      return
    }
    // The request was answered, aborted or stopped in the meantime.
    if (!this.#pending.has(pending)) return
    const { timeoutSeconds, backoffFactor, maxTimeoutSeconds } = pending.settings
    const waitSeconds = Math.min(timeoutSeconds * backoffFactor ** pending.tries, maxTimeoutSeconds)
    if (pending.tries === 0) pending.firstSentAt = performance.now()
    pending.tries += 1
    pending.timer = setTimeout(() => this.#unanswered(pending), waitSeconds * 1000)
    this.#counters.sent += 1
    try {
      socket.send(pending.message, this.#port, this.#address, (error) => {
        // Treated like a datagram lost by the network: the next try may succeed.
        if (error !== null) this.#counters.sendErrors += 1
      })
    } catch {
      // `send` throws if the socket was closed.
      this.#counters.sendErrors += 1
    }
  }

  #unanswered(pending: PendingRequest): void {
    if (pending.tries < pending.settings.maxTries) {
      void this.#try(pending)
      return
    }
    this.#counters.timeouts += 1
    this.#isSilent = true
    const waited = ((performance.now() - pending.firstSentAt) / 1000).toFixed(3)
    this.#fail(
      pending,
      failure('DVBCSS_ERR_TIMEOUT', `no answer from ${this.url} within ${waited} s (${pending.tries} tries)`),
    )
  }

  #settle(pending: PendingRequest): void {
    this.#pending.delete(pending)
    clearTimeout(pending.timer)
    pending.signal?.removeEventListener('abort', pending.onAbort)
  }

  #fail(pending: PendingRequest, error: unknown): void {
    this.#settle(pending)
    pending.reject(error)
  }

  #open(): Promise<Socket> {
    // The host may have another address now. Keep the socket while other requests are pending on it.
    const stale = this.#socket
    if (this.#isSilent && this.#pending.size === 1 && stale !== undefined) {
      this.#socket = undefined
      this.#opening = undefined
      stale.close()
    }
    this.#opening ??= this.#openSocket().catch((error) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #openSocket(): Promise<Socket> {
    const server = await this.#addresses.find(this.#address, this.#isSilent)
    this.#address = server.address
    this.#isSilent = false
    const socket = createSocket({
      type: server.family === 6 ? 'udp6' : 'udp4',
      lookup: addressAsItIs(server.family),
    })
    await this.#bind(socket, server)
    this.#socket = socket
    socket.on('message', (message, remote) => this.#received(message, remote))
    socket.on('error', () => {
      this.#counters.sendErrors += 1
    })
    socket.once('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#opening = undefined
    })
    return socket
  }

  #bind(socket: Socket, server: HostAddress): Promise<void> {
    const { localPort, localAddress = server.family === 6 ? '::' : '0.0.0.0' } = this.#settings
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => {
        socket.close()
        reject(new UdpBindError(localAddress, localPort, error))
      }
      socket.once('error', onError)
      socket.bind({ address: localAddress, port: localPort }, () => {
        socket.off('error', onError)
        resolve()
      })
    })
  }

  async #close(): Promise<void> {
    // Including a socket that is being opened.
    await this.#opening?.catch(() => {})
    const socket = this.#socket
    this.#socket = undefined
    this.#opening = undefined
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #received(message: Buffer, remote: RemoteInfo): void {
    const { acceptAnyAddress, maxMessageBytes } = this.#settings
    if (remote.port !== this.#port || !(acceptAnyAddress || remote.address === this.#address)) {
      this.#ignored['other-source'] += 1
      return
    }
    if (message.length > maxMessageBytes) {
      this.#ignored['too-large'] += 1
      return
    }
    const pending = this.#find(message)
    if (pending === undefined) return
    this.#counters.responses += 1
    this.#settle(pending)
    const { tries, firstSentAt } = pending
    pending.resolve({ message, remote, tries, waitedSeconds: (performance.now() - firstSentAt) / 1000 })
  }

  #find(message: Uint8Array): PendingRequest | undefined {
    try {
      for (const pending of this.#pending) {
        if (pending.tries > 0 && pending.settings.isResponse(message, pending.message)) return pending
      }
      this.#ignored.unmatched += 1
    } catch {
      // Anybody can send a datagram. One that makes the app's function throw must not terminate the process.
      this.#ignored['matching-failed'] += 1
    }
    return undefined
  }
}

function failure(code: DvbcssErrorCode, message: string): DvbcssError {
  return new DvbcssError(code, message)
}
