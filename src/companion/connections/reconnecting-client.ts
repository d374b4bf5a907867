import { Emitter, reportUncaught } from '../../events/index.js'
import { MessageError } from '../../messages/index.js'
import type { ConnectFailure, SocketEnd } from './platform.js'
import { type ConnectionEvents, ReconnectingSocket, type ReconnectingSocketOptions } from './reconnecting-socket.js'

/** An invalid message, or a limit that the server exceeded. */
export interface ProtocolErrorEvent {
  /** A MessageErrorKind, `binary`, or a ViolationReason after which the connection is closed. */
  readonly reason: string
  /** Human-readable: what was expected and what was received. */
  readonly detail: string
}

/** Events that all WebSocket clients share. */
export interface ReconnectingClientEvents extends ConnectionEvents {
  /** The server sent an invalid message, which was ignored, or exceeded a limit, which closes the connection. */
  protocolError: ProtocolErrorEvent
}

/** Base class of the clients of the JSON protocols: reconnects, decodes text messages and reports invalid ones. */
export abstract class ReconnectingClient<Events extends ReconnectingClientEvents> extends Emitter<Events> {
  /** URL of the server, as given to the constructor. */
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
          this.#emitShared('connected', { url })
          this.opened()
        },
        message: (data) => this.#message(data),
        violated: (violation) => this.#emitShared('protocolError', violation),
        closed: ({ code, reason }, retryInSeconds) => {
          this.closed(retryInSeconds !== undefined)
          this.#emitShared('disconnected', { code, reason, retryInSeconds })
        },
        failed: (failure, retryInSeconds) => {
          this.failed(failure)
          this.#emitShared('connectFailed', { failure, retryInSeconds })
        },
      },
      options,
    )
  }

  /** Whether the connection is open. */
  get connected(): boolean {
    return this.#socket.connected
  }

  /** IP address of the server, if known: in Node, while connected. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  /** Connects, and reconnects whenever the connection ends. Has no effect if already started. */
  start(): void {
    this.#socket.start()
  }

  /** Closes the connection and stops reconnecting. The client can be started again. */
  stop(): void {
    this.#socket.stop()
  }

  /** The connection is open. */
  protected abstract opened(): void

  /** A text frame was received. @throws MessageError if it is invalid; the state is then unchanged. */
  protected abstract received(text: string): void

  /** The connection has ended. The argument is false when the client was stopped. */
  protected closed(_isRetried: boolean): void {}

  /** An attempt to connect has failed. */
  protected failed(_failure: ConnectFailure): void {}

  /** Replaces an open connection immediately. Has no effect while disconnected. */
  protected replaceConnection(): void {
    this.#socket.renew()
  }

  /** Closes an open connection and reconnects after the back-off. */
  protected leave(end: SocketEnd): void {
    this.#socket.leave(end)
  }

  /** @returns whether the message was sent: false while disconnected or while the server is not reading. */
  protected send(text: string): boolean {
    return this.#socket.send(text)
  }

  /** Emits an event that all clients share. The compiler cannot infer that every subclass has it. */
  #emitShared<Name extends keyof ReconnectingClientEvents>(name: Name, event: ReconnectingClientEvents[Name]): void {
    this.emit(name, event as Events[Name])
  }

  #message(data: string | Uint8Array): void {
    if (typeof data !== 'string') {
      const detail = `expected text, got a binary frame of length ${data.length}`
      this.#emitShared('protocolError', { reason: 'binary', detail })
      return
    }
    try {
      this.received(data)
    } catch (error) {
      if (!(error instanceof MessageError)) {
        // The error must not propagate into the socket, which would be left in the middle of a frame.
        reportUncaught(error)
        return
      }
      this.#emitShared('protocolError', { reason: error.kind, detail: error.message })
    }
  }
}
