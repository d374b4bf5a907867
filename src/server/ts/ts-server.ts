import { Clock, SystemClock } from '../../clocks/index.js'
import {
  type ControlTimestamp,
  decodePresentationTimestamps,
  equalControlTimestamps,
  MessageError,
  type PresentationTimestamps,
  parseJson,
  type SetupData,
} from '../../messages/index.js'
import { Forgiveness, readSetupDataLeniently } from '../../messages/lenient/index.js'
import { contentIdMatches, TimelineSource } from '../../timelines/index.js'
import {
  checkOption,
  checkOptions,
  InvalidOptionError,
  type OptionTable,
  option,
  visible,
} from '../../validation/index.js'
import {
  type Connection,
  type Dated,
  DEFAULTS,
  type DefaultedEndpointOptions,
  ENDPOINT_OPTIONS,
  type EndpointHooks,
  EndpointServer,
  type EndpointServerOptions,
  isThenable,
  othersOf,
  type StateComposer,
  StateSender,
  UpdateRounds,
  withHook,
} from '../endpoint/index.js'
import { keptSetupData } from './kept-setup-data.js'
import { TimelineAnswers } from './timeline-answers.js'

/** The hooks of a {@link TsServer}. */
export interface TsHooks<ConnectionData = unknown>
  extends EndpointHooks<ConnectionData, SetupData | PresentationTimestamps> {
  /** Called when a client has sent its setup-data. The first control timestamp is sent after an asynchronous hook has finished. */
  onSetup?(connection: Connection, setup: SetupData, data: ConnectionData): void | Promise<void>
  /** Called when a client has sent presentation timestamps. */
  onPresentationTimestamps?(
    connection: Connection,
    timestamps: PresentationTimestamps,
    data: ConnectionData,
  ): void | Promise<void>
}

/** Options of {@link TsServer}. */
export interface TsServerOptions extends EndpointServerOptions<TsHooks> {
  /** The current content id; null while unknown, when no timeline is available. Default null. */
  contentId?: string | null
  /** The clock that CSS-WC serves, for the timestamps of unavailable timelines. Default: a SystemClock. */
  wallClock?: Clock
  /**
   * Bytes of a message. Setup-data and presentation timestamps are kept as long as the connection lasts; longer ones are dropped. Default
   * 8192.
   */
  maxKeptMessageBytes?: number
}

export const TS_SERVER_OPTIONS: OptionTable<
  TsServerOptions,
  DefaultedEndpointOptions | 'contentId' | 'maxKeptMessageBytes'
> = {
  ...ENDPOINT_OPTIONS,
  contentId: option.withDefault(option.orNull(option.string()), null),
  wallClock: option.instance(Clock, 'a Clock'),
  maxKeptMessageBytes: option.withDefault(option.integer({ min: 1, max: 2 ** 30 }), DEFAULTS.maxKeptMessageBytes),
}

/** What a {@link TsServer} knows of one client. Each member is undefined until there is one. */
export interface TsConnectionState {
  /** The client's setup-data, and when it was received. */
  readonly setup: Dated<SetupData> | undefined
  /** The last control timestamp that the client was sent, and when. */
  readonly controlTimestamp: Dated<ControlTimestamp> | undefined
  /** The client's latest presentation timestamps, and when they were received. */
  readonly presentationTimestamps: Dated<PresentationTimestamps> | undefined
}

/** A client, what it has sent, and its last control timestamp. */
class Client<Data> extends StateSender {
  /** The connection data of the app. */
  readonly data: Data
  setup: SetupData | undefined
  setupAt = Number.NaN
  presentationTimestamps: Dated<PresentationTimestamps> | undefined
  /** Whether the app's hook for the setup-data has finished. */
  isSetUp = false
  /** The last control timestamp that it was sent. */
  sent: ControlTimestamp | undefined

  constructor(connection: Connection, composer: StateComposer<Client<Data>>, data: Data) {
    super(connection, composer)
    this.data = data
  }
}

/**
 * The CSS-TS endpoint of a television (TS 103 286-2, clause 5.7): sends each client the relation of its timeline to the wall clock,
 * and again whenever that relation changes. Timelines come from the sources that the app attaches.
 */
export class TsServer<ConnectionData = unknown> extends EndpointServer<ConnectionData> {
  override readonly connectionIdPrefix: string = 'ts'
  override readonly loggingName: string = 'ts-server'

  readonly #answers: TimelineAnswers<Client<ConnectionData>>
  readonly #rounds: UpdateRounds
  readonly #clients = new Map<Connection, Client<ConnectionData>>()
  readonly #hooks: TsHooks<ConnectionData>
  readonly #hasOwnWallClock: boolean
  readonly #maxKeptMessageBytes: number
  #contentId: string | null

  /** @throws InvalidOptionError, UnknownOptionError */
  constructor(options: TsServerOptions = {}) {
    super(options)
    this.#hooks = (options.hooks ?? {}) as TsHooks<ConnectionData>
    const checked = checkOptions(TS_SERVER_OPTIONS, options, { others: othersOf(new.target, TsServer) })
    this.#contentId = checked.contentId
    this.#maxKeptMessageBytes = checked.maxKeptMessageBytes
    this.#hasOwnWallClock = checked.wallClock !== undefined
    this.#answers = new TimelineAnswers(checked.wallClock ?? new SystemClock(), {
      failed: (source, error) => this.#report(source, 'timeline source failed', error),
      unsettled: (source) => {
        this.#report(source, 'timeline source changes whenever it is asked: these changes are ignored')
      },
    })
    this.#rounds = new UpdateRounds({
      coalesced: this.#composer.coalesced,
      sliceBegins: () => this.#answers.beginSlice(),
      failed: (error) => this.#report(undefined, 'sending a control timestamp failed', error),
    })
  }

  /** Counts and logs an error of the app's code. A logger that throws must not keep the clients from their answer. */
  #report(source: TimelineSource | undefined, message: string, error?: unknown): void {
    this.statistics.hookErrors += 1
    try {
      const fields = { ...(error !== undefined && { err: error }), ...(source && { source: source.constructor.name }) }
      this.logLimited(this.log, 'error', fields, message)
    } catch {
      // The error has been counted.
    }
  }

  /** Sets the wall clock, unless the constructor was given one. Called by the plugin that mounts the server. */
  useWallClock(wallClock: Clock): void {
    if (!this.#hasOwnWallClock) this.#answers.wallClock = wallClock
  }

  /** The current content id. Timelines are available to clients whose stem it begins with. Setting it updates every affected client. */
  get contentId(): string | null {
    return this.#contentId
  }

  /**
   * Changes the content id and updates every client that is affected.
   *
   * @throws InvalidOptionError if the value is neither a valid content id nor null.
   */
  set contentId(contentId: string | null) {
    this.#contentId = checkOption('contentId', TS_SERVER_OPTIONS.contentId, contentId)
    this.updateAllClients()
  }

  /**
   * Adds a source, and notifies it of the timelines that connected clients have requested. Has no effect if it is already attached.
   * @throws InvalidOptionError for anything but a TimelineSource.
   */
  attachTimelineSource(source: TimelineSource): void {
    for (const method of ['recognises', 'controlTimestamp'] as const) {
      if (source instanceof TimelineSource && typeof source[method] === 'function') continue
      throw new InvalidOptionError('source', `a TimelineSource with a method ${method}()`, source)
    }
    const timelines = this.#answers.attach(source)
    if (timelines === undefined) return
    source.attachSink(this)
    this.updateTimelines(timelines)
  }

  /** Removes a source. It is notified that its timelines are no longer needed, and their clients that these are unavailable. */
  removeTimelineSource(source: TimelineSource): void {
    const timelines = this.#answers.remove(source)
    if (timelines === undefined) return
    source.removeSink(this)
    this.updateTimelines(timelines)
  }

  /** Called when a client has sent its setup-data, before its first control timestamp is sent. */
  onSetup(_connection: Connection, _setup: SetupData, _data: ConnectionData): void | Promise<void> {}

  /** Called when a client has sent presentation timestamps, which are for information only. */
  onPresentationTimestamps(
    _connection: Connection,
    _timestamps: PresentationTimestamps,
    _data: ConnectionData,
  ): void | Promise<void> {}

  /** What the server knows of a client; undefined for a connection that is not open or not this server's. */
  stateOf(connection: Connection): TsConnectionState | undefined {
    const client = this.#clients.get(connection)
    if (client === undefined) return undefined
    const { setup, setupAt, sent, sentAt, presentationTimestamps } = client
    return {
      setup: setup && { value: setup, at: setupAt },
      controlTimestamp: sent && { value: sent, at: sentAt },
      presentationTimestamps,
    }
  }

  /**
   * Sends a client its control timestamp at the end of this turn of the event loop, unless it is unchanged, or the timeline is not
   * known yet.
   */
  updateClient(connection: Connection): void {
    const client = this.#clients.get(connection)
    if (client !== undefined && this.#answers.acceptsChange()) this.#rounds.add(client)
  }

  /** {@link updateClient} for every connection. */
  updateAllClients(): void {
    if (!this.#answers.acceptsChange()) return
    this.#answers.beginSlice()
    for (const client of this.#clients.values()) this.#rounds.add(client)
  }

  /** {@link updateClient} for every client of these timelines. Called by timeline sources. */
  updateTimelines(timelineSelectors: Iterable<string>): void {
    if (!this.#answers.acceptsChange()) return
    for (const selector of timelineSelectors) {
      for (const client of this.#answers.changed(selector)) this.#rounds.add(client)
    }
  }

  protected override get hookNames(): readonly string[] {
    return [...super.hookNames, 'onSetup', 'onPresentationTimestamps']
  }

  protected override opened(connection: Connection, data: ConnectionData): void {
    const client = new Client(connection, this.#composer, data)
    this.#clients.set(connection, client)
  }

  readonly #composer: StateComposer<Client<ConnectionData>> = {
    compose: (client) => this.#compose(client),
    coalesced: () => {
      this.statistics.coalesced += 1
    },
  }

  #compose(client: Client<ConnectionData>): Uint8Array | undefined {
    if (client.setup === undefined || !client.isSetUp) return undefined
    // Outside a round an earlier answer may be outdated.
    if (!this.#rounds.running) this.#answers.beginSlice()
    const { contentIdStem, timelineSelector } = client.setup
    const answer = this.#answers.find(this.#contentId, contentIdStem, timelineSelector)
    if (answer === undefined || (client.sent !== undefined && sameForClient(client.sent, answer.timestamp)))
      return undefined
    client.sent = answer.timestamp
    return answer.message
  }

  protected override message(connection: Connection, message: string | Uint8Array): void | Promise<void> {
    const client = this.#clients.get(connection)
    if (client === undefined) return
    if (typeof message !== 'string') {
      this.rejectMessage(connection, 'binary', `expected text, received a binary frame of length ${message.length}`)
      return
    }
    const forgiveness = new Forgiveness()
    let said: { setup: SetupData } | PresentationTimestamps
    try {
      const value = parseJson(message)
      if (client.setup === undefined) {
        said = { setup: keptSetupData(readSetupDataLeniently(value, forgiveness)) }
      } else if (isSetupData(value)) {
        this.rejectMessage(connection, 'second-setup-data', 'setup-data can be sent once for each connection')
        return
      } else {
        said = decodePresentationTimestamps(value)
      }
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.rejectMessage(connection, error.kind === 'not-json' ? 'not-json' : 'invalid', error.message)
      return
    }
    const bytes = Buffer.byteLength(message)
    if (bytes > this.#maxKeptMessageBytes) {
      this.rejectMessage(
        connection,
        'too-large',
        `expected at most ${this.#maxKeptMessageBytes} bytes, received ${bytes}`,
      )
      return
    }
    // An error in the hooks below is the app's fault, not the client's.
    if ('setup' in said) return this.#setUp(connection, client, said.setup, forgiveness)
    client.presentationTimestamps = { value: said, at: Date.now() }
    const own = this.onPresentationTimestamps(connection, said, client.data)
    const hook = withHook(own, () => this.#hooks.onPresentationTimestamps?.(connection, said, client.data))
    return withHook(hook, () => this.#hooks.onMessage?.(connection, said, client.data))
  }

  #setUp(
    connection: Connection,
    client: Client<ConnectionData>,
    setup: SetupData,
    forgiveness: Forgiveness,
  ): void | Promise<void> {
    const { contentIdStem, timelineSelector } = setup
    client.setup = setup
    client.setupAt = Date.now()
    const asked = () => ({ contentIdStem: visible(contentIdStem), timelineSelector: visible(timelineSelector) })
    this.logOf(connection, 'info', 'setup-data', asked)
    for (const [kind, count] of forgiveness.counts) {
      this.statistics.forgiven[kind] = (this.statistics.forgiven[kind] ?? 0) + count
    }
    for (const { kind, detail } of forgiveness.reports) {
      this.logOf(connection, 'warn', 'setup-data deviates from the specification, and is accepted', () => ({
        kind,
        detail,
      }))
    }
    if (!contentIdMatches(this.#contentId, contentIdStem)) {
      const contentId = this.#contentId === null ? null : visible(this.#contentId)
      const message = 'no timeline while the content id does not begin with the stem'
      this.logOf(connection, 'info', message, () => ({ contentId }))
    }
    this.#answers.need(timelineSelector, client)
    const answer = () => {
      client.isSetUp = true
      client.wake()
    }
    const own = this.onSetup(connection, setup, client.data)
    const onSetup = withHook(own, () => this.#hooks.onSetup?.(connection, setup, client.data))
    const hook = withHook(onSetup, () => this.#hooks.onMessage?.(connection, setup, client.data))
    return isThenable(hook) ? Promise.resolve(hook).then(answer) : answer()
  }

  protected override closing(connection: Connection): void {
    const client = this.#clients.get(connection)
    if (client !== undefined) this.#rounds.flush(client)
  }

  protected override closed(connection: Connection): void {
    const client = this.#clients.get(connection)
    this.#clients.delete(connection)
    if (client?.setup !== undefined) this.#answers.release(client.setup.timelineSelector, client)
  }
}

/** Whether both say that the timeline is unavailable: a client gains nothing from another wall clock time. */
function sameForClient(sent: ControlTimestamp, next: ControlTimestamp): boolean {
  return sent === next || equalControlTimestamps(sent, next) || (sent.contentTime === null && next.contentTime === null)
}

/** Distinguishes the two messages of a client by a property that the other never has. */
function isSetupData(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'timelineSelector' in value
}
