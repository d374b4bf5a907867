import { MessageError } from '../messages/index.js'
import { type Connection, EndpointServer, type EndpointServerOptions } from '../server/endpoint/index.js'
import { visible } from '../validation/index.js'
import { withCalibrations } from './calibrations.js'
import { type ControlAccess, refusalOf } from './control-access.js'
import { PageClient, type Section } from './page-client.js'
import {
  type CommandRequest,
  type CompanionReport,
  decodePageMessage,
  type Hello,
  type PageMessage,
  type PageRole,
  type PageSetting,
  type PlaybackReport,
  type Seat,
  type Update,
} from './protocol/index.js'
import type { DrivingPage, Television } from './television.js'

/** What control pages are shown of the companions. */
export interface ControlFeed {
  companions(): readonly CompanionReport[]
  /** @returns what has come since a sequence number, and the next one */
  messagesSince(sequence: number): { readonly entries: NonNullable<Update['messages']>; readonly next: number }
  logSince(sequence: number): { readonly entries: NonNullable<Update['log']>; readonly next: number }
  /** Whether anybody looks: observing costs something. */
  watch(isWatched: boolean): void
}

/** What a {@link PageServer} serves. */
export interface PageServerSources {
  readonly television: Television
  readonly access: ControlAccess
  readonly feed: ControlFeed
  /** What a page has to know of the app that serves it. */
  setting(connection: Connection, role: PageRole): PageSetting
}

const TICK_MILLIS = 1000
const CONTROL_TICK_MILLIS = 200
/** Ticks between two sendings of an unchanged state. */
const STATE_EVERY_TICKS = 5

const SECTIONS: { readonly [Role in PageRole]: readonly Section[] } = {
  tv: ['setting', 'state', 'programmes', 'seat'],
  companion: ['setting', 'state', 'programmes'],
  control: ['setting', 'state', 'programmes', 'companions'],
}

/** The connections of the television's pages: they drive it, follow it and show it. */
export class PageServer extends EndpointServer<PageClient> {
  override readonly connectionIdPrefix: string = 'page'
  override readonly loggingName: string = 'pages'
  readonly #sources: PageServerSources
  readonly #clients = new Map<Connection, PageClient>()
  readonly #versions: Record<Section, number> = { setting: 1, state: 1, programmes: 1, seat: 1, companions: 1 }
  /** The page of the picture that drives. */
  #driver: PageClient | undefined
  /** What control pages are shown in this version of the section: observed once, however many look. */
  #companions: { readonly version: number; readonly reports: readonly CompanionReport[] } | undefined
  #ticks = 0
  #timers: NodeJS.Timeout[] = []

  constructor(sources: PageServerSources, options: EndpointServerOptions = {}) {
    super(options)
    this.#sources = sources
    const { television } = sources
    television.on('change', () => this.#changed('state'))
    television.on('programmes', () => this.#changed('programmes'))
  }

  override createConnectionData(connection: Connection): PageClient {
    const client = new PageClient(connection, {
      compose: (each: PageClient) => this.#compose(each),
      coalesced: () => {
        this.statistics.coalesced += 1
      },
    })
    this.#clients.set(connection, client)
    if (this.#clients.size === 1) this.#startTimers()
    return client
  }

  protected override message(connection: Connection, message: string | Uint8Array, client: PageClient): void {
    if (typeof message !== 'string') {
      this.rejectMessage(connection, 'binary', `expected text, received a binary frame of length ${message.length}`)
      return
    }
    let said: PageMessage
    try {
      said = decodePageMessage(message)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.rejectMessage(connection, error.kind === 'not-json' ? 'not-json' : 'invalid', error.message)
      return
    }
    const problem = this.#take(client, said)
    if (problem !== undefined) this.rejectMessage(connection, 'invalid', problem)
  }

  /** @returns why the message is not one that this page may send now */
  #take(client: PageClient, said: PageMessage): string | undefined {
    const { role } = client
    if (said.type === 'hello') return role === undefined ? this.#hello(client, said) : 'expected hello once'
    if (role === undefined) return `expected hello first, received ${said.type}`
    switch (said.type) {
      case 'drive':
      case 'select':
      case 'playback':
      case 'media-failed':
        if (role !== 'tv') return `expected ${said.type} from a page of the picture, received it from ${role}`
        break
      case 'calibration':
        if (role !== 'companion') return `expected ${said.type} from a companion page, received it from ${role}`
        break
      default:
        if (role !== 'control') return `expected ${said.type} from a control page, received it from ${role}`
    }
    switch (said.type) {
      case 'drive':
        return this.#drive(client)
      case 'select':
        if (client !== this.#driver) return undefined
        return this.#sources.television.execute({ name: 'programme', programme: said.programme })
      case 'playback':
        return client === this.#driver ? this.#report(said) : undefined
      case 'media-failed':
        this.logLimited(
          client.connection.log,
          'warn',
          { detail: visible(said.detail) },
          'the page cannot play the programme',
        )
        // The television goes on by its own clock.
        if (client === this.#driver) this.#sources.television.playback.release()
        return undefined
      case 'calibration':
        client.calibrationSeconds = said.renderingLatencySeconds
        return undefined
      case 'watch':
        client.watch = said
        client.wake()
        return undefined
      case 'command':
        return this.#execute(client, said)
    }
  }

  #hello(client: PageClient, { role, token }: Hello): undefined {
    const refusal = refusalOf(client.connection, role, token, this.#sources.access)
    if (refusal !== undefined) {
      this.logLimited(client.connection.log, 'info', { role, reason: refusal.reason }, 'page refused')
      client.say(refusal)
      client.connection.close(1008, refusal.reason)
      return
    }
    client.role = role
    this.logOf(client.connection, 'info', 'page opened', () => ({ role }))
    if (role === 'control') {
      this.#sources.feed.watch(true)
      this.#versions.companions += 1
    }
    if (role === 'tv' && this.#driver === undefined) this.#drive(client)
    client.wake()
  }

  #drive(client: PageClient | undefined): undefined {
    if (client === this.#driver) return
    this.#driver = client
    this.#sources.television.page = client === undefined ? undefined : drivingPage(client)
    this.#changed('seat')
  }

  #report(report: PlaybackReport): string | undefined {
    const verdict = this.#sources.television.report(report)
    return verdict === 'untimely' ? 'expected a time of the wall clock within the last 10 s' : undefined
  }

  #execute(client: PageClient, { id, command }: CommandRequest): undefined {
    const error = this.#sources.television.execute(command)
    this.logOf(client.connection, 'info', 'command', () => ({
      command: command.name,
      ...(error !== undefined && { error }),
    }))
    client.say({ type: 'answer', id, ...(error !== undefined && { error: visible(error) }) })
  }

  protected override closed(connection: Connection): void {
    const client = this.#clients.get(connection)
    this.#clients.delete(connection)
    if (client === this.#driver) this.#drive([...this.#clients.values()].find(({ role }) => role === 'tv'))
    if (![...this.#clients.values()].some(({ role }) => role === 'control')) this.#sources.feed.watch(false)
    if (this.#clients.size === 0) this.#stopTimers()
  }

  #changed(section: Section): void {
    this.#versions[section] += 1
    for (const client of this.#clients.values()) {
      if (client.role !== undefined && SECTIONS[client.role].includes(section)) client.wake()
    }
  }

  #startTimers(): void {
    const every = (milliseconds: number, tick: () => void) => {
      const timer = setInterval(tick, milliseconds)
      timer.unref()
      this.#timers.push(timer)
    }
    every(TICK_MILLIS, () => {
      this.#ticks += 1
      if (this.#ticks % STATE_EVERY_TICKS === 0) this.#changed('state')
      this.#changed('companions')
    })
    every(CONTROL_TICK_MILLIS, () => {
      for (const client of this.#clients.values()) {
        if (client.watch.messages || client.watch.log) client.wake()
      }
    })
  }

  #stopTimers(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
  }

  #compose(client: PageClient): Uint8Array | undefined {
    const { role } = client
    if (role === undefined) return undefined
    const update: Record<string, unknown> = {}
    for (const section of SECTIONS[role]) {
      if (client.sent[section] === this.#versions[section]) continue
      client.sent[section] = this.#versions[section]
      update[section] = this.#section(client, section, role)
    }
    if (role === 'control') this.#addJournals(client, update)
    return Object.keys(update).length === 0 ? undefined : Buffer.from(JSON.stringify({ type: 'update', ...update }))
  }

  #section(client: PageClient, section: Section, role: PageRole): unknown {
    const { television, setting } = this.#sources
    switch (section) {
      case 'setting':
        return setting(client.connection, role)
      case 'state':
        return television.state()
      case 'programmes':
        return television.programmes
      case 'seat':
        return this.#seatOf(client)
      case 'companions':
        return this.#companionReports()
    }
  }

  /** Each look at the companions pings them, and compares what waits for them with the last look. */
  #companionReports(): readonly CompanionReport[] {
    const version = this.#versions.companions
    if (this.#companions?.version !== version) {
      const reports = withCalibrations(this.#sources.feed.companions(), this.#clients.values())
      this.#companions = { version, reports }
    }
    return this.#companions.reports
  }

  #seatOf(client: PageClient): Seat {
    return { drives: client === this.#driver, driver: this.#driver?.connection.remoteAddress ?? null }
  }

  #addJournals(client: PageClient, update: Record<string, unknown>): void {
    const { feed } = this.#sources
    if (client.watch.messages) {
      const { entries, next } = feed.messagesSince(client.messagesRead)
      client.messagesRead = next
      if (entries.entries.length + entries.omitted > 0) update.messages = entries
    }
    if (client.watch.log) {
      const { entries, next } = feed.logSince(client.logRead)
      client.logRead = next
      if (entries.entries.length + entries.omitted > 0) update.log = entries
    }
  }
}

function drivingPage(client: PageClient): DrivingPage {
  return {
    remoteAddress: client.connection.remoteAddress,
    act: (action) => client.say({ type: 'action', action }),
  }
}
