import { Clock, SystemClock } from '../../clocks/index.js'
import {
  type ControlTimestamp,
  decodePresentationTimestamps,
  decodeSetupData,
  equalControlTimestamps,
  hasContentIdStem,
  MessageError,
  type PresentationTimestamps,
  parseJson,
  type SetupData,
} from '../../messages/index.js'
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
export interface TsHooks<ConnectionData = TsConnectionData>
  extends EndpointHooks<ConnectionData, SetupData | PresentationTimestamps> {
  /** A client has sent its setup-data. Its first control timestamp waits for a hook that is asynchronous. */
  onSetup?(connection: Connection, setup: SetupData, data: ConnectionData): void | Promise<void>
  /** A client has said when it could present its content. */
  onPresentationTimestamps?(
    connection: Connection,
    timestamps: PresentationTimestamps,
    data: ConnectionData,
  ): void | Promise<void>
}

/** Options of {@link TsServer}. */
export interface TsServerOptions extends EndpointServerOptions<TsHooks> {
  /** What is on, or null while that is not known: then no timeline is available. Default null. */
  contentId?: string | null
  /** The clock that CSS-WC serves: dates the timestamps of timelines that are not available. Default: a SystemClock. */
  wallClock?: Clock
  /** Bytes of a message. Setup-data and presentation timestamps are kept as long as the connection lasts; longer ones are dropped. Default 8192. */
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

/** What {@link TsServer} keeps of each client for the app. */
export interface TsConnectionData {
  /** What the client has asked for; absent or undefined until it has. */
  setup?: SetupData | undefined
  /** When the client could present its content, as it last said; absent or undefined until it has. */
  presentationTimestamps?: PresentationTimestamps | undefined
}

/** One client, and what it has been sent. */
class Client<Data> extends StateSender {
  /** What the app sees. */
  readonly data: Data
  setup: SetupData | undefined
  /** Whether the app has let the setup-data through. */
  isSetUp = false
  /** The last control timestamp that it was sent. */
  sent: ControlTimestamp | undefined

  constructor(connection: Connection, composer: StateComposer<Client<Data>>, data: Data) {
    super(connection, composer)
    this.data = data
  }
}

/**
 * The CSS-TS endpoint of a television (TS 103 286-2, clause 5.7): tells each client where its timeline is on the wall
 * clock, and again whenever that relation changes. Timelines come from the sources that the app attaches.
 */
export class TsServer<
  ConnectionData extends TsConnectionData = TsConnectionData,
> extends EndpointServer<ConnectionData> {
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

  /** Counts and logs a fault of the app's own code. A logger that fails must not keep the clients from their answer. */
  #report(source: TimelineSource | undefined, message: string, error?: unknown): void {
    this.statistics.hookErrors += 1
    try {
      const fields = { ...(error !== undefined && { err: error }), ...(source && { source: source.constructor.name }) }
      this.logLimited(this.log, 'error', fields, message)
    } catch {
      // It is counted.
    }
  }

  /** Gives the server the app's wall clock, if it was made without one; whoever mounts it calls this. */
  useWallClock(wallClock: Clock): void {
    if (!this.#hasOwnWallClock) this.#answers.wallClock = wallClock
  }

  /** What is on: clients whose stem it begins with can have timelines. Setting it tells every client for which that makes a difference. */
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
   * Adds a source. It is told at once of the timelines that connected clients already want. Attaching it again does nothing.
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

  /** Removes a source; it is told that its timelines are not needed any more, and their clients that these are not available. */
  removeTimelineSource(source: TimelineSource): void {
    const timelines = this.#answers.remove(source)
    if (timelines === undefined) return
    source.removeSink(this)
    this.updateTimelines(timelines)
  }

  /** A client has said what it wants. Runs before its first control timestamp is sent. */
  onSetup(_connection: Connection, _setup: SetupData, _data: ConnectionData): void | Promise<void> {}

  /** A client has told how it presents its content: for information only. */
  onPresentationTimestamps(
    _connection: Connection,
    _timestamps: PresentationTimestamps,
    _data: ConnectionData,
  ): void | Promise<void> {}

  /**
   * Sends a client its control timestamp at the end of this turn of the event loop, unless it has the same one already, or the
   * timeline is not known yet.
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

  /** {@link updateClient} for every connection that wants one of these timelines. Timeline sources call it. */
  updateTimelines(timelineSelectors: Iterable<string>): void {
    if (!this.#answers.acceptsChange()) return
    for (const selector of timelineSelectors) {
      for (const client of this.#answers.changed(selector)) this.#rounds.add(client)
    }
  }

  /** Makes the object that keeps what a client has said. A subclass that needs more returns one of its own: the server adds to it. */
  override createConnectionData(_connection: Connection): TsConnectionData | object {
    return { setup: undefined, presentationTimestamps: undefined }
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
    // Outside a round an earlier answer may be out of date.
    if (!this.#rounds.running) this.#answers.beginSlice()
    const { contentIdStem, timelineSelector } = client.setup
    const answer = this.#answers.find(this.#contentId, contentIdStem, timelineSelector)
    if (answer === undefined || (client.sent !== undefined && sameForClient(client.sent, answer.timestamp)))
      return undefined
    client.sent = answer.timestamp
    return answer.message
  }

  protected override received(connection: Connection, message: string | Uint8Array): void | Promise<void> {
    const client = this.#clients.get(connection)
    if (client === undefined) return
    if (typeof message !== 'string') {
      this.rejectMessage(connection, 'binary', `expected text, got a binary frame of length ${message.length}`)
      return
    }
    let said: { setup: SetupData; stemGiven: boolean } | PresentationTimestamps
    try {
      const value = parseJson(message)
      if (client.setup === undefined) {
        said = { setup: keptSetupData(decodeSetupData(value)), stemGiven: hasContentIdStem(value) }
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
      this.rejectMessage(connection, 'too-large', `expected at most ${this.#maxKeptMessageBytes} bytes, got ${bytes}`)
      return
    }
    // An error of the hooks below is the app's, and not the client's.
    if ('setup' in said) return this.#setUp(connection, client, said.setup, said.stemGiven)
    if (isObject(client.data)) client.data.presentationTimestamps = said
    const own = this.onPresentationTimestamps(connection, said, client.data)
    const hook = withHook(own, () => this.#hooks.onPresentationTimestamps?.(connection, said, client.data))
    return withHook(hook, () => this.#hooks.onMessage?.(connection, said, client.data))
  }

  #setUp(
    connection: Connection,
    client: Client<ConnectionData>,
    setup: SetupData,
    stemGiven: boolean,
  ): void | Promise<void> {
    const { contentIdStem, timelineSelector } = setup
    client.setup = setup
    if (isObject(client.data)) client.data.setup = setup
    const asked = () => ({ contentIdStem: visible(contentIdStem), timelineSelector: visible(timelineSelector) })
    this.logOf(connection, 'info', 'setup-data', asked)
    if (!stemGiven) {
      this.logOf(connection, 'warn', 'setup-data without contentIdStem: taken as any content', () => ({}))
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

/** An app written in JavaScript may make connection data of any kind. */
function isObject(data: unknown): boolean {
  return typeof data === 'object' && data !== null
}

/** A client that knows that its timeline is not available learns nothing from being told the time of day again. */
function sameForClient(sent: ControlTimestamp, next: ControlTimestamp): boolean {
  return sent === next || equalControlTimestamps(sent, next) || (sent.contentTime === null && next.contentTime === null)
}

/** Told apart by what the other message of a client never has. */
function isSetupData(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'timelineSelector' in value
}
