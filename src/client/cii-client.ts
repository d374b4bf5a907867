import { applyCii, CII_PROPERTIES, type Cii, equalCii, MessageError, parseCii } from '../messages/index.js'
import { Emitter } from './emitter.js'
import { type ConnectionEvents, ReconnectingSocket, type ReconnectingSocketOptions } from './reconnecting-socket.js'

export type CiiClientOptions = ReconnectingSocketOptions

/** Something that came and makes no sense. The state is as it was. */
export interface ProtocolErrorEvent {
  /** One of a closed set of kinds, for programs. */
  readonly reason: string
  /** What was expected and what came, for people. */
  readonly detail: string
}

export interface CiiClientEvents extends ConnectionEvents {
  /** A message has changed the state: one event for each such message. */
  change: {
    /** The properties that differ now. */
    readonly changes: readonly (keyof Cii)[]
    readonly state: Cii
    readonly previous: Cii
    /** What came. */
    readonly message: Cii
  }
  protocolError: ProtocolErrorEvent
}

const NOTHING_KNOWN: Cii = Object.freeze({})

/**
 * Mirrors the state of a CSS-CII server (TS 103 286-2, clause 5.6). Connects again whenever the connection ends, until it is told to
 * stop; meanwhile the last state stays.
 */
export class CiiClient extends Emitter<CiiClientEvents> {
  readonly url: string
  readonly #socket: ReconnectingSocket
  #state: Cii = NOTHING_KNOWN
  /** The next message is the first of a connection, and says everything. */
  #expectsAll = true

  /** @param url `ws://…` or `wss://…`, the address of the CII endpoint. */
  constructor(url: string, options: CiiClientOptions = {}) {
    super()
    this.url = url
    this.#socket = new ReconnectingSocket(
      url,
      {
        connected: () => {
          this.#expectsAll = true
          this.emit('connected', { url })
        },
        message: (data) => this.#message(data),
        disconnected: ({ code, reason }, retryInSeconds) => {
          this.emit('disconnected', { code, reason, retryInSeconds })
        },
        connectFailed: (failure, retryInSeconds) => this.emit('connectFailed', { failure, retryInSeconds }),
      },
      options,
    )
  }

  /** What the server has told, without what it has not; frozen. Empty before the first message. */
  get state(): Cii {
    return this.#state
  }

  get connected(): boolean {
    return this.#socket.connected
  }

  start(): void {
    this.#socket.start()
  }

  /** Closes the connection, and opens no other until it is started again. */
  stop(): void {
    this.#socket.stop()
  }

  #message(data: string | Uint8Array): void {
    if (typeof data !== 'string') {
      this.emit('protocolError', {
        reason: 'binary',
        detail: `expected text, got ${data.length} bytes in a binary frame`,
      })
      return
    }
    let message: Cii
    try {
      message = parseCii(data)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.emit('protocolError', { reason: error.kind, detail: error.message })
      return
    }
    const previous = this.#state
    const state = Object.freeze(applyCii(this.#expectsAll ? NOTHING_KNOWN : previous, message))
    this.#expectsAll = false
    const changes = CII_PROPERTIES.filter((name) => !equalCii({ [name]: previous[name] }, { [name]: state[name] }))
    if (changes.length === 0) return
    this.#state = state
    this.emit('change', { changes, state, previous, message })
  }
}
