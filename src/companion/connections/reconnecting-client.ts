import { Emitter, reportUncaught } from '../../events/index.js'
import { MessageError } from '../../messages/index.js'
import { ForgivenCounter, type ForgivenCounts, Forgiveness, textOfBinaryFrame } from '../../messages/lenient/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'
import { PAIRING_COMPLETED } from './paired-socket.js'
import type { ConnectFailure, SocketEnd } from './platform.js'
import {
  type ConnectionEvents,
  ReconnectingSocket,
  type ReconnectingSocketOptions,
  SOCKET_OPTIONS,
} from './reconnecting-socket.js'

/** An invalid message, a limit that the server exceeded, or a deviation from the specification that was accepted. */
export interface ProtocolErrorEvent {
  /** A MessageErrorKind, `binary`, a ViolationReason after which the connection is closed, or a {@link ForgivenKind}. */
  readonly reason: string
  /** Human-readable: what was expected and what was received. */
  readonly detail: string
  /** True: the message was used. Absent: it was ignored. */
  readonly forgiven?: true
}

/** Options of the clients of the JSON protocols. */
export interface ReconnectingClientOptions extends ReconnectingSocketOptions {
  /**
   * Whether to ignore every message that deviates from the specification. Default false: the client uses what it understands and
   * reports each deviation as a `protocolError` with `forgiven: true`.
   */
  strict?: boolean
}

type Defaulted = Exclude<keyof ReconnectingSocketOptions, 'backoff' | 'headers'> | 'strict'
/** Options that the clients of the JSON protocols share. */
export const CLIENT_OPTIONS: OptionTable<ReconnectingClientOptions, Defaulted> = {
  ...SOCKET_OPTIONS,
  strict: option.withDefault(option.boolean(), false),
}

/** Counters of a client since construction. */
export interface ClientStatistics {
  /** Frames that were received, whether or not they were valid. */
  readonly messages: number
  /** Invalid messages, and limits that the server exceeded. */
  readonly protocolErrors: number
  /** Deviations from the specification that were accepted, by kind. */
  readonly forgiven: ForgivenCounts
}

/** Events that all WebSocket clients share. */
export interface ReconnectingClientEvents extends ConnectionEvents {
  /**
   * The server sent an invalid message, which was ignored, or exceeded a limit, which closes the connection. With `forgiven`: the
   * message deviates from the specification, and was used.
   */
  protocolError: ProtocolErrorEvent
}

/** Base class of the clients of the JSON protocols: reconnects, decodes text messages and reports invalid ones. */
export abstract class ReconnectingClient<Events extends ReconnectingClientEvents> extends Emitter<Events> {
  /** URL of the server, as given to the constructor. */
  readonly url: string
  readonly #socket: ReconnectingSocket
  readonly #isStrict: boolean
  readonly #forgiven = new ForgivenCounter()
  #messages = 0
  #protocolErrors = 0
  /** Whether this connection has been paired by App2App. */
  #isPaired = false

  /** @param url `ws://…` or `wss://…` */
  constructor(url: string, options: ReconnectingClientOptions) {
    super()
    this.url = url
    this.#isStrict = checkOptions(CLIENT_OPTIONS, options).strict
    const { strict, ...socketOptions } = options
    this.#socket = new ReconnectingSocket(
      url,
      {
        opened: () => {
          this.#isPaired = false
          this.#emitShared('connected', { url })
          this.opened()
        },
        message: (data) => this.#message(data),
        violated: ({ reason, detail }) => this.#reportError(reason, detail),
        closed: ({ code, reason }, retryInSeconds) => {
          this.closed(retryInSeconds !== undefined)
          this.#emitShared('disconnected', { code, reason, retryInSeconds })
        },
        failed: (failure, retryInSeconds) => {
          this.failed(failure)
          this.#emitShared('connectFailed', { failure, retryInSeconds })
        },
      },
      socketOptions,
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

  /** Counters since construction. */
  get statistics(): ClientStatistics {
    return { messages: this.#messages, protocolErrors: this.#protocolErrors, forgiven: this.#forgiven.counts }
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

  /**
   * A text frame was received.
   * @param forgiveness collects what was accepted; undefined if the client is strict.
   * @throws MessageError if it is invalid; the state is then unchanged.
   */
  protected abstract received(text: string, forgiveness: Forgiveness | undefined): void

  /** To be called before the events of a message: reports what was accepted in it. */
  protected reportForgiven(forgiveness: Forgiveness): void {
    this.#forgiven.addAll(forgiveness)
    for (const { kind, detail } of forgiveness.reports.splice(0)) {
      this.#emitShared('protocolError', { reason: kind, detail, forgiven: true })
    }
    forgiveness.counts.clear()
  }

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

  #reportError(reason: string, detail: string): void {
    this.#protocolErrors += 1
    this.#emitShared('protocolError', { reason, detail })
  }

  /** Called if the URL turns out to be an App2App channel. Messages sent before the pairing were not delivered. */
  #paired(): void {
    if (this.#isPaired) return
    this.#isPaired = true
    this.opened()
  }

  #message(data: string | Uint8Array): void {
    this.#messages += 1
    const forgiveness = this.#isStrict ? undefined : new Forgiveness()
    const text = typeof data === 'string' ? data : forgiveness && textOfBinaryFrame(data, forgiveness)
    if (text === undefined) {
      this.#reportError('binary', `expected text, received a binary frame of length ${data.length}`)
      return
    }
    try {
      if (forgiveness !== undefined && text === PAIRING_COMPLETED) {
        forgiveness.add('pairing-completed', 'message', 'JSON', text, 'ignored')
        this.#paired()
      } else {
        this.received(text, forgiveness)
      }
      if (forgiveness !== undefined) this.reportForgiven(forgiveness)
    } catch (error) {
      if (!(error instanceof MessageError)) {
        // The error must not propagate into the socket, which would be left in the middle of a frame.
        reportUncaught(error)
        return
      }
      this.#reportError(error.kind, error.message)
    }
  }
}
