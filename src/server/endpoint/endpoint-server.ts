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
import { type EndpointObserver, Observers } from './observers.js'
import { type ConnectionOwner, OpenConnection } from './open-connection.js'
import { RateLimiter } from './rate-limiter.js'

/** Options common to all endpoints: hooks, limits, time-outs and logging. */
export interface EndpointServerOptions<Hooks extends object = EndpointHooks> extends AdmissionOptions {
  /** Functions for the events of the endpoint, in place of a subclass. Default: none. */
  hooks?: Hooks

  /** Maximum messages per second and remote address (IPv6: per /64); others are dropped and count as invalid. Default: no limit. */
  maxMessagesPerSecond?: number
  /** Maximum messages per second of all addresses together; others are dropped, but do not count as invalid. Default: no limit. */
  maxMessagesPerSecondTotal?: number
  /** Invalid messages, per connection, after which it is closed with 1008. Default 100. */
  maxBadMessages?: number
  /**
   * Maximum bytes buffered in the process for one client. Further messages to it are dropped, and the connection is closed with 1008;
   * the wall clock only drops its answers, and `sendTimeoutSeconds` limits the connection. Default 1048576; for the wall clock 16384.
   */
  maxBufferedBytes?: number
  /** Default: the logger of the Fastify app that mounts the server; otherwise a pino logger. */
  logger?: Logger
}

/** Errors of `ws` that mean an exceeded limit rather than a protocol violation. */
const LIMIT_ERRORS: Record<string, BadMessageReason> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too-large',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'too-fragmented',
}

/**
 * Records in the type of a class whether `createConnectionData` creates its data; unless overridden, it returns undefined. A record
 * rather than a string, because records are compared by structure: a server with any data is assignable to one with unknown data.
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
 * The base of every WebSocket endpoint: admission, open connections, limits, and errors of the code above it. It does not use sockets
 * directly; an adapter passes them to {@link admit} and {@link open}. By itself it accepts connections and ignores their messages.
 *
 * If `ConnectionData` does not include undefined, a subclass must create it in {@link createConnectionData}; otherwise the class is
 * not assignable where a server is expected.
 *
 * A subclass overrides the hooks. A hook that throws or rejects closes its own connection with 1011 and no other.
 */
export class EndpointServer<ConnectionData = unknown> {
  /** First part of every connection's id: `endpoint` gives `endpoint-1`. */
  readonly connectionIdPrefix: string = 'endpoint'
  /** Names this endpoint in the log. */
  readonly loggingName: string = 'endpoint'
  /** Counters of this server since it was created. */
  readonly statistics: EndpointStatistics = new EndpointStatistics()

  /** Exists only in the type, to reject servers whose data are not created. */
  declare readonly '~connectionData': CreateConnectionDataReturns<
    ReturnType<this['createConnectionData']>,
    ConnectionData
  >

  readonly #open = new Set<OpenConnection>()
  readonly #maxBadMessages: number
  readonly #admission: AdmissionControl
  readonly #messageRate: RateLimiter | undefined
  readonly #owner: ConnectionOwner
  readonly #observers = new Observers((error) => this.#observerFailed(error))
  /** {@link #observers}, or undefined while none has a function for an event, so that messages cost nothing then. */
  #observed: Observers | undefined
  #receivingObserved: Observers | undefined
  #sendingObserved: Observers | undefined
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
      get sendingObserved() {
        return endpoint.#sendingObserved
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

  /** Sets the logger, unless the constructor was given one. Called by the plugin that mounts the server. */
  useLogger(logger: Logger): void {
    if (this.#logger === undefined) {
      this.#logger = logger
      this.#log = undefined
    }
  }

  /**
   * Logs a line that clients can cause at any rate. Of each kind 50 lines are written, then 5 per second; a summary each second
   * counts the others.
   * @param log the endpoint's logger, a connection's, or a request's.
   * @param fields a function if they are costly to create.
   * @param kind must be one of a fixed number, and must not contain data from a client. Default: the message.
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

  /** Maximum number of open connections. A lower value closes none; it applies to later handshakes. */
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

  /** Maximum bytes buffered in the process for one client. */
  get maxBufferedBytes(): number {
    return this.#owner.maxBufferedBytes
  }

  /** Whether the endpoint is enabled. Disabling it closes every connection with 1001 and refuses new ones with 403. */
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

  /** A snapshot of the open connections, each with its data. */
  get connections(): Map<Connection, ConnectionData> {
    const connections = new Map<Connection, ConnectionData>()
    for (const connection of this.#open) connections.set(connection, connection.data as ConnectionData)
    return connections
  }

  /**
   * Adds an observer, whose functions are called from now on for what happens at this endpoint. There can be any number of observers.
   *
   * @returns a function that removes the observer.
   * @throws InvalidOptionError, UnknownOptionError for anything but an object with functions of these names.
   */
  observe(observer: EndpointObserver): () => void {
    const remove = this.#observers.add(observer)
    this.#observersChanged()
    return () => {
      remove()
      this.#observersChanged()
    }
  }

  #observersChanged(): void {
    const observers = this.#observers
    this.#observed = observers.size > 0 ? observers : undefined
    this.#receivingObserved = observers.observes('messageReceived') ? observers : undefined
    this.#sendingObserved = observers.observes('messageSent') ? observers : undefined
  }

  /** Creates the initial `ConnectionData` of a new connection. Default: undefined. */
  createConnectionData(_connection: Connection): unknown {
    return undefined
  }

  /** Called when the handshake is complete and messages can be sent. */
  onConnect(_connection: Connection, _data: ConnectionData): void | Promise<void> {}

  /** Called once for each connection passed to {@link onConnect}, when it has ended for any reason. */
  onDisconnect(_connection: Connection, _data: ConnectionData): void | Promise<void> {}

  /** Called for each message: a string from a text frame, bytes from a binary frame. */
  onMessage(_connection: Connection, _message: string | Uint8Array, _data: ConnectionData): void | Promise<void> {}

  /** The names of the hooks in the option `hooks`. */
  protected get hookNames(): readonly string[] {
    return ['onConnect', 'onDisconnect', 'onMessage']
  }

  /** The reason for which the protocol refuses a handshake that the limits allow. Default: none. */
  protected refusalOf(_handshake: Handshake): RefusalReason | undefined {
    return undefined
  }

  /** The protocol's part of a new connection, before the app's hooks run. */
  protected opened(_connection: Connection, _data: ConnectionData): void {}

  /** The protocol's part of a message, including the app's hooks. */
  protected message(connection: Connection, message: string | Uint8Array, data: ConnectionData): void | Promise<void> {
    return withHook(this.onMessage(connection, message, data), () => this.#hooks.onMessage?.(connection, message, data))
  }

  /** Called before the server closes a connection: the last opportunity to send pending data. */
  protected closing(_connection: Connection): void {}

  /**
   * The protocol's part of the end of a connection, before the app's hooks run. The code is 1005 if the close frame had none, 1006 without
   * a close frame.
   */
  protected closed(_connection: Connection, _code: number, _reason: string): void {}

  /**
   * Whether a handshake would be admitted now.
   * @param remoteAddress if omitted, limits by address are not checked.
   */
  canAllocateConnection(remoteAddress?: string): boolean {
    return this.#admission.refusal(remoteAddress) === undefined
  }

  /**
   * Decides on a handshake, and counts it if it is refused.
   * @param handshake the request, if there is one: a protocol may refuse it.
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
    if ('refusal' in admission) this.handshakeRefused(remoteAddress, admission.refusal)
    return admission
  }

  /** Counts a handshake that was refused before {@link admit}. */
  handshakeRefused(remoteAddress: string, reason: RefusalReason): void {
    this.statistics.refused[reason] += 1
    this.#observed?.notify('refused', remoteAddress, reason)
  }

  /** Counts a handshake that ended before {@link admit}, in a hook of the app, towards `maxHandshakesPerSecond`. */
  handshakeFailed(remoteAddress: string): void {
    this.#admission.failed(remoteAddress)
  }

  /** Takes over a socket whose handshake is complete. */
  open(socket: ConnectionSocket): ConnectionHandlers {
    const connection = new OpenConnection(nextId(this.connectionIdPrefix), socket, this.#owner)
    this.statistics.connected += 1
    this.statistics.open += 1
    this.#observed?.notify('connected', connection)
    try {
      this.logOf(connection, 'info', 'connected', connectedFields)
      // The endpoint may have been disabled during this handshake.
      if (this.enabled) this.#settle(connection, this.#join(connection))
    } catch (error) {
      this.#hookFailed(connection, error)
    }
    // Or it was disabled by one of the hooks above.
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
    this.#receivingObserved?.notify('messageReceived', connection, message)
    if (connection.closing || !connection.joined) return
    const refusal = this.#messageRate?.take(connection.source, performance.now() / 1000)
    if (refusal === 'rate-limited') {
      this.rejectMessage(connection, refusal, 'more messages a second than this address may send')
      return
    }
    if (refusal !== undefined) {
      // Caused by other clients, so it is not counted against this one.
      this.dropMessage(connection, refusal, 'all clients together send too many messages a second')
      return
    }
    try {
      this.#settle(connection, this.message(connection, message, connection.data as ConnectionData))
    } catch (error) {
      this.#hookFailed(connection, error)
    }
  }

  /** Control frames cost as much as short messages, and count as such. */
  #controlFrame(connection: OpenConnection): void {
    if (connection.closing) return
    const now = performance.now()
    if (connection.countControlFrame(now) > DEFAULTS.controlFramesPerSecond) {
      this.dropMessage(connection, 'control-flood', 'too many control frames')
      connection.close(1008, 'too many control frames')
      const fields = { reason: 'control-flood' }
      this.#logGuarded(connection, 'warn', 'closing: too many control frames', () => fields)
      return
    }
    const refusal = this.#messageRate?.take(connection.source, now / 1000)
    if (refusal === 'rate-limited') {
      this.rejectMessage(connection, refusal, 'control frames count as messages, of which this address sent too many')
    } else if (refusal !== undefined) {
      this.dropMessage(connection, refusal, 'all clients together send too many control frames a second')
    }
  }

  #failed(connection: OpenConnection, error: Error): void {
    const reason = LIMIT_ERRORS[String((error as { code?: unknown }).code)] ?? 'broken-frame'
    this.dropMessage(connection, reason, error.message)
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
    this.#observed?.notify('disconnected', connection, code, reason)
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

  /** A hook has returned. If it is asynchronous, its rejection also closes its own connection. */
  #settle(connection: OpenConnection, result: unknown): void {
    // A thenable may call back more than once.
    if (isThenable(result)) Promise.resolve(result).catch((error) => this.#hookFailed(connection, error))
  }

  /** A hook or logger of the app has thrown: closes its own connection and no other. */
  #hookFailed(connection: OpenConnection, error: unknown): void {
    this.statistics.hookErrors += 1
    connection.close(1011, 'internal error')
    const unprintable = 'the error could not be logged: reading it threw another one'
    for (const fields of [{ err: error }, { detail: unprintable }]) {
      try {
        this.logOf(connection, 'error', 'a hook of this endpoint failed', () => fields)
        return
      } catch {
        // The error may be an object that throws when it is read, or the logger may be broken. It has been counted.
      }
    }
  }

  /** {@link logLimited} for a line of a connection, whose logger is created only if the line is written. */
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

  #observerFailed(error: unknown): void {
    this.statistics.hookErrors += 1
    try {
      this.logLimited(this.log, 'error', { err: error }, 'an observer of this endpoint failed')
    } catch {
      // The logger failed as well. The error has been counted.
    }
  }

  /** Counts a message of a client that is not processed, for a reason that need not be the client's fault. */
  protected dropMessage(connection: Connection, reason: BadMessageReason, detail: string): void {
    this.statistics.dropped[reason] += 1
    this.#observed?.notify('messageRejected', connection, reason, detail)
  }

  /**
   * Counts and logs an invalid message, and closes the connection with 1008 after too many.
   * @param detail the fault, for the log.
   */
  protected rejectMessage(connection: Connection, reason: BadMessageReason, detail: string): void {
    this.dropMessage(connection, reason, detail)
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
   * Called when a message to this client was dropped and counted, because more than `maxBufferedBytes` are buffered. Closes the
   * connection with 1008, since few protocols tolerate a lost message. A subclass whose protocol does may override this.
   */
  protected bufferFull(connection: Connection): void {
    const { bufferedAmount } = connection
    connection.close(1008, 'messages not read')
    const fields = { reason: 'unread', bufferedAmount }
    this.logOf(connection, 'warn', 'closing: the client does not read', () => fields)
  }

  /** Counts and logs a valid message that this endpoint does not use. */
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

/** The data of a connection must exist before its first message, so they cannot be created asynchronously. */
function refusePromise(data: unknown): void {
  if (!isThenable(data)) return
  Promise.resolve(data).catch(() => {})
  throw new DvbcssError(
    'DVBCSS_ERR_CONNECTION_DATA',
    'createConnectionData must not return a promise; load what takes time in onConnect',
  )
}
