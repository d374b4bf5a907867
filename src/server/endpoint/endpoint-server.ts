import { checkOptions, DvbcssError, visible } from '../../validation/index.js'
import { type Admission, AdmissionControl, type AdmissionOptions } from './admission-control.js'
import type { Connection, ConnectionHandlers, ConnectionSocket, Handshake } from './connection.js'
import { DEFAULTS } from './defaults.js'
import { ENDPOINT_OPTIONS, othersOf } from './endpoint-options.js'
import {
  type BadMessageReason,
  EndpointStatistics,
  type RefusalReason,
  type TimeoutReason,
} from './endpoint-statistics.js'
import { checkHooks, type EndpointHooks, isThenable, withHook } from './hooks.js'
import { type LogLevel, LogLimiter } from './log-limiter.js'
import { defaultLogger, type Logger } from './logger.js'
import { type ConnectionOwner, OpenConnection } from './open-connection.js'
import { RateLimiter } from './rate-limiter.js'

/** Options common to all endpoints: hooks, limits, time-outs and logging. */
export interface EndpointServerOptions<Hooks extends object = EndpointHooks> extends AdmissionOptions {
  /** Functions for the events of the endpoint, in place of a subclass. Default: none. */
  hooks?: Hooks

  /** Messages a second of one remote address (IPv6: of a /64); the others are dropped and count as bad ones. Default: no limit. */
  maxMessagesPerSecond?: number
  /** Messages a second of all addresses together; the others are dropped, but do not count as bad ones. Default: no limit. */
  maxMessagesPerSecondTotal?: number
  /** Invalid messages, per connection, after which it is closed with 1008. Default 100. */
  maxBadMessages?: number
  /**
   * Bytes that may wait in the process for one client. Beyond that messages to it are dropped, and the connection is closed with 1008;
   * the wall clock drops its answers and leaves the rest to `sendTimeoutSeconds`. Default 1048576; for the wall clock 16384.
   */
  maxBufferedBytes?: number
  /** Default: the Fastify app's logger where the server is mounted, else a pino logger of its own. */
  logger?: Logger
}

/** Errors of `ws` that are about a limit of ours, and not about a frame that breaks the protocol. */
const LIMIT_ERRORS: Record<string, BadMessageReason> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too-large',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'too-fragmented',
}

/**
 * What the compiler says of a class: whether `createConnectionData` makes its data. Where no subclass overrides that, it makes
 * undefined. A record, and not just a string, because the compiler compares records by what is in them: a server of any data is a
 * server of unknown data.
 */
type CreateConnectionDataReturns<Made, Data> = Record<
  [Made] extends [Data]
    ? 'theConnectionData'
    : [unknown, undefined] extends [Made, Data]
      ? 'theConnectionData'
      : 'createConnectionData() must return the ConnectionData of this class',
  true
>

/** Ids are unique in the process, not per server: one log shows the connections of all servers. */
const idsGiven = new Map<string, number>()

function nextId(prefix: string): string {
  const count = (idsGiven.get(prefix) ?? 0) + 1
  idsGiven.set(prefix, count)
  return `${prefix}-${count}`
}

/**
 * The base of every WebSocket endpoint: who is connected, who may, and what happens when the code above it fails.
 * It knows no sockets; an adapter brings them to {@link admit} and {@link open}. On its own it accepts
 * connections and does nothing with them.
 *
 * Where `ConnectionData` does not include undefined, a subclass has to make it in {@link createConnectionData}: the compiler accepts
 * no other one where a server is expected.
 *
 * A subclass overrides the hooks. A hook that throws, or returns a promise that rejects, closes its connection with 1011
 * and touches no other.
 */
export class EndpointServer<ConnectionData = unknown> {
  /** First part of every connection's id: `endpoint` gives `endpoint-1`. */
  readonly connectionIdPrefix: string = 'endpoint'
  /** Names this endpoint in the log. */
  readonly loggingName: string = 'endpoint'
  /** What was counted since this server was made. */
  readonly statistics: EndpointStatistics = new EndpointStatistics()

  /** Exists only for the compiler, which uses it to reject servers whose data is not made. */
  declare readonly '~connectionData': CreateConnectionDataReturns<
    ReturnType<this['createConnectionData']>,
    ConnectionData
  >

  readonly #open = new Set<OpenConnection>()
  readonly #maxBadMessages: number
  readonly #admission: AdmissionControl
  readonly #messageRate: RateLimiter | undefined
  readonly #owner: ConnectionOwner
  readonly #hooks: EndpointHooks<ConnectionData>
  #logger: Logger | undefined
  #log: Logger | undefined
  readonly #logLimiter = new LogLimiter(() => this.log)

  /** @throws InvalidOptionError, UnknownOptionError, ConflictingOptionError */
  constructor(options: EndpointServerOptions<object> = {}) {
    const checked = checkOptions(ENDPOINT_OPTIONS, options, { others: othersOf(new.target, EndpointServer) })
    checkHooks(options.hooks, this.hookNames)
    this.#hooks = options.hooks ?? {}
    this.#admission = new AdmissionControl(options)
    this.#maxBadMessages = checked.maxBadMessages
    this.#messageRate = RateLimiter.of(checked.maxMessagesPerSecond, checked.maxMessagesPerSecondTotal)
    const endpoint = this
    this.#owner = {
      statistics: this.statistics,
      maxBufferedBytes: checked.maxBufferedBytes,
      get log() {
        return endpoint.log
      },
      bufferFull: (connection) => this.bufferFull(connection),
      closing: (connection) => this.closing(connection),
      message: (connection, message) => this.#message(connection, message),
      controlFrame: (connection) => this.#controlFrame(connection),
      failed: (connection, error) => this.#failed(connection, error),
      closed: (connection, code, reason) => this.#closed(connection, code, reason),
      timedOut: (connection, reason) => this.#timedOut(connection, reason),
    }
    this.#logger = checked.logger
  }

  /** The endpoint's logger. */
  get log(): Logger {
    this.#log ??= (this.#logger ?? defaultLogger()).child({ endpoint: this.loggingName })
    return this.#log
  }

  /** Gives the server a logger if it was made without one; whoever mounts it calls this. */
  useLogger(logger: Logger): void {
    if (this.#logger === undefined) {
      this.#logger = logger
      this.#log = undefined
    }
  }

  /**
   * Logs a line that clients can cause as often as they like. Of each kind 50 lines are written, then 5 a second; a
   * summary each second counts the others.
   * @param log the endpoint's logger, a connection's, or a request's.
   * @param fields a function where they are costly to make.
   * @param kind one of a fixed number: nothing that a client sent. Default: the message.
   */
  logLimited<Level extends LogLevel>(
    log: Pick<Logger, Level>,
    level: Level,
    fields: object | (() => object),
    message: string,
    kind: string = message,
  ): void {
    this.#logLimiter.write(log, level, fields, message, kind)
  }

  /** Connections at once. A lower value closes nobody: it holds for the handshakes to come. */
  get maxConnections(): number {
    return this.#admission.maxConnections
  }

  /**
   * Changes the limit for later handshakes.
   *
   * @throws InvalidOptionError if the value is not a valid limit; the old limit stays in force.
   */
  set maxConnections(value: number) {
    this.#admission.maxConnections = value
  }

  /** Bytes that may wait in the process for one client. */
  get maxBufferedBytes(): number {
    return this.#owner.maxBufferedBytes
  }

  /** Switching off closes every connection with 1001 and refuses new ones with 403. */
  get enabled(): boolean {
    return this.#admission.enabled
  }

  /**
   * Enables or disables the endpoint; takes effect at once.
   *
   * @throws InvalidOptionError if the value is not a boolean.
   */
  set enabled(value: boolean) {
    const before = this.enabled
    this.#admission.enabled = value
    if (before && !value) {
      this.log.info({ connections: this.#open.size }, 'endpoint disabled')
      this.#closeAll('endpoint disabled')
    }
  }

  /** The open connections, each with its data, as they are now: a copy that later comings and goings do not alter. */
  get connections(): Map<Connection, ConnectionData> {
    const connections = new Map<Connection, ConnectionData>()
    for (const connection of this.#open) connections.set(connection, connection.data as ConnectionData)
    return connections
  }

  /** Makes the `ConnectionData` that a new connection starts with. Default: undefined. */
  createConnectionData(_connection: Connection): unknown {
    return undefined
  }

  /** The handshake is complete, and a message can be sent. */
  onConnect(_connection: Connection, _data: ConnectionData): void | Promise<void> {}

  /** The connection is gone, for whatever reason. Runs once for each connection that {@link onConnect} has seen. */
  onDisconnect(_connection: Connection, _data: ConnectionData): void | Promise<void> {}

  /** A message came: a string from a text frame, bytes from a binary frame. */
  onMessage(_connection: Connection, _message: string | Uint8Array, _data: ConnectionData): void | Promise<void> {}

  /** The names that the option `hooks` takes. */
  protected get hookNames(): readonly string[] {
    return ['onConnect', 'onDisconnect', 'onMessage']
  }

  /** Why a protocol refuses a handshake that the limits let in. Default: it refuses none. */
  protected refusalOf(_handshake: Handshake): RefusalReason | undefined {
    return undefined
  }

  /** What a protocol does with a new connection, before the app's hooks run. */
  protected opened(_connection: Connection, _data: ConnectionData): void {}

  /** What a protocol does with a message, the app's hooks included. */
  protected received(connection: Connection, message: string | Uint8Array, data: ConnectionData): void | Promise<void> {
    return withHook(this.onMessage(connection, message, data), () => this.#hooks.onMessage?.(connection, message, data))
  }

  /** The server is about to close this connection: the last chance to send what has not been sent yet. */
  protected closing(_connection: Connection): void {}

  /** What a protocol does at the end of a connection, before the app's hooks run. The code is 1005 if the close frame had none, 1006 without a close frame. */
  protected closed(_connection: Connection, _code: number, _reason: string): void {}

  /**
   * Whether a handshake that came now would be let in.
   * @param remoteAddress whose; without it the limits by address are not looked at.
   */
  canAllocateConnection(remoteAddress?: string): boolean {
    return this.#admission.refusal(remoteAddress) === undefined
  }

  /**
   * Answers a handshake, and counts it when it is refused.
   * @param handshake the request, where there is one: a protocol may refuse what it asks for.
   */
  admit(remoteAddress: string, handshake?: Handshake): Admission {
    let admission = this.#admission.admit(remoteAddress)
    if (!('refusal' in admission) && handshake !== undefined) {
      const refusal = this.refusalOf(handshake)
      if (refusal !== undefined) {
        admission.release()
        admission = { refusal }
      }
    }
    if ('refusal' in admission) this.statistics.refused[admission.refusal] += 1
    return admission
  }

  /** Counts a handshake that ended before {@link admit}, in a hook of the app: it is one of `maxHandshakesPerSecond`. */
  handshakeFailed(remoteAddress: string): void {
    this.#admission.failed(remoteAddress)
  }

  /** Takes over a socket whose handshake is complete. */
  open(socket: ConnectionSocket): ConnectionHandlers {
    const connection = new OpenConnection(nextId(this.connectionIdPrefix), socket, this.#owner)
    this.statistics.connected += 1
    this.statistics.open += 1
    try {
      this.logOf(connection, 'info', 'connected', connectedFields)
      // Unless switched off while this handshake was on its way.
      if (this.enabled) this.#settle(connection, this.#join(connection))
    } catch (error) {
      this.#hookFailed(connection, error)
    }
    // Or by one of the hooks that have just run.
    if (!this.enabled) connection.close(1001, 'endpoint disabled')
    return connection
  }

  #join(connection: OpenConnection): void | Promise<void> {
    const data = this.createConnectionData(connection) as ConnectionData
    refusePromise(data)
    connection.data = data
    connection.joined = true
    this.#open.add(connection)
    this.opened(connection, data)
    return withHook(this.onConnect(connection, data), () => this.#hooks.onConnect?.(connection, data))
  }

  #message(connection: OpenConnection, message: string | Uint8Array): void {
    this.statistics.messagesIn += 1
    if (connection.closing || !connection.joined) return
    const refusal = this.#messageRate?.take(connection.source, performance.now() / 1000)
    if (refusal === 'rate-limited') {
      this.rejectMessage(connection, refusal, 'more messages a second than this address may send')
      return
    }
    if (refusal !== undefined) {
      // Not this client's doing, so it is not counted against it.
      this.statistics.dropped[refusal] += 1
      return
    }
    try {
      this.#settle(connection, this.received(connection, message, connection.data as ConnectionData))
    } catch (error) {
      this.#hookFailed(connection, error)
    }
  }

  /** Control frames cost what short messages cost, and so count as such. */
  #controlFrame(connection: OpenConnection): void {
    if (connection.closing) return
    const now = performance.now()
    if (connection.countControlFrame(now) > DEFAULTS.controlFramesPerSecond) {
      this.statistics.dropped['control-flood'] += 1
      connection.close(1008, 'too many control frames')
      const fields = { reason: 'control-flood' }
      this.#logGuarded(connection, 'warn', 'closing: too many control frames', () => fields)
      return
    }
    const refusal = this.#messageRate?.take(connection.source, now / 1000)
    if (refusal === 'rate-limited') {
      this.rejectMessage(connection, refusal, 'control frames count as messages, of which this address sent too many')
    } else if (refusal !== undefined) {
      this.statistics.dropped[refusal] += 1
    }
  }

  #failed(connection: OpenConnection, error: Error): void {
    const reason = LIMIT_ERRORS[String((error as { code?: unknown }).code)] ?? 'broken-frame'
    this.statistics.dropped[reason] += 1
    this.#logGuarded(connection, 'warn', 'protocol error', () => ({ reason, detail: visible(error.message) }))
  }

  #timedOut(connection: OpenConnection, reason: TimeoutReason): void {
    this.statistics.timedOut[reason] += 1
    if (reason === 'message') connection.close(1008, 'message not completed in time')
    const fields = { reason, bufferedAmount: connection.bufferedAmount }
    this.#logGuarded(connection, 'warn', 'connection timed out', () => fields)
  }

  #closed(connection: OpenConnection, code: number, reason: string): void {
    connection.ended()
    this.statistics.open -= 1
    this.statistics.disconnected += 1
    if (connection.joined) {
      connection.joined = false
      this.#open.delete(connection)
      try {
        const data = connection.data as ConnectionData
        this.closed(connection, code, reason)
        const own = this.onDisconnect(connection, data)
        this.#settle(
          connection,
          withHook(own, () => this.#hooks.onDisconnect?.(connection, data)),
        )
      } catch (error) {
        this.#hookFailed(connection, error)
      }
    }
    const fields = () => (reason === '' ? { code } : { code, reason: visible(reason) })
    this.#logGuarded(connection, 'info', 'disconnected', fields)
  }

  /** A hook has returned: if it goes on asynchronously, its failure ends its own connection as well. */
  #settle(connection: OpenConnection, result: unknown): void {
    // A thenable of the app's own may call back more than once.
    if (isThenable(result)) Promise.resolve(result).catch((error) => this.#hookFailed(connection, error))
  }

  /** A hook or a logger of the app has failed: that ends its own connection, and no other. */
  #hookFailed(connection: OpenConnection, error: unknown): void {
    this.statistics.hookErrors += 1
    connection.close(1011, 'internal error')
    const unprintable = 'the error could not be logged: reading it threw another one'
    for (const fields of [{ err: error }, { detail: unprintable }]) {
      try {
        this.logOf(connection, 'error', 'a hook of this endpoint failed', () => fields)
        return
      } catch {
        // The error may be an object that throws when it is read, or the logger may be broken. The failure is counted.
      }
    }
  }

  /** {@link logLimited} for a line of a connection, whose logger is made only if the line is written. */
  protected logOf(
    connection: Connection,
    level: LogLevel,
    message: string,
    fields: (connection: Connection) => object,
  ): void {
    const { levels } = connection as OpenConnection
    if (this.#logLimiter.permits(levels, level, message)) connection.log[level](fields(connection), message)
  }

  #logGuarded(connection: OpenConnection, level: LogLevel, message: string, fields: () => object): void {
    try {
      this.logOf(connection, level, message, fields)
    } catch (error) {
      this.#hookFailed(connection, error)
    }
  }

  /**
   * Counts and logs a message that made no sense, and closes the connection with 1008 when it has sent too many.
   * @param detail what was wrong, for the log.
   */
  protected rejectMessage(connection: Connection, reason: BadMessageReason, detail: string): void {
    this.statistics.dropped[reason] += 1
    const bad = (connection as OpenConnection).countBadMessage()
    const level = bad <= DEFAULTS.badMessageWarnings ? 'warn' : 'debug'
    this.logOf(connection, level, 'bad message', () => ({ reason, detail: visible(detail) }))
    if (bad === DEFAULTS.badMessageWarnings) {
      this.logOf(
        connection,
        'warn',
        'further invalid messages on this connection will be logged at debug level',
        () => ({}),
      )
    }
    if (bad < this.#maxBadMessages) return
    this.logOf(connection, 'warn', 'closing: too many bad messages', () => ({ badMessages: bad }))
    connection.close(1008, 'too many bad messages')
  }

  /**
   * A message to this client was dropped and counted, because more than `maxBufferedBytes` wait for it. Closes the connection
   * with 1008, since few protocols can miss a message. A subclass whose protocol can may override this to keep the connection.
   */
  protected bufferFull(connection: Connection): void {
    const { bufferedAmount } = connection
    connection.close(1008, 'messages not read')
    const fields = { reason: 'unread', bufferedAmount }
    this.logOf(connection, 'warn', 'closing: the client does not read', () => fields)
  }

  /** Counts and logs a message that is well-formed, and means nothing here. */
  protected ignoreMessage(connection: Connection, detail: string): void {
    this.statistics.dropped.ignored += 1
    this.logOf(connection, 'debug', 'message ignored', () => ({ reason: 'ignored', detail: visible(detail) }))
  }

  #closeAll(reason: string): void {
    for (const connection of this.#open) connection.close(1001, reason)
  }
}

function connectedFields({ remoteAddress }: Connection): object {
  return { remoteAddress: visible(remoteAddress) }
}

/** A connection has its data before its first message can come, and that does not wait. */
function refusePromise(data: unknown): void {
  if (!isThenable(data)) return
  Promise.resolve(data).catch(() => {})
  throw new DvbcssError(
    'DVBCSS_ERR_CONNECTION_DATA',
    'createConnectionData must not return a promise; load what takes time in onConnect',
  )
}
