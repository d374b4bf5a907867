import type { Clock } from '../clocks/index.js'
import { SystemClock } from '../clocks/index.js'
import {
  type ControlTimestamp,
  decodePresentationTimestamps,
  decodeSetupData,
  describeValue,
  equalControlTimestamps,
  hasContentIdStem,
  MessageError,
  type PresentationTimestamps,
  parseJson,
  type SetupData,
  visible,
} from '../messages/index.js'
import { contentIdMatches, TimelineSource } from '../timelines/index.js'
import type { Connection } from './connection.js'
import { EndpointServer, type EndpointServerOptions } from './endpoint-server.js'
import { StateSender } from './state-sender.js'
import { isThenable } from './thenable.js'
import { TimelineAnswers } from './timeline-answers.js'

export interface TsServerOptions extends EndpointServerOptions {
  /** What is on, or null while that is not known: then no timeline is available. Default null. */
  contentId?: string | null
  /** The clock that CSS-WC serves: dates the timestamps of timelines that are not available. Default: a SystemClock. */
  wallClock?: Clock
}

/** What {@link TsServer} tells the app of each client. */
export interface TsConnectionData {
  /** What the client asked for; undefined until it has. */
  setup: SetupData | undefined
  /** The last that the client told of its own presentation. */
  presentationTimestamps: PresentationTimestamps | undefined
}

interface Client<Data> {
  /** What the app sees. */
  readonly data: Data
  readonly sender: StateSender
  setup: SetupData | undefined
  /** Whether the app has let the setup-data through. */
  isSetUp: boolean
  /** The last control timestamp that it was sent. */
  sent: ControlTimestamp | undefined
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

  readonly #answers: TimelineAnswers
  readonly #clients = new Map<Connection, Client<ConnectionData>>()
  readonly #hasOwnWallClock: boolean
  #contentId: string | null

  /** @throws TypeError when an option is of the wrong type. */
  constructor(options: TsServerOptions = {}) {
    super(options)
    this.#contentId = checkContentId(options.contentId ?? null)
    this.#hasOwnWallClock = options.wallClock !== undefined
    this.#answers = new TimelineAnswers(options.wallClock ?? new SystemClock(), (source, error) => {
      this.statistics.hookErrors += 1
      try {
        this.logLimited(this.log, 'error', { err: error, source: source.constructor.name }, 'a timeline source failed')
      } catch {
        // A logger that fails must not keep the clients from their answer. The failure is counted.
      }
    })
  }

  /** Gives the server the app's wall clock, if it was made without one; whoever mounts it calls this. */
  useWallClock(wallClock: Clock): void {
    if (!this.#hasOwnWallClock) this.#answers.wallClock = wallClock
  }

  /** What is on: clients whose stem it begins with can have timelines. Setting it tells every client for which that makes a difference. */
  get contentId(): string | null {
    return this.#contentId
  }

  set contentId(contentId: string | null) {
    this.#contentId = checkContentId(contentId)
    this.updateAllClients()
  }

  /**
   * Adds a source. It is told at once of the timelines that connected clients already want. Attaching it again does nothing.
   * @throws TypeError for what is no TimelineSource.
   */
  attachTimelineSource(source: TimelineSource): void {
    if (!(source instanceof TimelineSource)) {
      throw new TypeError(`attachTimelineSource: expected a TimelineSource, got ${describeValue(source)}`)
    }
    for (const method of ['recognises', 'controlTimestamp'] as const) {
      if (typeof source[method] === 'function') continue
      throw new TypeError(`attachTimelineSource: expected ${source.constructor.name} to have a method ${method}()`)
    }
    if (!this.#answers.attach(source)) return
    source.attachSink(this)
    this.updateAllClients()
  }

  /** Removes a source; it is told that its timelines are not needed any more, and their clients that these are not available. */
  removeTimelineSource(source: TimelineSource): void {
    if (!this.#answers.remove(source)) return
    source.removeSink(this)
    this.updateAllClients()
  }

  /** A client has said what it wants. Runs before its first control timestamp is sent. */
  onSetup(_connection: Connection, _setup: SetupData, _data: ConnectionData): void | Promise<void> {}

  /** A client has told how it presents its content: for information only. */
  onPresentationTimestamps(
    _connection: Connection,
    _timestamps: PresentationTimestamps,
    _data: ConnectionData,
  ): void | Promise<void> {}

  /** Sends a client its control timestamp, unless it has the same one already, or nothing is known yet. */
  updateClient(connection: Connection): void {
    this.#clients.get(connection)?.sender.wake()
  }

  /** {@link updateClient} for every connection. */
  updateAllClients(): void {
    this.#answers.round(() => {
      for (const client of this.#clients.values()) client.sender.wake()
    })
  }

  /** Where the app finds what a client has said. A subclass that needs more adds it to what this returns. */
  override createConnectionData(_connection: Connection): ConnectionData {
    return { setup: undefined, presentationTimestamps: undefined } as ConnectionData
  }

  protected override connected(connection: Connection, data: ConnectionData): void | Promise<void> {
    const coalesced = () => {
      this.statistics.coalesced += 1
    }
    const client: Client<ConnectionData> = {
      data,
      sender: new StateSender(connection, () => this.#compose(client), coalesced),
      setup: undefined,
      isSetUp: false,
      sent: undefined,
    }
    this.#clients.set(connection, client)
    return super.connected(connection, data)
  }

  #compose(client: Client<ConnectionData>): Uint8Array | undefined {
    if (client.setup === undefined || !client.isSetUp) return undefined
    const answer = this.#answers.find(this.#contentId, client.setup)
    if (answer === undefined || (client.sent !== undefined && sameForClient(client.sent, answer))) return undefined
    client.sent = answer
    return this.#answers.encode(answer)
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
        said = { setup: decodeSetupData(value), stemGiven: hasContentIdStem(value) }
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
    // What the hooks below throw is the app's, and no fault of the client.
    if ('setup' in said) return this.#setUp(connection, client, said.setup, said.stemGiven)
    if (isObject(client.data)) client.data.presentationTimestamps = said
    return this.onPresentationTimestamps(connection, said, client.data)
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
    const asked = { contentIdStem: visible(contentIdStem), timelineSelector: visible(timelineSelector) }
    this.logLimited(connection.log, 'info', asked, 'setup-data')
    if (!stemGiven) {
      this.logLimited(connection.log, 'warn', {}, 'setup-data without contentIdStem: taken as any content')
    }
    if (!contentIdMatches(this.#contentId, contentIdStem)) {
      const contentId = this.#contentId === null ? null : visible(this.#contentId)
      const message = 'no timeline while the content id does not begin with the stem'
      this.logLimited(connection.log, 'info', { contentId }, message)
    }
    this.#answers.need(timelineSelector)
    const answer = () => {
      client.isSetUp = true
      client.sender.wake()
    }
    const hook = this.onSetup(connection, setup, client.data)
    return isThenable(hook) ? Promise.resolve(hook).then(answer) : answer()
  }

  protected override disconnected(connection: Connection, data: ConnectionData): void | Promise<void> {
    const setup = this.#clients.get(connection)?.setup
    this.#clients.delete(connection)
    if (setup !== undefined) this.#answers.release(setup.timelineSelector)
    return super.disconnected(connection, data)
  }
}

/** An app written in JavaScript may make connection data of any kind. */
function isObject(data: unknown): boolean {
  return typeof data === 'object' && data !== null
}

/** A client that knows that its timeline is not available learns nothing from being told the time of day again. */
function sameForClient(sent: ControlTimestamp, next: ControlTimestamp): boolean {
  return equalControlTimestamps(sent, next) || (sent.contentTime === null && next.contentTime === null)
}

/** Told apart by what the other message of a client never has. */
function isSetupData(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'timelineSelector' in value
}

function checkContentId(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value
  throw new TypeError(`contentId: expected a string or null, got ${describeValue(value)}`)
}
