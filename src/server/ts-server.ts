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
} from '../messages/index.js'
import { TimelineSource } from '../timelines/index.js'
import type { Connection } from './connection.js'
import { EndpointServer, type EndpointServerOptions } from './endpoint-server.js'
import { StateSender } from './state-sender.js'
import { TimelineAnswers } from './timeline-answers.js'

export interface TsServerOptions extends EndpointServerOptions {
  /** What is on, or null while that is not known: then no timeline is available. Default null. */
  contentId?: string | null
  /** The clock that CSS-WC serves: dates the timestamps of timelines that are not available. Default: a SystemClock. */
  wallClock?: Clock
}

/** What {@link TsServer} knows of one client. */
export interface TsConnectionData {
  /** What the client asked for; undefined until it has. */
  setup: SetupData | undefined
  /** The last control timestamp that it was sent. */
  sent: ControlTimestamp | undefined
  /** The last that the client told of its own presentation. */
  presentationTimestamps: PresentationTimestamps | undefined
  readonly sender: StateSender
}

/**
 * The CSS-TS endpoint of a television (TS 103 286-2, clause 5.7): tells each client where its timeline is on the wall
 * clock, and again whenever that relation changes. Timelines come from the sources that the app attaches.
 */
export class TsServer extends EndpointServer<TsConnectionData> {
  override readonly connectionIdPrefix: string = 'ts'
  override readonly loggingName: string = 'ts-server'

  readonly #answers: TimelineAnswers
  readonly #hasOwnWallClock: boolean
  #contentId: string | null

  /** @throws TypeError when an option is of the wrong type. */
  constructor(options: TsServerOptions = {}) {
    super(options)
    this.#contentId = checkContentId(options.contentId ?? null)
    this.#hasOwnWallClock = options.wallClock !== undefined
    this.#answers = new TimelineAnswers(options.wallClock ?? new SystemClock(), (error) => {
      this.statistics.hookErrors += 1
      this.log.error({ err: error }, 'a timeline source failed')
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
  onSetup(_connection: Connection, _setup: SetupData, _data: TsConnectionData): void | Promise<void> {}

  /** A client has told how it presents its content: for information only. */
  onPresentationTimestamps(
    _connection: Connection,
    _timestamps: PresentationTimestamps,
    _data: TsConnectionData,
  ): void | Promise<void> {}

  /** Sends a client its control timestamp, unless it has the same one already, or nothing is known yet. */
  updateClient(connection: Connection): void {
    this.dataOf(connection)?.sender.wake()
  }

  /** {@link updateClient} for every connection. */
  updateAllClients(): void {
    this.#answers.round(() => this.eachConnection((_connection, data) => data.sender.wake()))
  }

  override createConnectionData(connection: Connection): TsConnectionData {
    const coalesced = () => {
      this.statistics.coalesced += 1
    }
    return {
      setup: undefined,
      sent: undefined,
      presentationTimestamps: undefined,
      sender: new StateSender(connection, () => this.#compose(connection), coalesced),
    }
  }

  #compose(connection: Connection): Uint8Array | undefined {
    const data = this.dataOf(connection)
    if (data?.setup === undefined) return undefined
    const answer = this.#answers.find(this.#contentId, data.setup)
    if (answer === undefined || (data.sent !== undefined && sameForClient(data.sent, answer))) return undefined
    data.sent = answer
    return this.#answers.encode(answer)
  }

  protected override received(
    connection: Connection,
    message: string | Uint8Array,
    data: TsConnectionData,
  ): void | Promise<void> {
    if (typeof message !== 'string') {
      this.rejectMessage(connection, 'binary', `expected text, got a binary frame of length ${message.length}`)
      return
    }
    try {
      const value = parseJson(message)
      if (data.setup === undefined) {
        const setup = decodeSetupData(value)
        if (!hasContentIdStem(value)) connection.log.warn('setup-data without contentIdStem: taken as any content')
        return this.#setUp(connection, setup, data)
      }
      if (isSetupData(value)) {
        this.rejectMessage(connection, 'second-setup-data', 'setup-data can be sent once for each connection')
        return
      }
      data.presentationTimestamps = decodePresentationTimestamps(value)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.rejectMessage(connection, error.kind === 'not-json' ? 'not-json' : 'invalid', error.message)
      return
    }
    return this.onPresentationTimestamps(connection, data.presentationTimestamps, data)
  }

  #setUp(connection: Connection, setup: SetupData, data: TsConnectionData): void | Promise<void> {
    data.setup = setup
    connection.log.info({ contentIdStem: setup.contentIdStem, timelineSelector: setup.timelineSelector }, 'setup-data')
    this.#answers.need(setup.timelineSelector)
    const answer = () => this.updateClient(connection)
    const hook = this.onSetup(connection, setup, data)
    return hook instanceof Promise ? hook.then(answer) : answer()
  }

  protected override disconnected(connection: Connection, data: TsConnectionData): void | Promise<void> {
    if (data.setup !== undefined) this.#answers.release(data.setup.timelineSelector)
    return super.disconnected(connection, data)
  }
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
