import { Emitter, reportUncaught } from '../../events/index.js'
import { MessageError } from '../../messages/index.js'
import type { ConnectFailure, SocketEnd } from './platform.js'
import { type ConnectionEvents, ReconnectingSocket, type ReconnectingSocketOptions } from './reconnecting-socket.js'

/** An invalid message, or a limit that the server exceeded. */
export interface ProtocolErrorEvent {
  /** A MessageErrorKind, `binary`, or a ViolationReason after which the connection is closed. */
  readonly reason: string
  /** What was expected and what came, for people. */
  readonly detail: string
}

export interface ReconnectingClientEvents extends ConnectionEvents {
  protocolError: ProtocolErrorEvent
}

/** What the clients of the JSON protocols have in common: a connection that is reopened, and text that is decoded or reported. */
export abstract class ReconnectingClient<Events extends ReconnectingClientEvents> extends Emitter<Events> {
  readonly url: string
  readonly #socket: ReconnectingSocket

  /** @param url `ws://…` or `wss://…` */
  constructor(url: string, options: ReconnectingSocketOptions) {
    super()
    this.url = url
    this.#socket = new ReconnectingSocket(
      url,
      {
        opened: () => {
          this.#tell('connected', { url })
          this.opened()
        },
        message: (data) => this.#message(data),
        violated: (violation) => this.#tell('protocolError', violation),
        closed: ({ code, reason }, retryInSeconds) => {
          this.closed(retryInSeconds !== undefined)
          this.#tell('disconnected', { code, reason, retryInSeconds })
        },
        failed: (failure, retryInSeconds) => {
          this.failed(failure)
          this.#tell('connectFailed', { failure, retryInSeconds })
        },
      },
      options,
    )
  }

  get connected(): boolean {
    return this.#socket.connected
  }

  /** The address that the server has, where it is known: in Node, while there is a connection. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  /** Connects, and connects again whenever the connection ends. */
  start(): void {
    this.#socket.start()
  }

  /** Closes the connection, and opens no other until it is started again. */
  stop(): void {
    this.#socket.stop()
  }

  /** The connection is open. */
  protected abstract opened(): void

  /** A text frame came. @throws MessageError for what makes no sense, before anything has changed. */
  protected abstract received(text: string): void

  /** The connection has ended. @param isRetried false when the client was stopped. */
  protected closed(_isRetried: boolean): void {}

  /** An attempt to connect has failed. */
  protected failed(_failure: ConnectFailure): void {}

  /** Replaces an open connection by a new one, at once; does nothing while there is none. */
  protected replaceConnection(): void {
    this.#socket.renew()
  }

  /** Closes an open connection, and opens another one when the back-off allows. */
  protected leave(end: SocketEnd): void {
    this.#socket.leave(end)
  }

  /** @returns whether it was sent: not while there is no connection, and not while the server does not read. */
  protected send(text: string): boolean {
    return this.#socket.send(text)
  }

  /** The events that every client has are among the events of each, which the compiler cannot see for itself. */
  #tell<Name extends keyof ReconnectingClientEvents>(name: Name, event: ReconnectingClientEvents[Name]): void {
    this.emit(name, event as Events[Name])
  }

  #message(data: string | Uint8Array): void {
    if (typeof data !== 'string') {
      const detail = `expected text, got a binary frame of length ${data.length}`
      this.#tell('protocolError', { reason: 'binary', detail })
      return
    }
    try {
      this.received(data)
    } catch (error) {
      if (!(error instanceof MessageError)) {
        // Not into the socket, which would be left in the middle of a frame.
        reportUncaught(error)
        return
      }
      this.#tell('protocolError', { reason: error.kind, detail: error.message })
    }
  }
}
