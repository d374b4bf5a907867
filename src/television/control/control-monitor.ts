import { encodeCii, encodeControlTimestamp } from '../../messages/index.js'
import type { CiiServer } from '../../server/cii/index.js'
import type { Connection, EndpointServer } from '../../server/endpoint/index.js'
import type { TsConnectionState, TsServer } from '../../server/ts/index.js'
import type { RecentClient } from '../../server/wall-clock/index.js'
import type { CompanionReport, ConnectionReport, LogEntry, MessageEntry, TimelineState } from '../protocol/index.js'
import { type CompanionGroup, CompanionGroups, type EndpointName } from './companion-groups.js'
import { problemsOf } from './companion-problems.js'
import { Journal, type JournalPart } from './journal.js'
import { logEntry } from './log-line.js'
import { messageText } from './message-text.js'
import { Traffic } from './traffic.js'
import { TsRecord } from './ts-record.js'
import { WallClockSources } from './wall-clock-sources.js'

/** What a {@link ControlMonitor} observes. */
export interface MonitoredServers {
  readonly cii: CiiServer
  readonly ts: TsServer
  readonly wallClockWebSocket?: EndpointServer | undefined
  /** The wall clock over UDP, which remembers its clients on request. */
  readonly wallClockServer?: { maxRecentClients: number; recentClients(): readonly RecentClient[] } | undefined
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
  readonly #groups = new CompanionGroups()
  readonly #sources = new WallClockSources()
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
    const { cii, ts, wallClockWebSocket, wallClockServer } = this.#servers
    const groups = this.#groups
      .update({
        cii: [...cii.connections.keys()],
        ts: [...ts.connections.keys()],
        wc: [...(wallClockWebSocket?.connections.keys() ?? [])],
      })
      .slice(0, MAX_COMPANIONS)
    const withoutWebSocket = groups.filter(({ connections }) => !connections.has('wc'))
    const overUdp = this.#sources.assign(withoutWebSocket, wallClockServer?.recentClients() ?? [])
    const unread = new Set<Connection>()
    const reports = groups.map((group) => this.#companion(group, overUdp.get(group.key) ?? null, unread))
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
      const { maxRecentClients } = wallClockServer
      wallClockServer.maxRecentClients = Math.max(maxRecentClients, MAX_UDP_CLIENTS)
      this.#stop.push(() => {
        wallClockServer.maxRecentClients = maxRecentClients
      })
    }
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

  #companion(
    group: CompanionGroup,
    overUdp: CompanionReport['wallClock'],
    unreadNow: Set<Connection>,
  ): CompanionReport {
    const { key, remoteAddress, userAgent, connectedAt, connections } = group
    const { ts: server, cii } = this.#servers
    const timelines = this.#servers.timelines()
    const ts = connections.get('ts')
    const state = ts === undefined ? undefined : server.stateOf(ts)
    const record = ts === undefined ? new TsRecord() : this.#recordOf(ts)
    if (ts !== undefined && state !== undefined) record.look(state, ts.statistics.messagesIn, timelines)
    const wallClock = overWebSocket(connections.get('wc')) ?? overUdp
    const open = [...connections]
    for (const [, connection] of open) {
      connection.ping()
      if (connection.bufferedAmount > 0) unreadNow.add(connection)
    }
    const setup = state?.setup?.value
    const { presentation, presentationIntervalMillis, relations } = record
    return {
      key,
      remoteAddress,
      userAgent,
      connectedAt,
      connections: open.map(([endpoint, connection]) => this.#connection(endpoint, connection, state)),
      timelineSelector: setup?.timelineSelector ?? null,
      contentIdStem: setup?.contentIdStem ?? null,
      wallClock,
      presentation,
      problems: problemsOf({
        now: Date.now(),
        observedSince: this.#observedSince,
        setup,
        contentId: server.contentId === null ? null : (cii.cii.contentId ?? null),
        timelines,
        relations,
        presentation,
        presentationIntervalMillis,
        wallClock,
        wallClockIntervalMillis: intervalMillis(
          wallClock,
          connections.get('wc')?.statistics.openedAt ?? Math.max(connectedAt, this.#observedSince),
        ),
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
      lastIn: last.in ? { at: last.in.at, text: last.in.text } : null,
      lastOut: last.out ? { at: last.out.at, text: last.out.text } : this.#earlierMessage(endpoint, connection, state),
    }
  }

  /** What a companion was sent before it was observed. */
  #earlierMessage(
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

function overWebSocket(connection: Connection | undefined): CompanionReport['wallClock'] {
  if (connection === undefined) return null
  const { messagesIn, lastMessageInAt, openedAt } = connection.statistics
  return { encoding: 'websocket', requests: messagesIn, lastRequestAt: lastMessageInAt ?? openedAt, isShared: false }
}

function intervalMillis(wallClock: CompanionReport['wallClock'], since: number): number | undefined {
  if (wallClock === null || wallClock.requests < 2 || wallClock.isShared) return undefined
  return (wallClock.lastRequestAt - since) / (wallClock.requests - 1)
}
