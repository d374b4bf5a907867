import type { CorrelatedClock } from '../clocks/index.js'
import { Emitter } from '../events/index.js'
import { ForgivenCounter } from '../messages/lenient/index.js'
import { displayUrl } from '../validation/index.js'
import { type Address, isForgiven } from './companion-addresses.js'
import { CompanionClients } from './companion-clients.js'
import { confirmWallClock } from './companion-confirmation.js'
import type { CompanionEvents, CompanionForgiven, Unavailable } from './companion-events.js'
import { type CompanionEmit, forwardClient, forwardWallClock } from './companion-forwarding.js'
import { CompanionMoves } from './companion-moves.js'
import { type CompanionOptions, checkCompanionOptions } from './companion-options.js'
import { CompanionPlanner, type Plan } from './companion-plan.js'
import { type CompanionPosition, PositionClock } from './companion-position.js'
import { CompanionPresentation, type PresentationReader, type PresentationReporter } from './companion-presentation.js'
import { CompanionRoutes, type Route } from './companion-routes.js'
import { type CompanionRoute, type CompanionTarget, type RouteUrls, routesOf } from './companion-target.js'
import type { CompanionTimeline } from './companion-timeline.js'
import { whyUnavailable } from './companion-unavailable.js'
import type { CiiClient, TsClient } from './connections/index.js'
import { ContentWatch } from './content-watch.js'
import type { WallClockClient } from './wall-clock/index.js'

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
  readonly #emit: CompanionEmit = (name, event) => this.emit(name, event)
  readonly #clients: CompanionClients
  readonly #positionClock: PositionClock
  #started = false
  /** Counts calls of `#apply()` and `stop()`: a call that is no longer the latest one is obsolete. */
  #round = 0
  #wallClock: WallClockClient | undefined
  /** As CII states it; the client may normalise it. */
  #wallClockUrl: string | undefined
  /** Whether this companion, and not the server, ends the connection to CSS-TS. */
  #isRenewing = false
  #cancelConfirmation: (() => void) | undefined
  #ts: TsClient | undefined
  #timeline: CompanionTimeline | undefined
  /** The reason that was last emitted; undefined while the position is available. */
  #unavailable: Unavailable | undefined = { reason: 'stopped', detail: 'the companion was not started' }
  #reportedProblems: readonly string[] = []
  /** Deviations accepted by clients that were dropped, and in the addresses of CII. */
  readonly #forgiven = { cii: new ForgivenCounter(), wc: new ForgivenCounter(), ts: new ForgivenCounter() }
  readonly #moves: CompanionMoves
  readonly #content = new ContentWatch()
  readonly #routes: CompanionRoutes
  readonly #presentation: CompanionPresentation
  readonly #planner: CompanionPlanner
  readonly #ciiClients: readonly CiiClient[]

  /**
   * @param television the URL of its CSS-CII endpoint (`ws://…` or `wss://…`), or an object with its URLs. CSS-CII is tried first.
   * @throws InvalidUrlError, InvalidOptionError, UnknownOptionError, ConflictingOptionError; DvbcssError `DVBCSS_ERR_NO_UDP`
   */
  constructor(television: string | CompanionTarget, options: CompanionOptions = {}) {
    super()
    checkCompanionOptions(options)
    this.#options = { ...options }
    this.#clients = new CompanionClients(this.#options)
    this.#positionClock = new PositionClock(this.#clients.parentClock)
    this.clock = this.#positionClock.clock
    this.#moves = new CompanionMoves({
      retry: () => this.#apply(),
      postponed: (source, detail) => this.emit('protocolError', { source, reason: 'moves-too-often', detail }),
    })
    const routes = routesOf(television, options.cii?.openSocket).map((urls) => this.#routeOf(urls))
    this.#routes = new CompanionRoutes(routes as [Route], {
      chosen: ({ route, cii: { url } }, reason) => {
        this.emit('route', { route, url, reason })
        // The state of this client may be the one that it had before, in which case it reports no change.
        if (routes.length > 1) queueMicrotask(() => this.#apply())
      },
    })
    this.#presentation = new CompanionPresentation(
      () => this.#ts,
      (detail) => this.emit('protocolError', { source: 'ts', reason: 'presentation-timestamps', detail }),
    )
    this.#planner = new CompanionPlanner(this.#options, this.#routes)
    this.#ciiClients = routes.map(({ cii }) => cii)
    for (const route of routes) {
      const retryOf = (message: string, seconds: number | undefined) => this.#routes.failed(route, message, seconds)
      forwardClient('cii', route.cii, this.#emit, retryOf)
    }
  }

  #routeOf(urls: RouteUrls): Route {
    const cii = this.#clients.createCii(urls)
    cii.on('connected', () => this.#planner.connected(cii.remoteAddress))
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

  /** How the companion is connected to the television, or tries to connect. */
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
    if (this.#options.presentationTimestamps !== false) this.#presentation.start()
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
    this.#presentation.stop()
    this.#dropTs()
    this.#dropWallClock()
    this.#reportedProblems = []
    this.#check()
  }

  /**
   * Says what is presented of the content, which the companion reports to the television every second and at changes. Until then it
   * reports the position of {@link clock}. A {@link MediaFollower} that follows the companion calls this by itself. The last of several
   * presentations is reported.
   * @param reader the seconds by which what is presented is ahead of {@link clock}; undefined while nothing is
   */
  present(reader: PresentationReader): PresentationReporter {
    return this.#presentation.present(reader)
  }

  /** The current position; undefined until one has been known. It is valid only if its `available` is true. */
  position(): CompanionPosition | undefined {
    const position = this.#positionClock.position()
    if (position === undefined) return undefined
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
    const plan = this.#planner.plan(this.#timeline)
    const opens = this.#opensSomething(plan)
    if (!opens) this.#moves.settle()
    if (!opens || this.#moves.may('CII names other servers or timelines too often', 'cii')) this.#follow(plan, round)
    if (round !== this.#round) return
    if (Object.keys(state).length > 0) this.#reportProblems([plan.wallClock, plan.timelines])
    this.#check()
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

  #startWallClock(url: string): void {
    const client = this.#clients.createWallClock(url, url === this.#routes.current.wallClockUrl)
    this.#wallClock = client
    this.#wallClockUrl = url
    forwardWallClock(client, url, this.#emit)
    client.on('adjusted', ({ stepped }) => {
      // The last timestamp refers to a wall clock that no longer exists. A new connection gets one that refers to the current clock.
      if (stepped && this.#wallClock === client) this.#renewTs()
    })
    client.on('available', () => this.#check())
    client.on('unavailable', () => this.#check())
    client.start()
  }

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
    const ts = this.#clients.createTs(url, timeline, url === this.#routes.current.tsUrl, {
      wallClock: wallClock.clock,
      beforeResuming: (done) => {
        this.#cancelConfirmation?.()
        this.#cancelConfirmation = confirmWallClock(wallClock, done)
      },
    })
    this.#ts = ts
    ts.on('timing', (event) => {
      if (event.applied) this.#presentation.changed()
      this.emit('timing', event)
      this.#check()
    })
    forwardClient('ts', ts, this.#emit)
    let wasLost = false
    ts.on('disconnected', () => {
      if (!this.#isRenewing) this.#presentation.disconnected()
      wasLost = !this.#isRenewing
    })
    ts.on('connected', () => {
      // A television that restarted may have another wall clock, to which its timestamps refer. While the position is held,
      // `beforeResuming` checks this before timestamps are used.
      if (!wasLost || ts.hasPosition) return
      this.#wallClock?.recheck()
      this.#wallClock?.askNow()
    })
    for (const name of ['connected', 'unavailable', 'disconnected'] as const) ts.on(name, () => this.#check())
    ts.start()
  }

  #renewTs(): void {
    const ts = this.#ts
    if (ts === undefined) return
    // Without a connection the client is about to open a new one anyway.
    if (!ts.connected || this.#moves.may('the wall clock of the television steps too often', 'wc')) {
      this.#isRenewing = true
      ts.renew()
      this.#isRenewing = false
    } else {
      this.#dropTs()
    }
    this.#check()
  }

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

  /** Updates the availability of the position and the clocks that it is read from, and emits changes. */
  #check(): void {
    const before = this.#unavailable
    const [timeline, ts, wallClock] = [this.#timeline, this.#ts, this.#wallClock]
    const now = this.#whyUnavailable()
    this.#unavailable = now
    if (now === undefined) this.#routes.usable()
    else this.#routes.unusable(now.reason, now.detail)
    if (now === undefined && timeline !== undefined) {
      if (ts !== undefined && wallClock !== undefined) this.#positionClock.follow(ts.clock, wallClock.clock)
      if (before !== undefined) this.emit('available', { timeline })
    } else if (now !== undefined && (before?.reason !== now.reason || before.detail !== now.detail)) {
      this.#positionClock.setUnavailable()
      this.emit('unavailable', now)
    }
  }

  #whyUnavailable(): Unavailable | undefined {
    if (!this.#started) return { reason: 'stopped', detail: 'the companion was stopped' }
    const { url, state } = this.cii
    if (Object.keys(state).length === 0)
      return { reason: 'cii', detail: `no CII message received from ${displayUrl(url)} yet` }
    return whyUnavailable({
      wallClock: this.#planner.wallClock(),
      timelines: this.#planner.timelines(),
      timeline: this.#timeline,
      timelineSelector: this.#options.timelineSelector,
      ts: this.#ts,
      wallClockClient: this.#wallClock,
      waitingFor: this.#moves.waitingFor,
    })
  }
}

function isSameTimeline(a: CompanionTimeline | undefined, b: CompanionTimeline | undefined): boolean {
  return a?.selector === b?.selector && a?.tickRate === b?.tickRate
}
