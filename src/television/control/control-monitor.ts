import {
  encodeCii,
  encodeControlTimestamp,
  encodePresentationTimestamps,
  encodeSetupData,
} from '../../messages/index.js'
import type { CiiServer } from '../../server/cii/index.js'
import { type ConnectedCompanion, ConnectedCompanions } from '../../server/companions/index.js'
import type { Connection, EndpointServer } from '../../server/endpoint/index.js'
import type { TsConnectionState, TsServer } from '../../server/ts/index.js'
import type { WallClockUdpServer } from '../../server/wall-clock/isolated/index.js'
import type { CompanionReport, ConnectionReport, LogEntry, MessageEntry, TimelineState } from '../protocol/index.js'
import { problemsOf } from './companion-problems.js'
import { Journal, type JournalPart } from './journal.js'
import { logEntry } from './log-line.js'
import { messageText } from './message-text.js'
import { type EndpointName, Traffic } from './traffic.js'
import { TsRecord, type WallClockUse } from './ts-record.js'

/** What a {@link ControlMonitor} observes. */
export interface MonitoredServers {
  readonly cii: CiiServer
  readonly ts: TsServer
  readonly wallClockWebSocket?: EndpointServer | undefined
  /** The wall clock over UDP, which remembers its clients on request. */
  readonly wallClockServer?: Pick<WallClockUdpServer, 'maxRecentClients' | 'recentClients'> | undefined
  timelines(): readonly TimelineState[]
  /** Passes on the lines of a pino log. @returns stops that */
  readonly tapLog?: ((taken: (line: string) => void) => () => void) | undefined
}

/** More than a page shows. */
const MAX_LOG_LINES = 500
/** Companions of which a page is told. */
const MAX_COMPANIONS = 300
const MAX_UDP_CLIENTS = 1000

/** Collects what the control pages show of the companions. It observes while there is such a page, and costs nothing otherwise. */
export class ControlMonitor {
  readonly #servers: MonitoredServers
  readonly #log = new Journal<LogEntry>(MAX_LOG_LINES)
  readonly #traffic = new Traffic()
  /** Undefined while nobody watches. */
  #connected: ConnectedCompanions | undefined
  #records = new WeakMap<Connection, TsRecord>()
  /** Bytes waited for these companions at the last look. */
  #unread = new Set<Connection>()
  #stop: (() => void)[] = []
  #observedSince = 0

  constructor(servers: MonitoredServers) {
    this.#servers = servers
  }

  /** Begins or ends observing. */
  watch(isWatched: boolean): void {
    if (isWatched === this.#stop.length > 0) return
    if (isWatched) this.#start()
    else for (const stop of this.#stop.splice(0)) stop()
  }

  messagesSince(sequence: number): JournalPart<MessageEntry> {
    return this.#traffic.journal.since(sequence)
  }

  logSince(sequence: number): JournalPart<LogEntry> {
    return this.#log.since(sequence)
  }

  /** The companions as they are now. */
  companions(): CompanionReport[] {
    const connected = this.#connected?.list().slice(0, MAX_COMPANIONS) ?? []
    const unread = new Set<Connection>()
    const reports = connected.map((companion) => this.#companion(companion, unread))
    this.#unread = unread
    return reports
  }

  #start(): void {
    const { cii, ts, wallClockWebSocket, wallClockServer, tapLog } = this.#servers
    this.#observedSince = Date.now()
    this.#records = new WeakMap()
    this.#stop = [
      this.#traffic.observe('cii', cii),
      this.#traffic.observe('ts', ts, (connection) => this.#sentBy(connection)),
    ]
    if (wallClockWebSocket !== undefined) this.#stop.push(this.#traffic.observe('wc', wallClockWebSocket))
    if (wallClockServer !== undefined) {
      // Before the companions are listed, because it forgets the clients that it knew.
      const { maxRecentClients } = wallClockServer
      wallClockServer.maxRecentClients = Math.max(maxRecentClients, MAX_UDP_CLIENTS)
      this.#stop.push(() => {
        wallClockServer.maxRecentClients = maxRecentClients
      })
    }
    const connected = new ConnectedCompanions(this.#servers)
    this.#connected = connected
    this.#stop.push(() => {
      connected.close()
      this.#connected = undefined
    })
    if (tapLog === undefined) return
    this.#stop.push(
      tapLog((line) => {
        const entry = logEntry(line)
        if (entry !== undefined) this.#log.add(entry)
      }),
    )
  }

  /** The relations that a companion was told have to be known when it presents by them. */
  #sentBy(connection: Connection): void {
    const state = this.#servers.ts.stateOf(connection)
    if (state !== undefined) this.#recordOf(connection).sent(state, this.#servers.timelines())
  }

  #recordOf(connection: Connection): TsRecord {
    let record = this.#records.get(connection)
    if (record === undefined) {
      record = new TsRecord()
      this.#records.set(connection, record)
    }
    return record
  }

  #companion(companion: ConnectedCompanion, unreadNow: Set<Connection>): CompanionReport {
    const { key, remoteAddress, userAgent, connectedAt, cii, ts } = companion
    const { ts: server, cii: ciiServer } = this.#servers
    const timelines = this.#servers.timelines()
    const state = ts === undefined ? undefined : server.stateOf(ts)
    const record = ts === undefined ? new TsRecord() : this.#recordOf(ts)
    if (ts !== undefined && state !== undefined) record.look(state, ts.statistics.messagesIn, timelines)
    const { wallClock, intervalMillis } = record.wallClock(wallClockOf(companion, this.#observedSince))
    const open = Object.entries({ cii, ts, wc: companion.wallClock }).flatMap(([endpoint, connection]) =>
      connection === undefined ? [] : [[endpoint as EndpointName, connection] as const],
    )
    for (const [, connection] of open) {
      connection.ping()
      if (connection.bufferedAmount > 0) unreadNow.add(connection)
    }
    const setup = state?.setup?.value
    const { presentation, presentationIntervalMillis, relations } = record
    return {
      key,
      remoteAddress,
      userAgent: userAgent ?? null,
      page: pageOf(cii),
      connectedAt,
      connections: open.map(([endpoint, connection]) => this.#connection(endpoint, connection, state)),
      timelineSelector: setup?.timelineSelector ?? null,
      contentIdStem: setup?.contentIdStem ?? null,
      wallClock,
      presentation,
      calibrationSeconds: null,
      problems: problemsOf({
        now: Date.now(),
        observedSince: this.#observedSince,
        setup,
        contentId: server.contentId === null ? null : (ciiServer.cii.contentId ?? null),
        timelines,
        relations,
        presentation,
        presentationIntervalMillis,
        wallClock,
        wallClockIntervalMillis: intervalMillis,
        badMessages: open.reduce((sum, [, { statistics }]) => sum + statistics.badMessages, 0),
        unread: open.flatMap(([, connection]) =>
          unreadNow.has(connection) && this.#unread.has(connection) ? [connection] : [],
        ),
      }),
    }
  }

  #connection(endpoint: EndpointName, connection: Connection, state: TsConnectionState | undefined): ConnectionReport {
    const { openedAt, messagesIn, messagesOut, bytesIn, bytesOut, badMessages, roundTripSeconds } =
      connection.statistics
    const last = this.#traffic.lastOf(connection)
    return {
      id: connection.id,
      endpoint,
      openedAt,
      messagesIn,
      messagesOut,
      bytesIn,
      bytesOut,
      badMessages,
      roundTripSeconds: roundTripSeconds ?? null,
      bufferedBytes: connection.bufferedAmount,
      lastIn: last.in ? { at: last.in.at, text: last.in.text } : earlierReceived(endpoint, state),
      lastOut: last.out ? { at: last.out.at, text: last.out.text } : this.#earlierSent(endpoint, connection, state),
    }
  }

  /** What a companion was sent before it was observed. */
  #earlierSent(
    endpoint: EndpointName,
    connection: Connection,
    state: TsConnectionState | undefined,
  ): ConnectionReport['lastOut'] {
    if (endpoint === 'cii') {
      const cii = this.#servers.cii.stateOf(connection)?.cii
      return cii === undefined ? null : { at: cii.at, text: messageText(encodeCii(cii.value)) }
    }
    const timestamp = endpoint === 'ts' ? state?.controlTimestamp : undefined
    return timestamp === undefined
      ? null
      : { at: timestamp.at, text: messageText(encodeControlTimestamp(timestamp.value)) }
  }
}

/** The page of this television that opened a connection to CII: it says so in the query. */
function pageOf(cii: Connection | undefined): CompanionReport['page'] {
  const query = cii?.handshake.url?.split('?', 2)[1]
  const page = new URLSearchParams(query).get('page')
  return page === 'tv' || page === 'companion' ? page : null
}

/** What a companion had sent before it was observed. */
function earlierReceived(endpoint: EndpointName, state: TsConnectionState | undefined): ConnectionReport['lastIn'] {
  if (endpoint !== 'ts' || state?.setup === undefined) return null
  const { setup, presentationTimestamps: presented } = state
  return presented === undefined
    ? { at: setup.at, text: messageText(encodeSetupData(setup.value)) }
    : { at: presented.at, text: messageText(encodePresentationTimestamps(presented.value)) }
}

function wallClockOf(
  { wallClock: connection, udp, isUdpShared, connectedAt }: ConnectedCompanion,
  observedSince: number,
): WallClockUse {
  if (connection !== undefined) {
    const { messagesIn: requests, lastMessageInAt, openedAt } = connection.statistics
    const lastRequestAt = lastMessageInAt ?? openedAt
    return {
      wallClock: { encoding: 'websocket', requests, lastRequestAt, isShared: false },
      intervalMillis: intervalOf(requests, openedAt, lastRequestAt),
    }
  }
  if (udp.length === 0) return { wallClock: null, intervalMillis: undefined }
  const requests = udp.reduce((sum, client) => sum + client.requests, 0)
  const lastRequestAt = Math.max(...udp.map((client) => client.lastRequestAt))
  return {
    wallClock: { encoding: 'udp', requests, lastRequestAt, isShared: isUdpShared },
    intervalMillis: isUdpShared ? undefined : intervalOf(requests, Math.max(connectedAt, observedSince), lastRequestAt),
  }
}

function intervalOf(count: number, from: number, to: number): number | undefined {
  return count < 2 ? undefined : (to - from) / (count - 1)
}
