import { type Clock, CorrelatedClock, SystemClock } from '../clocks/index.js'
import { Emitter, undisturbed } from '../events/index.js'
import type { Cii } from '../messages/index.js'
import { ForgivenCounter } from '../messages/lenient/index.js'
import { displayUrl } from '../validation/index.js'
import { type Address, findTimelines, findWallClock, type HostRule, isForgiven } from './companion-addresses.js'
import { confirmWallClock } from './companion-confirmation.js'
import type { CompanionEvents, CompanionForgiven, CompanionSource, Unavailable } from './companion-events.js'
import { CompanionMoves } from './companion-moves.js'
import { allowedHostsOf, type CompanionOptions, checkCompanionOptions } from './companion-options.js'
import { type CompanionPosition, positionOn } from './companion-position.js'
import { CompanionRoutes, type Route } from './companion-routes.js'
import { type CompanionRoute, type CompanionTarget, type RouteUrls, routesOf } from './companion-target.js'
import { type CompanionTimeline, pickTimeline } from './companion-timeline.js'
import { whyUnavailable } from './companion-unavailable.js'
import {
  CiiClient,
  type CiiClientOptions,
  DEFAULT_HOLD_SECONDS,
  openStandardSocket,
  type Platform,
  pairedSocketOpener,
  type ReconnectingClient,
  type ReconnectingClientEvents,
  type SocketOpener,
  type TimelineUnwrapper,
  TsClient,
  unwrapperFor,
} from './connections/index.js'
import { ContentWatch } from './content-watch.js'
import { AdaptiveWallClockTransport, MIN_PRECISION_SECONDS, WallClockClient } from './wall-clock/index.js'

/** The clocks that a position is read from. Kept after a disconnection, so that an app can continue with the last position. */
interface Followed {
  readonly ts: TsClient
  readonly wallClock: WallClockClient
  readonly timeline: CompanionTimeline
}

/** The servers and the timeline to follow, according to the current CII. */
interface Plan {
  readonly wallClock: Address
  readonly timelines: Address
  readonly timeline: CompanionTimeline | undefined
}

/**
 * A companion of a television, configured with the URL of its CSS-CII endpoint. It discovers the other servers from CII, follows
 * their changes and provides the position of the content.
 *
 * The wall clock client is kept while its URL is unchanged; the timeline client while its server, selector, tick rate and wall
 * clock are unchanged. While CII is disconnected, both continue with its last state.
 *
 * {@link CompanionMoves} limits the rate of connections that the television causes. Reconnections after a loss are subject to the
 * back-off of their client.
 */
export class Companion extends Emitter<CompanionEvents> {
  /**
   * The content position as a clock with nanosecond ticks. The object stays the same when the timeline or the server changes. It
   * is available while the position is. Read-only: the companion steers it.
   */
  readonly clock: CorrelatedClock
  readonly #options: CompanionOptions
  readonly #parentClock: Clock
  readonly #platform: Platform
  #started = false
  #wallClock: WallClockClient | undefined
  #ts: TsClient | undefined
  #timeline: CompanionTimeline | undefined
  #followed: Followed | undefined
  /** The reason that was last emitted; undefined while the position is available. */
  #unavailable: Unavailable | undefined = { reason: 'stopped', detail: 'the companion was not started' }
  #reportedProblems: readonly string[] = []
  /** Of the clients that are gone, and of the addresses in CII. */
  readonly #forgiven = { cii: new ForgivenCounter(), wc: new ForgivenCounter(), ts: new ForgivenCounter() }
  readonly #moves: CompanionMoves
  readonly #content = new ContentWatch()
  readonly #routes: CompanionRoutes
  readonly #ciiClients: readonly CiiClient[]
  #ciiAddress: string | undefined
  /** Of the current selector. Its count continues across clients and servers. */
  #unwrapper: { readonly selector: string; readonly unwrapper: TimelineUnwrapper | undefined } | undefined

  /**
   * @param television the URL of its CSS-CII endpoint (`ws://…` or `wss://…`); or its URLs, of which that of CSS-CII is tried first.
   * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError, ConflictingOptionError; DvbcssError `DVBCSS_ERR_NO_UDP`
   */
  constructor(television: string | CompanionTarget, options: CompanionOptions = {}) {
    super()
    checkCompanionOptions(options)
    this.#parentClock = options.parentClock ?? new SystemClock()
    this.#options = { ...options }
    this.clock = new CorrelatedClock(this.#parentClock, { available: false, name: 'companion' })
    this.#moves = new CompanionMoves({
      retry: () => this.#apply(),
      postponed: (source, detail) => this.emit('protocolError', { source, reason: 'moves-too-often', detail }),
    })
    this.#platform = options.platform ?? {}
    const routes = routesOf(television, options.cii?.openSocket).map((urls) => this.#routeOf(urls))
    this.#routes = new CompanionRoutes(routes as [Route], {
      chosen: ({ route, cii: { url } }, reason) => {
        this.emit('route', { route, url, reason })
        // The state of this client may be the one that it had before, in which case it reports no change.
        if (routes.length > 1) queueMicrotask(() => this.#apply())
      },
    })
    this.#ciiClients = routes.map(({ cii }) => cii)
    for (const route of routes) this.#passOn('cii', route.cii, route)
  }

  #routeOf(urls: RouteUrls): Route {
    const options = { ...this.#clientOptions, ...this.#options.cii }
    const cii = new CiiClient(urls.ciiUrl, urls.route === 'native' ? options : paired(options))
    cii.on('connected', () => {
      this.#ciiAddress = cii.remoteAddress ?? this.#ciiAddress
    })
    cii.on('change', (change) => {
      if (cii !== this.cii) return
      if (this.#content.isOther(change.state)) this.#ts?.newProgramme()
      this.emit('change', change)
      this.#apply()
    })
    return { ...urls, cii }
  }

  /**
   * The CII client. With one URL it stays the same; with several it is that of the television's latest CII. The companion starts and
   * stops it.
   */
  get cii(): CiiClient {
    return this.#routes.current.cii
  }

  /** How the television is followed, or tried to be followed. */
  get route(): CompanionRoute {
    return this.#routes.current.route
  }

  /** The current wall clock client; undefined if there is none. */
  get wallClock(): WallClockClient | undefined {
    return this.#wallClock
  }

  /** The current CSS-TS client; undefined if there is none. */
  get ts(): TsClient | undefined {
    return this.#ts
  }

  /** The timeline that the companion follows; undefined if there is none. */
  get timeline(): CompanionTimeline | undefined {
    return this.#timeline
  }

  /** Why the position is unavailable; undefined while it is available. */
  get unavailable(): Unavailable | undefined {
    return this.#unavailable
  }

  /** The deviations from the specification that were accepted since construction. With `strict`: none. */
  get forgiven(): CompanionForgiven {
    const { cii, wc, ts } = this.#forgiven
    return {
      cii: this.#ciiClients.reduce((sum, client) => sum.plus(client.statistics.forgiven), cii).counts,
      wc: wc.plus(this.#wallClock?.status().forgiven).counts,
      ts: ts.plus(this.#ts?.statistics.forgiven).counts,
    }
  }

  /** Starts to connect. Has no effect if already started. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.#routes.start()
    // The state from before a stop may still be current, in which case CII reports no change.
    this.#apply()
  }

  /** Closes all connections and cancels all timers. The companion can be started again. */
  stop(): void {
    if (!this.#started) return
    this.#started = false
    this.#round += 1
    this.#moves.settle()
    this.#routes.stop()
    this.#dropTs()
    this.#dropWallClock()
    this.#reportedProblems = []
    this.#check()
  }

  /** The current position; undefined until one has been known. It is valid only if its `available` is true. */
  position(): CompanionPosition | undefined {
    if (this.#followed === undefined) return undefined
    const { ts, wallClock } = this.#followed
    const position = positionOn(ts.clock, wallClock.clock)
    return { ...position, available: this.#unavailable === undefined && position.available }
  }

  /** The state in one human-readable line: the position and its error bound, or why it is unavailable. */
  statusSummary(): string {
    const position = this.position()
    if (this.#unavailable !== undefined) return `unavailable (${this.#unavailable.reason}): ${this.#unavailable.detail}`
    if (position === undefined) return 'not started'
    const { seconds, speed, errorSeconds } = position
    return `${seconds.toFixed(3)} s at speed ${speed}, ± ${errorSeconds.toFixed(6)} s`
  }

  /** Creates, replaces and stops clients according to CII. */
  #apply(): void {
    if (!this.#started) return
    // A listener of the events emitted here may stop or restart this companion, which makes this round obsolete.
    this.#round += 1
    const round = this.#round
    const { state } = this.cii
    const plan = this.#plan()
    const opens = this.#opensSomething(plan)
    if (!opens) this.#moves.settle()
    if (!opens || this.#moves.may('CII names other servers or timelines too often', 'cii')) this.#follow(plan, round)
    if (round !== this.#round) return
    if (Object.keys(state).length > 0) this.#reportProblems([plan.wallClock, plan.timelines])
    this.#check()
  }

  #plan(): Plan {
    const { state } = this.cii
    const { timelineSelector, tickRate } = this.#options
    return {
      wallClock: this.#findWallClock(state),
      timelines: this.#findTimelines(state),
      timeline: pickTimeline(state, { timelineSelector, tickRate }, this.#timeline),
    }
  }

  #opensSomething({ wallClock, timelines, timeline }: Plan): boolean {
    if (wallClock.url === undefined) return false
    if (wallClock.url !== this.#wallClockUrl) return true
    if (timelines.url === undefined || timeline === undefined) return false
    return this.#ts?.url !== timelines.url || !isSameTimeline(this.#timeline, timeline)
  }

  #follow({ wallClock, timelines, timeline }: Plan, round: number): void {
    if (round !== this.#round) return
    if (this.#wallClockUrl !== wallClock.url) {
      // Control timestamps are in the time of the wall clock, so the timeline cannot stay.
      this.#dropTs()
      if (round !== this.#round) return
      this.#dropWallClock()
      if (round !== this.#round) return
      if (wallClock.url !== undefined) this.#startWallClock(wallClock.url)
    }
    if (round !== this.#round) return
    this.#followTimeline(timeline, timelines.url, round)
  }

  get #clientOptions(): Pick<CiiClientOptions, 'openSocket' | 'strict'> {
    const { openSocket } = this.#platform
    const { strict = false } = this.#options
    return openSocket === undefined ? { strict } : { strict, openSocket }
  }

  get #hostRule(): HostRule {
    const origin = { url: this.cii.url, remoteAddress: this.#ciiAddress }
    const { strict = false } = this.#options
    return { strict, allowedHosts: allowedHostsOf(this.#options), origin }
  }

  #findWallClock(state: Cii): Address {
    const { wallClockUrl, preferWebSocketWallClock: preferWebSocket = false } = this.#options
    if (wallClockUrl !== undefined) return { url: wallClockUrl, problems: [] }
    const { current } = this.#routes
    if (current.wallClockUrl !== undefined) return { url: current.wallClockUrl, problems: [] }
    const hasUdp = this.#platform.createUdpTransport !== undefined
    return findWallClock(state, this.#hostRule, { hasUdp, preferWebSocket })
  }

  #findTimelines(state: Cii): Address {
    const { tsUrl } = this.#routes.current
    return tsUrl === undefined ? findTimelines(state, this.#hostRule) : { url: tsUrl, problems: [] }
  }

  #startWallClock(url: string): void {
    this.#options.wallClock?.algorithm?.reset()
    const isApp2App = url === this.#routes.current.wallClockUrl
    const { openSocket = openStandardSocket } = this.#platform
    const client = new WallClockClient({
      strict: this.#options.strict ?? false,
      ...this.#options.wallClock,
      parentClock: this.#parentClock,
      transport: isApp2App ? new AdaptiveWallClockTransport(url, { openSocket, isApp2App }) : url,
      platform: this.#platform,
    })
    this.#wallClock = client
    this.#wallClockUrl = url
    let isConnected = false
    client.on('connected', () => {
      isConnected = true
      this.emit('connected', { source: 'wc', url })
    })
    client.on('disconnected', ({ reason }) => {
      const failure = { kind: 'unknown', message: reason } as const
      if (isConnected) this.emit('disconnected', { source: 'wc', url, reason, retryInSeconds: undefined })
      else this.emit('connectFailed', { source: 'wc', url, failure, retryInSeconds: undefined })
      isConnected = false
    })
    client.on('protocolError', (error) => this.emit('protocolError', { source: 'wc', ...error }))
    client.on('adjusted', (event) => {
      this.emit('adjusted', event)
      // The last timestamp was in the time of a clock that is gone; a new connection gets one of the present clock.
      if (event.stepped && this.#wallClock === client) this.#askAgain()
    })
    client.on('available', () => this.#check())
    client.on('unavailable', () => this.#check())
    client.start()
  }

  /** Counts what has brought the clients in line, or has stopped them. */
  #round = 0
  /** As CII has it: the client has its own way to write it. */
  #wallClockUrl: string | undefined

  #followTimeline(timeline: CompanionTimeline | undefined, url: string | undefined, round: number): void {
    const before = this.#timeline
    const isSame = isSameTimeline(before, timeline)
    if (!isSame || this.#ts?.url !== url) this.#dropTs()
    if (round !== this.#round) return
    this.#timeline = timeline
    const wallClock = this.#wallClock
    if (this.#ts === undefined && timeline !== undefined && url !== undefined && wallClock !== undefined) {
      this.#startTs(url, timeline, wallClock)
    }
    if (!isSame) this.emit('timeline', { timeline })
  }

  #startTs(url: string, timeline: CompanionTimeline, wallClock: WallClockClient): void {
    const { selector: timelineSelector, tickRate } = timeline
    const { contentIdStem = '', ts: options } = this.#options
    if (this.#unwrapper?.selector !== timelineSelector) {
      this.#unwrapper = { selector: timelineSelector, unwrapper: unwrapperFor(timelineSelector) }
    }
    const { unwrapper } = this.#unwrapper
    const connection = { holdSeconds: DEFAULT_HOLD_SECONDS, ...this.#clientOptions, ...options }
    // An application reads the clock that it states in its timestamps no better than the one that it answers with.
    const timestampErrorSeconds = 1 / tickRate + MIN_PRECISION_SECONDS
    const isApp2App = url === this.#routes.current.tsUrl
    const ts = new TsClient(url, {
      ...(isApp2App ? { timestampErrorSeconds, ...paired(connection) } : connection),
      wallClock: wallClock.clock,
      contentIdStem,
      timelineSelector,
      tickRate,
      beforeResuming: (done) => {
        this.#cancelConfirmation?.()
        this.#cancelConfirmation = confirmWallClock(wallClock, done)
      },
      ...(unwrapper && { unwrapper }),
    })
    this.#ts = ts
    ts.on('timing', (event) => {
      this.emit('timing', event)
      this.#check()
    })
    this.#passOn('ts', ts)
    let wasLost = false
    ts.on('disconnected', () => {
      wasLost = !this.#isRenewing
    })
    ts.on('connected', () => {
      // A television that was away may be back with another wall clock, and its timestamps are in that one. While the
      // position is held, that is found out before there are timestamps.
      if (!wasLost || ts.hasPosition) return
      this.#wallClock?.recheck()
      this.#wallClock?.askNow()
    })
    for (const name of ['connected', 'unavailable', 'disconnected'] as const) ts.on(name, () => this.#check())
    ts.start()
  }

  #passOn<Events extends ReconnectingClientEvents>(
    source: CompanionSource,
    client: ReconnectingClient<Events>,
    route?: Route,
  ): void {
    const { url } = client
    const emitter = client as unknown as Emitter<ReconnectingClientEvents>
    emitter.on('connected', () => this.emit('connected', { source, url }))
    emitter.on('disconnected', ({ code, reason, retryInSeconds }) => {
      this.emit('disconnected', { source, url, reason: reason === '' ? `closed with ${code}` : reason, retryInSeconds })
    })
    emitter.on('connectFailed', ({ failure, retryInSeconds: clientRetry }) => {
      const retryInSeconds =
        route === undefined ? clientRetry : this.#routes.failed(route, failure.message, clientRetry)
      this.emit('connectFailed', { source, url, failure, retryInSeconds })
    })
    emitter.on('protocolError', (error) => this.emit('protocolError', { source, ...error }))
  }

  #askAgain(): void {
    const ts = this.#ts
    if (ts === undefined) return
    // Without a connection there will be a new one anyway.
    if (!ts.connected || this.#moves.may('the wall clock of the television steps too often', 'wc')) {
      this.#isRenewing = true
      ts.renew()
      this.#isRenewing = false
    } else {
      this.#dropTs()
    }
    this.#check()
  }

  #cancelConfirmation: (() => void) | undefined

  /** The connection to CSS-TS ends because of what is done here. */
  #isRenewing = false

  #dropTs(): void {
    this.#cancelConfirmation?.()
    this.#cancelConfirmation = undefined
    const ts = this.#ts
    this.#ts = undefined
    ts?.stop()
    this.#forgiven.ts.addCounts(ts?.statistics.forgiven)
  }

  #dropWallClock(): void {
    const wallClock = this.#wallClock
    this.#wallClock = undefined
    this.#wallClockUrl = undefined
    wallClock?.stop()
    this.#forgiven.wc.addCounts(wallClock?.status().forgiven)
  }

  /** Reports each problem once for as long as it persists. */
  #reportProblems(addresses: readonly Address[]): void {
    const reported = this.#reportedProblems
    const problems = addresses.flatMap((address) => address.problems)
    this.#reportedProblems = problems.map(({ detail }) => detail)
    for (const problem of problems) {
      const { reason, detail } = problem
      if (reported.includes(detail)) continue
      const forgiven = this.#options.strict !== true && isForgiven(problem)
      if (forgiven) this.#forgiven.cii.add(problem.reason)
      this.emit('protocolError', { source: 'cii', reason, detail, ...(forgiven && { forgiven }) })
    }
  }

  /** Tells whether there is a position now, and takes up the clock that it is read from. */
  #check(): void {
    const before = this.#unavailable
    const timeline = this.#timeline
    const now = this.#whyUnavailable()
    this.#unavailable = now
    if (now === undefined) this.#routes.usable()
    else this.#routes.unusable(now.reason, now.detail)
    if (now === undefined && timeline !== undefined) {
      this.#read(timeline)
      if (before !== undefined) this.emit('available', { timeline })
    } else if (now !== undefined && (before?.reason !== now.reason || before.detail !== now.detail)) {
      undisturbed(() => {
        this.clock.available = false
      })
      this.emit('unavailable', now)
    }
  }

  #read(timeline: CompanionTimeline): void {
    const [ts, wallClock] = [this.#ts, this.#wallClock]
    if (ts === undefined || wallClock === undefined) return
    if (this.#followed?.ts !== ts) {
      this.#followed = { ts, wallClock, timeline }
      undisturbed(() => {
        this.clock.parent = ts.clock
      })
    }
    undisturbed(() => {
      this.clock.available = true
    })
  }

  #whyUnavailable(): Unavailable | undefined {
    if (!this.#started) return { reason: 'stopped', detail: 'the companion was stopped' }
    const { url, state } = this.cii
    if (Object.keys(state).length === 0)
      return { reason: 'cii', detail: `no CII message has come from ${displayUrl(url)} yet` }
    return whyUnavailable({
      wallClock: this.#findWallClock(state),
      timelines: this.#findTimelines(state),
      timeline: this.#timeline,
      timelineSelector: this.#options.timelineSelector,
      ts: this.#ts,
      wallClockClient: this.#wallClock,
      waitingFor: this.#moves.waitingFor,
    })
  }
}

/** For a channel of App2App, whatever opens its sockets. */
function paired<Options extends { openSocket?: SocketOpener }>(options: Options): Options {
  return { ...options, openSocket: pairedSocketOpener(options.openSocket ?? openStandardSocket) }
}

function isSameTimeline(a: CompanionTimeline | undefined, b: CompanionTimeline | undefined): boolean {
  return a?.selector === b?.selector && a?.tickRate === b?.tickRate
}
