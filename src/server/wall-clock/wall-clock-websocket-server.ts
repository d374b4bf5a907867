import { type Clock, SystemClock } from '../../clocks/index.js'
import {
  decodeWallClockJson,
  decodeWallClockMessage,
  encodeWallClockJson,
  encodeWallClockMessage,
  MessageError,
  parseJson,
} from '../../messages/index.js'
import { checkOptions, type OptionTable, option } from '../../validation/index.js'
import {
  type Connection,
  DEFAULTS,
  type DefaultedEndpointOptions,
  ENDPOINT_OPTIONS,
  type EndpointHooks,
  EndpointServer,
  type EndpointServerOptions,
  othersOf,
} from '../endpoint/index.js'
import {
  CLOCK,
  WALL_CLOCK_HANDLER_OPTIONS,
  WallClockHandler,
  type WallClockHandlerOptions,
} from './wall-clock-handler.js'

/** The hooks of a {@link WallClockWebSocketServer}. Requests are answered without hooks. */
export type WallClockHooks<ConnectionData = unknown> = Pick<EndpointHooks<ConnectionData>, 'onConnect' | 'onDisconnect'>

/** Options of {@link WallClockWebSocketServer}. */
export interface WallClockWebSocketServerOptions
  extends EndpointServerOptions<WallClockHooks>,
    WallClockHandlerOptions {
  /** The clock to serve. Default: a SystemClock. */
  wallClock?: Clock
}

export const WALL_CLOCK_WEBSOCKET_OPTIONS: OptionTable<
  WallClockWebSocketServerOptions,
  DefaultedEndpointOptions | 'followUp'
> = {
  ...ENDPOINT_OPTIONS,
  maxBufferedBytes: option.withDefault(option.positiveCount(), DEFAULTS.maxBufferedAnswerBytes),
  ...WALL_CLOCK_HANDLER_OPTIONS,
  wallClock: CLOCK,
}

/**
 * A wall clock for companions without UDP: each request is answered in its own encoding, the 32 bytes of CSS-WC in a binary frame or
 * JSON in a text frame. The specification does not define this; companions in browsers use it.
 */
export class WallClockWebSocketServer extends EndpointServer {
  override readonly connectionIdPrefix: string = 'wc'
  override readonly loggingName: string = 'wall-clock-websocket-server'
  readonly #hasOwnWallClock: boolean
  readonly #handlerOptions: WallClockHandlerOptions
  #wallClock: Clock
  #handler: WallClockHandler

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: WallClockWebSocketServerOptions = {}) {
    super({ ...options, maxBufferedBytes: options.maxBufferedBytes ?? DEFAULTS.maxBufferedAnswerBytes })
    const others = othersOf(new.target, WallClockWebSocketServer)
    const { wallClock, precisionSeconds, maxFreqErrorPpm, followUp } = checkOptions(
      WALL_CLOCK_WEBSOCKET_OPTIONS,
      options,
      { others },
    )
    this.#handlerOptions = { precisionSeconds, maxFreqErrorPpm, followUp }
    this.#hasOwnWallClock = wallClock !== undefined
    this.#wallClock = wallClock ?? new SystemClock()
    this.#handler = new WallClockHandler(this.#wallClock, this.#handlerOptions)
  }

  /** The clock that is served. */
  get wallClock(): Clock {
    return this.#wallClock
  }

  /** Sets the wall clock, unless the constructor was given one. Called by the plugin that mounts the server. */
  useWallClock(wallClock: Clock): void {
    if (this.#hasOwnWallClock) return
    this.#wallClock = wallClock
    this.#handler = new WallClockHandler(wallClock, this.#handlerOptions)
  }

  protected override get hookNames(): readonly string[] {
    return ['onConnect', 'onDisconnect']
  }

  /** A delayed answer is useless, so it can be dropped. The adapter's send time-out closes the connection. */
  protected override bufferFull(connection: Connection): void {
    this.logOf(connection, 'debug', 'answer dropped: the client does not read', () => ({ reason: 'unread' }))
  }

  protected override message(connection: Connection, message: string | Uint8Array): void {
    // First, because time until it is read looks like network delay to the client.
    const receiveNanos = this.#wallClock.nanos()
    if (typeof message === 'string') this.#answerJson(connection, message, receiveNanos)
    else this.#answerBinary(connection, message, receiveNanos)
  }

  #answerBinary(connection: Connection, request: Uint8Array, receiveNanos: number): void {
    const response = this.#handler.handle(request, undefined, receiveNanos)
    if (typeof response === 'string') {
      this.#refuse(connection, response)
      return
    }
    connection.send(response)
    const followUp = this.#handler.followUp(response)
    if (followUp !== undefined) connection.send(followUp)
  }

  /** A request while the clock is unavailable is not counted against the client. */
  #refuse(connection: Connection, reason: string): void {
    if (reason === 'clock-unavailable') this.dropMessage(connection, reason, 'the wall clock is unavailable')
    else this.rejectMessage(connection, 'invalid', reason)
  }

  #answerJson(connection: Connection, text: string, receiveNanos: number): void {
    let request: Uint8Array
    try {
      request = encodeWallClockMessage(decodeWallClockJson(parseJson(text)))
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.rejectMessage(connection, error.kind === 'not-json' ? 'not-json' : 'invalid', error.message)
      return
    }
    const response = this.#handler.handle(request, undefined, receiveNanos)
    if (typeof response === 'string') {
      this.#refuse(connection, response)
      return
    }
    // Encoding the response takes longer than reading the clock, so the transmit time is replaced at the last moment.
    const message = decodeWallClockMessage(response)
    connection.send(
      encodeWallClockJson({ ...message, transmitNanos: onTheWire(this.#wallClock.nanos()) ?? message.transmitNanos }),
    )
    const followUp = this.#handler.followUp(response)
    if (followUp !== undefined) connection.send(encodeWallClockJson(decodeWallClockMessage(followUp)))
  }
}

/** Seconds are an unsigned 32-bit number on the wire, so times wrap in this encoding as in the binary one. */
const WRAP_NANOS = 2n ** 32n * 10n ** 9n

function onTheWire(nanos: number): bigint | undefined {
  if (!Number.isFinite(nanos)) return undefined
  return ((BigInt(Math.floor(nanos)) % WRAP_NANOS) + WRAP_NANOS) % WRAP_NANOS
}
